"""Signals that come when native code has called Python."""

import ctypes
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.guests import BENCHMARKS

from dbt import interruption


def test_none_is_lost_where_a_function_begins() -> None:
    caught: list[str] = []

    def called() -> None:
        interruption.interrupt(signal.SIGTERM, sys._getframe())
        try:
            interruption.raise_late()
        except KeyboardInterrupt as error:
            caught.append(interruption.name_of(error))

    interruption.is_called(called)
    with interruption.caught():
        ctypes.CFUNCTYPE(None)(called)()
    assert caught == ["SIGTERM"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_recorded_run_ends(number: signal.Signals, tmp_path: Path) -> None:
    """Of which compiled code calls Python all the time."""
    words = ("calls", "--format", "collapsed:out", BENCHMARKS / "fib.elf", "45")
    process = subprocess.Popen(
        [sys.executable, "-m", "armdbt", *map(str, words)],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
    )
    time.sleep(3.5)
    process.send_signal(number)
    try:
        said = process.communicate(timeout=20)[1]
    finally:
        process.kill()
    assert said == b""
    assert process.returncode == 128 + number

"""Every command that has results writes them at SIGINT and SIGTERM, also when SIGTERM comes twice,
as ``timeout`` sends it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from support.guests import DEMO, ROOT
from support.oracle import need_root

from dbt.spy.record import load

FOREVER = (str(DEMO), "2000000000")
"""Prints a line, then computes for minutes."""
SIGNALS = [(signal.SIGINT,), (signal.SIGTERM,), (signal.SIGTERM, signal.SIGTERM)]
IDS = ["SIGINT", "SIGTERM", "SIGTERM twice"]


def start(directory: Path, *words: str, **how: Any) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen([sys.executable, "-m", "dbt", *words], cwd=directory, env=environment,
                            **how)  # fmt: skip


def interrupted(directory: Path, *words: str, signals: tuple[signal.Signals, ...]) -> bytes:
    """Run a command until its guest has printed a line, and send it the signals. Returns what it
    has written to standard error."""
    running = start(directory, *words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert running.stdout is not None
    assert running.stdout.readline() == b"armdbt demo, process alive\n"
    for number in signals:
        running.send_signal(number)
    _, told = running.communicate(timeout=120)
    assert running.returncode == 128 + signals[0]
    return told


@pytest.mark.parametrize("signals", SIGNALS, ids=IDS)
def test_figures(signals: tuple[signal.Signals, ...], tmp_path: Path) -> None:
    words = ("run", "--stats", "--stats-json", "figures", *FOREVER)
    told = interrupted(tmp_path, *words, signals=signals)
    figures = json.loads((tmp_path / "figures").read_text())
    assert figures["stop"] == {"kind": "Interrupted"}
    assert figures["syscalls"]["write"] >= 1
    assert told.startswith(b"-- statistics\n")
    assert [path.name for path in tmp_path.iterdir()] == ["figures"]


@pytest.mark.parametrize("signals", SIGNALS, ids=IDS)
def test_calls(signals: tuple[signal.Signals, ...], tmp_path: Path) -> None:
    words = ("calls", "--only", "say", "--format", "chrome:trace", *FOREVER)
    interrupted(tmp_path, *words, signals=signals)
    events = json.loads((tmp_path / "trace").read_text())["traceEvents"]
    assert "say" in {event["name"] for event in events}
    assert [path.name for path in tmp_path.iterdir()] == ["trace"]


@pytest.mark.parametrize("signals", SIGNALS, ids=IDS)
def test_a_record_of_files_and_console(signals: tuple[signal.Signals, ...], tmp_path: Path) -> None:
    interrupted(tmp_path, "spy", "-o", "record", *FOREVER, signals=signals)
    events = load(str(tmp_path / "record"))
    assert events[-1].kind == "end"
    assert events[-1]["reason"] == "Interrupted"
    assert [path.name for path in tmp_path.iterdir()] == ["record"]


def _rounds_begun(pid: int, seen: set[str]) -> int:
    """How many interpreters a laboratory has started for its rounds."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    for child in children:
        try:
            if b"_serve(" in Path(f"/proc/{child}/cmdline").read_bytes():
                seen.add(child)
        except OSError:  # it has gone
            continue
    return len(seen)


@pytest.mark.parametrize("signals", SIGNALS[:2], ids=IDS[:2])
def test_a_laboratory_keeps_whole_rounds(
    signals: tuple[signal.Signals, ...], tmp_path: Path
) -> None:
    words = (
        "bench",
        "chaining",
        "--short",
        "--tiers",
        "0",
        "--repeats",
        "1000",
        "--json",
        "result",
    )
    running = start(tmp_path, *words, str(DEMO), "20", stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE)  # fmt: skip
    seen: set[str] = set()
    deadline = time.monotonic() + 120
    while _rounds_begun(running.pid, seen) < 3:
        assert running.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    running.send_signal(signals[0])
    out, told = running.communicate(timeout=120)
    assert running.returncode == 128 + signals[0]
    result = json.loads((tmp_path / "result").read_text())
    repeats = result["repeats"]
    assert 2 <= repeats < 1000
    assert result["interrupted"] == signals[0].name
    assert {len(row["seconds"]) for row in result["rows"]} == {repeats}
    assert told.decode() == f"armdbt: interrupted; {repeats} of 1000 rounds are kept\n"
    assert out.startswith(b" ")  # the tables


def test_a_plain_run_ends_at_once(tmp_path: Path) -> None:
    """It has nothing to write; its parent sees the signal."""
    running = start(tmp_path, "run", *FOREVER, stdout=subprocess.PIPE)
    assert running.stdout is not None
    running.stdout.readline()
    running.send_signal(signal.SIGTERM)
    assert running.wait(60) == -signal.SIGTERM
    running.stdout.close()


def test_a_guest_that_handles_the_signal_gets_it(tmp_path: Path) -> None:
    """``trap`` of a shell: what it does is in the results."""
    root = need_root()
    script = "trap 'echo caught; exit 7' TERM; echo ready; while :; do :; done"
    words = ("run", "-L", str(root), "--stats-json", "figures", str(root / "bin/bash"), "-c")
    running = start(tmp_path, *words, script, stdout=subprocess.PIPE)
    assert running.stdout is not None
    assert running.stdout.readline() == b"ready\n"
    running.send_signal(signal.SIGTERM)
    assert running.communicate(timeout=120)[0] == b"caught\n"
    assert running.returncode == 7
    assert json.loads((tmp_path / "figures").read_text())["stop"]["status"] == 7


def test_children_of_a_guest_die_of_it(tmp_path: Path) -> None:
    """A child must not write its parent's results."""
    root = need_root()
    script = "sleep 100 & kill $!; wait $!; echo $?"
    words = ("run", "-L", str(root), "-E", "PATH=/bin", "--stats-json", "figures")
    running = start(tmp_path, *words, str(root / "bin/bash"), "-c", script, stdout=subprocess.PIPE)
    assert running.communicate(timeout=120)[0] == b"143\n"
    assert json.loads((tmp_path / "figures").read_text())["stop"]["kind"] == "Exited"

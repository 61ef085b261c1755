"""Standard streams that are closed, full or broken: one line, and a status that says so."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.attack.streams import Case, run_case
from support.guests import BENCHMARKS, GUESTS

from dbt.commands.statistics import print_stats
from dbt.log import Log
from dbt.process import Process
from dbt.streams import say

HELLO = str(GUESTS / "hello.elf")
FIB = str(BENCHMARKS / "fib.elf")
NO_ROOM = b"No space left on device"


@pytest.mark.parametrize(
    ("words", "states", "status", "shown"),
    [
        (("run", HELLO), "closed closed null", 0, b""),
        (("run", HELLO), "closed closed closed", 0, b""),
        (("run", "-strace", HELLO), "null null closed", 0, b""),
        (("run", "-strace", HELLO), "null null full", 2, b""),
        (("run", "-strace", HELLO), "null null broken", 141, b""),
        (("run", "--max-insns", "20", HELLO), "null null full", 125, b""),
        (("run", "-strace", "-D", "/dev/full", HELLO), "null null null", 2, b"/dev/full: "),
        (("run", "--stats-json", "/dev/full", HELLO), "null null null", 2, b"/dev/full: "),
        (("explain", HELLO, "_start"), "null full null", 2, b"standard output: " + NO_ROOM),
        (("explain", HELLO, "_start"), "null broken null", 141, b""),
        (("passes",), "null closed null", 2, b"standard output: Bad file descriptor"),
        (("calls", FIB, "5"), "null null broken", 141, b""),
        (("calls", "--format", "jsonl:/dev/full", FIB), "null null null", 2, b"/dev/full: "),
        (("spy", "--report", "-", HELLO), "null full null", 2, b"standard output: " + NO_ROOM),
        (("run", "--help"), "null full null", 2, b"standard output: " + NO_ROOM),
        (("run", "no-such"), "null null full", 2, b""),
    ],
)
def test_a_stream(words: tuple[str, ...], states: str, status: int, shown: bytes) -> None:
    first, second, third = states.split()
    found, text = run_case(Case(words, (first, second, third)))
    assert found == status
    assert shown in text
    assert text.count(b"\n") == bool(shown)


def test_a_deleted_directory() -> None:
    found, text = run_case(Case(("run", HELLO), ("null", "null", "null"), homeless=True))
    assert (found, text.count(b"\n")) == (2, 1)
    assert b"the working directory was deleted" in text


def test_the_guest_does_not_inherit_what_took_the_place_of_a_closed_stream(tmp_path: Path) -> None:
    """The dump file would be descriptor 1, the guest's output would land in it."""
    dump = tmp_path / "dump"
    words = [sys.executable, "-m", "dbt", "run", "-d", "exec", "-D", str(dump), HELLO]
    subprocess.run(["sh", "-c", 'exec "$@" >&-', "sh", *words], check=True, cwd=GUESTS.parents[1])
    assert b"hello, world" not in dump.read_bytes()
    assert dump.read_bytes().startswith(b"-- exec")


@pytest.mark.parametrize("limit", [8, 20, 64, 70, 127, 128])
def test_too_few_descriptors_are_one_line(limit: int) -> None:
    words = [sys.executable, "-m", "dbt", "run", HELLO]
    done = subprocess.run(["sh", "-c", f'ulimit -n {limit}; exec "$@"', "sh", *words],
                          capture_output=True, check=False, cwd=GUESTS.parents[1])  # fmt: skip
    if limit == 128:
        assert (done.returncode, done.stdout, done.stderr) == (0, b"hello, world\n", b"")
    else:
        line = b"armdbt: too few descriptors: ulimit -n must be 128 or more, and is %d\n"
        assert (done.returncode, done.stdout, done.stderr) == (2, b"", line % limit)


def test_a_fault_of_ours_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import dbt.demo\ndef fail(path): raise ValueError('not\\nforeseen')\n"
        "dbt.demo.run_demo = fail\n"
    )
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}:{GUESTS.parents[1]}"}
    for more in ({}, {"ARMDBT_TRACEBACK": "1"}):
        done = subprocess.run([sys.executable, "-m", "dbt", "demo"], env={**environment, **more},
                              capture_output=True, check=False)  # fmt: skip
        assert done.returncode == 125
        assert b"armdbt: internal error: ValueError('not\\nforeseen')" in done.stderr
        assert (b"Traceback" in done.stderr) == bool(more)
        assert more or done.stderr.count(b"\n") == 1


class Writes(io.RawIOBase):
    """Every write that reaches the host."""

    def __init__(self) -> None:
        self.seen: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.seen.append(bytes(data))
        return len(data)


TOLD = "armdbt: killed by SIGSEGV\n  registers"


@pytest.mark.parametrize(
    ("tell", "text"),
    [
        (lambda out: say(TOLD), TOLD),
        (lambda out: Log(["exec"], out).write("exec", TOLD), f"-- exec\n{TOLD}"),
    ],
    ids=["say", "log"],
)
def test_what_has_several_lines_is_one_write(
    tell: Callable[[Any], None], text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the messages of several processes mix."""
    host = Writes()
    out = io.TextIOWrapper(io.BufferedWriter(host), line_buffering=True)
    monkeypatch.setattr(sys, "stderr", out)
    tell(out)
    assert host.seen == [f"{text}\n".encode()]


def test_the_statistics_are_one_write() -> None:
    host = Writes()
    out = io.TextIOWrapper(io.BufferedWriter(host), line_buffering=True)
    with Process(HELLO, backend="reference") as process:
        print_stats(process, out)
    (told,) = host.seen
    assert told.startswith(b"-- statistics\ninstructions ")


def test_the_figures_are_in_their_file_though_nobody_reads_what_is_printed(tmp_path: Path) -> None:
    file = tmp_path / "figures"
    words = ("run", "--stats", "--stats-json", str(file), HELLO)
    assert run_case(Case(words, ("null", "null", "broken"))) == (141, b"")
    assert json.loads(file.read_text())["stop"] == {"kind": "Exited", "status": 0}

"""Limits of a run: instructions to the very one, and time, also in a call that blocks."""

import os
import re
import struct
from pathlib import Path

import pytest
from support.forkserver import Outcome
from support.guests import BENCHMARKS, guest
from support.runs import command, measure

from dbt.cli import main
from dbt.interfaces import BackendOptions
from dbt.process import Process
from dbt.stops import Exited, InsnLimit, TimeLimit

MODES = {
    "reference": ("--backend", "reference"),
    "copied": ("--tier", "0"),
    "compiled": ("--tier", "2"),
    "mixed": ("--tier", "auto", "--hot", "2", "--background", "off"),
    "unchained": ("--tier", "2", "--chain", "off"),
}

READ_A_BYTE = (
    0xE3A00000,  # mov  r0, #0
    0xE24D1010,  # sub  r1, sp, #16
    0xE3A02001,  # mov  r2, #1
    0xE3A07003,  # mov  r7, #3        read
    0xEF000000,  # swi  0
    0xE3A07001,  # mov  r7, #1        exit with what read returned
    0xEF000000,  # swi  0
)

STOPPED_CHILD = (
    0xE3A070BE,  # mov  r7, #190      vfork
    0xEF000000,  # swi  0
    0xE3500000,  # cmp  r0, #0
    0x1A000005,  # bne  the exit
    0xE3A07014,  # mov  r7, #20       getpid
    0xEF000000,  # swi  0
    0xE3A01013,  # mov  r1, #19       SIGSTOP
    0xE3A07025,  # mov  r7, #37       kill
    0xEF000000,  # swi  0
    0xE3A00000,  # mov  r0, #0
    0xE3A07001,  # mov  r7, #1        exit
    0xEF000000,  # swi  0
)

REWRITES_ITSELF = (
    0xE58F0000,  # str  r0, [pc]      the word behind the branch
    0xEAFFFFFD,  # b    back
    0x00000000,
)


def program(path: Path, words: tuple[int, ...], *, flags: int = 5) -> Path:
    """The smallest static program with this code. ``flags`` as its segment has them."""
    code = struct.pack(f"<{len(words)}I", *words)
    start = 0x10000 + 52 + 32
    header = struct.pack(
        "<16sHHIIIIIHHHHHH",
        b"\x7fELF\x01\x01\x01", 2, 40, 1, start, 52, 0, 0x05000000, 52, 32, 1, 0, 0, 0,
    )  # fmt: skip
    size = 52 + 32 + len(code)
    segment = struct.pack("<8I", 1, 0, 0x10000, 0x10000, size, size, flags, 0x1000)
    path.write_bytes(header + segment + code)
    return path


@pytest.mark.parametrize("mode", MODES)
def test_a_spinning_guest_is_stopped_in_time(mode: str, tmp_path: Path) -> None:
    outcome = command("run", *MODES[mode], "--timeout", "0.3", str(guest("spin")), cwd=tmp_path)
    assert outcome.status == 124
    assert re.match(
        rb"armdbt: time is over at 0x000\w{5} \(forever.* in spin.elf\)\n", outcome.stderr
    )
    assert 0.2 < outcome.seconds < 15


@pytest.mark.parametrize("mode", MODES)
def test_a_guest_that_is_always_translated_is_stopped_in_time(mode: str, tmp_path: Path) -> None:
    path = program(tmp_path / "rewriting", REWRITES_ITSELF, flags=7)
    outcome = command("run", *MODES[mode], "--timeout", "0.3", str(path), cwd=tmp_path, timeout=20)
    assert outcome.status == 124
    assert outcome.stderr.startswith(b"armdbt: time is over at")


def test_a_stopped_vfork_child_ends_with_its_parents_time(tmp_path: Path) -> None:
    path = program(tmp_path / "stopped", STOPPED_CHILD)
    outcome = command("run", "--timeout", "0.7", str(path), cwd=tmp_path)
    assert outcome.status == 124
    assert outcome.stderr.startswith(b"armdbt: time is over at")


@pytest.mark.parametrize("seconds", ["0.001", "0.2"])
@pytest.mark.parametrize(
    "how",
    ["read", "poll", "ppoll", "select", "pselect", "epoll", "pause", "sigsuspend", "nanosleep"],
)
def test_a_guest_that_waits_for_ever_is_stopped_in_time(
    how: str, seconds: str, tmp_path: Path
) -> None:
    """Also where time was over before it began to wait."""
    words = ("run", "--timeout", seconds, str(guest("waiting")), how)
    outcome = command(*words, cwd=tmp_path, timeout=20)
    assert outcome.status == 124
    assert b"armdbt: time is over at " in outcome.stderr
    assert outcome.stdout == b""


@pytest.mark.parametrize("how", ["poll", "epoll"])
def test_a_wait_goes_on_where_the_last_run_left_it(how: str) -> None:
    with Process(str(guest("waiting")), [how, "700"], env={}) as process:
        stops = [process.run(timeout=0.2)]
        while isinstance(stops[-1], TimeLimit) and len(stops) < 20:
            stops.append(process.run(timeout=0.2))
    assert len(stops) > 1
    assert stops[-1] == Exited(1)


def reading(tmp_path: Path, *options: str, give: bytes = b"") -> Outcome:
    """Run a program that reads a byte from a pipe that stays open."""
    fifo = tmp_path / "pipe"
    os.mkfifo(fifo)
    end = os.open(fifo, os.O_RDWR)
    try:
        os.write(end, give)
        reader = program(tmp_path / "reader.elf", READ_A_BYTE)
        return command("run", *options, str(reader), cwd=tmp_path, stdin=fifo, timeout=20)
    finally:
        os.close(end)


@pytest.mark.parametrize("mode", ["reference", "copied", "compiled"])
def test_a_blocking_read_is_interrupted_in_time(mode: str, tmp_path: Path) -> None:
    outcome = reading(tmp_path, *MODES[mode], "--timeout", "0.3")
    assert outcome.status == 124
    assert b"time is over" in outcome.stderr
    assert 0.2 < outcome.seconds < 15


def test_a_read_that_does_not_block_is_not_disturbed(tmp_path: Path) -> None:
    outcome = reading(tmp_path, "--timeout", "20", give=b"x")
    assert (outcome.status, outcome.stderr) == (1, b"")


@pytest.mark.parametrize("mode", MODES)
def test_a_limit_beyond_the_end_changes_nothing(mode: str) -> None:
    free = measure(MODES[mode], BENCHMARKS / "fib.elf", "8")
    length = free.instructions
    for limit in (length, length + 1):
        run = measure((*MODES[mode], "--max-insns", str(limit)), BENCHMARKS / "fib.elf", "8")
        assert (run.outcome, run.instructions) == (free.outcome, length)
    short = measure((*MODES[mode], "--max-insns", str(length - 1)), BENCHMARKS / "fib.elf", "8")
    assert (short.outcome.status, short.instructions) == (125, length - 1)


@pytest.mark.parametrize("tier", ["0", "2", "auto"])
def test_a_run_goes_on_after_its_time(tier: str) -> None:
    process = Process(
        str(BENCHMARKS / "fib.elf"),
        ["18"],
        env={},
        options=BackendOptions(tier=tier, hot=10, background=False),
    )
    stop = process.run(timeout=0.0)
    assert isinstance(stop, TimeLimit)
    assert isinstance(process.run(max_insns=100), InsnLimit)
    assert isinstance(process.run(), Exited)
    total = process.stats()["instructions"]
    process.close()
    assert total == measure(("--tier", "0"), BENCHMARKS / "fib.elf", "18").instructions


@pytest.mark.parametrize("mode", MODES)
def test_self_modifying_code(mode: str) -> None:
    run = measure(MODES[mode], guest("selfmod"), "ahead")
    total = 0
    for number in range(200):
        total = (total * 3 + number) & 0xFFFFFFFF
    assert run.outcome.stdout.decode() == (
        f"fresh {total:x}\nprotected 15 17\ntext 1 42\nbeside 100\nahead 2\n"
    )
    assert run.outcome.status == 0
    assert run.stats["invalidations"] >= 200


@pytest.mark.parametrize(
    ("words", "shown", "written"),
    [
        (
            ("run", "--stats", "--stats-json", "out"),
            "-- statistics\ninstr",
            '"kind": "Interrupted"',
        ),
        (("calls", "--only", "fib", "--format", "jsonl:out"), "", '"symbol": "fib"'),
        (("spy", "-o", "out", "--report", "-"), ": Interrupted\n", '"reason":"Interrupted"'),
    ],
    ids=["run", "calls", "spy"],
)
def test_an_interrupted_run_gives_what_there_is(
    words: tuple[str, ...],
    shown: str,
    written: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = Process.run

    def interrupted(process: Process, *_: object) -> None:
        run(process, 2000)
        raise KeyboardInterrupt

    monkeypatch.setattr(Process, "run", interrupted)
    monkeypatch.chdir(tmp_path)
    assert main([*words, str(BENCHMARKS / "fib.elf"), "20"]) == 130
    told = capsys.readouterr()
    assert shown in told.out + told.err
    assert written in Path("out").read_text()
    assert os.listdir() == ["out"]

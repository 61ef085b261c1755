"""What events add up to is what their records add up to, format by format."""

import io
import random
import re
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support.guests import BENCHMARKS, GUESTS
from support.idioms import idiom, names
from support.runs import command

import dbt
from dbt.cli import main
from dbt.hooks.follow import sums
from dbt.hooks.follow.reader import Reader
from dbt.hooks.follow.store import Part
from dbt.hooks.follow.summing import Summing
from dbt.hooks.outputs import NAMES, Program
from dbt.hooks.records import Kind, Record
from dbt.process import Process
from dbt.stops import InsnLimit, UsageError

FORMATS = [name for name, format in NAMES.items() if format.sums]
FIB = str(BENCHMARKS / "fib.elf")
UNCOMPILED = SimpleNamespace(decision=lambda *_: 0)
PROGRAMS = {
    **{name: idiom(name).program for name in names()},
    **{name: GUESTS / f"{name}.elf" for name in ("signals", "faults", "setjmp")},
}


def recorded(
    path: Path | str, *args: str, cut: int | None = None
) -> tuple[Any, list[Part | Record], Any, int]:
    """The parts of a recording that is read every ``cut`` instructions; what adds them up, what
    makes records of them, and the length of the run."""
    parts: list[Part | Record] = []
    with Process(str(path), args, env={}, stdout=dbt.CAPTURE) as process:
        recording = process.hooks.record(None)
        while isinstance(process.run(max_insns=cut, timeout=60), InsnLimit):
            parts += recording.take_parts()[0]
        parts += recording.take_parts()[0]
        return process.engine.executor, parts, recording, process.engine.executed


def from_records(
    format: str, parts: Sequence[Part | Record], recording: Any, end: int, depth: int = 1 << 32
) -> str:
    out = io.StringIO()
    output = NAMES[format].make(out, Program())
    reader = Reader(recording.ways, recording.names)
    for part in parts:
        for record in [part] if isinstance(part, Record) else reader.read(part):
            if record.depth < depth or record.kind in (Kind.SYSCALL, Kind.SYSCALL_RETURN):
                output.feed(record)
    output.finish(end)
    return out.getvalue()


def from_sums(format: str, summing: Summing) -> str:
    out = io.StringIO()
    output: Any = NAMES[format].make(out, Program())
    for pc, symbol in summing.functions[1:]:
        output.seen(pc, symbol)
    output.take(summing)
    return out.getvalue()


def summed(
    executor: Any, parts: Sequence[Part | Record], recording: Any, **options: Any
) -> Summing:
    summing = Summing(executor, 0, **options)
    for part in parts:
        summing.read([part], recording.ways, recording.names)
    return summing


@pytest.mark.shares(3)
@pytest.mark.parametrize("name", PROGRAMS)
def test_sums_are_those_of_records(name: str) -> None:
    cut = random.Random(name).choice([None, 997])
    executor, parts, recording, end = recorded(PROGRAMS[name], cut=cut)
    depth = random.Random(name).choice([1 << 32, 2])
    for adds_up in (executor, UNCOMPILED):
        summing = summed(adds_up, parts, recording, most_depth=depth)
        summing.finish(end)
        for format in FORMATS:
            expected = from_records(format, parts, recording, end, depth)
            assert from_sums(format, summing) == expected


def test_paths_without_room_count_for_their_callers() -> None:
    executor, parts, recording, end = recorded(FIB, "9")
    all_ = summed(executor, parts, recording)
    few = summed(executor, parts, recording, most_paths=3)
    for summing in (all_, few):
        summing.finish(end)
    assert not all_.merged
    assert len(list(few.paths())) == 4 < len(list(all_.paths()))
    assert few.merged + sum(path.calls for path in few.paths()) == sum(
        path.calls for path in all_.paths()
    )
    assert sum(path.self_cost for path in few.paths()) == sum(
        path.self_cost for path in all_.paths()
    )
    assert from_sums("profile", few) == from_sums("profile", all_)


@pytest.mark.parametrize(("format", "told"), [("profile", False), ("collapsed", True)])
def test_only_who_reads_call_paths_is_told_that_some_had_no_room(
    format: str, told: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr(Summing, "merged", 5)
    assert main(["calls", f"--format={format}:{tmp_path / 'file'}", FIB, "5"]) == 0
    assert ("5 calls had no room" in capfd.readouterr().err) is told


def test_too_many_arcs_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    _, parts, recording, _ = recorded(FIB, "9")
    monkeypatch.setattr(sums, "MOST_ARCS", 4)
    with pytest.raises(UsageError, match="more than 4 pairs of caller and callee"):
        summed(UNCOMPILED, parts, recording)


def test_an_execve_ends_what_is_under_way(tmp_path: Path) -> None:
    """Functions of both programs are there, and their own costs are the whole run."""
    program = str(idiom("execve").program)
    command("calls", "--format=collapsed:costs", "--format=profile:profile", program, cwd=tmp_path)
    costs = [line.rpartition(" ") for line in (tmp_path / "costs").read_text().splitlines()]
    stats = command("run", "--stats", program, cwd=tmp_path).stderr.decode()
    (count,) = re.findall(r"^instructions +(\d+)$", stats, re.MULTILINE)
    assert sum(int(cost) for _, _, cost in costs) == int(count)
    names = {name for path, _, _ in costs for name in path.split(";")}
    rows = (tmp_path / "profile").read_text()
    assert all(name in rows for name in names)


@pytest.mark.parametrize(
    ("command", "made"), [("calls", False), ("report", False), ("jsonl", True)]
)
def test_no_record_is_made_where_sums_are_enough(
    command: str, made: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    read: list[Part] = []

    def nothing(_: Reader, events: Part) -> list[Record]:
        read.append(events)
        return []

    monkeypatch.setattr(Reader, "read", nothing)
    formats = [f"--format={name}:{tmp_path / name}" for name in FORMATS]
    words = {
        "calls": ["calls", *formats],
        "report": ["report", "-o", str(tmp_path / "page")],
        "jsonl": ["calls", *formats, f"--format=jsonl:{tmp_path / 'records'}"],
    }
    assert main([*words[command], FIB, "5"]) == 0
    assert bool(read) is made


def test_several_formats_are_added_up_at_once(tmp_path: Path) -> None:
    """As from records, which ``jsonl`` needs."""
    options = [f"--format={name}:{name}" for name in FORMATS]
    command("calls", *options, FIB, "9", cwd=tmp_path)
    found = {name: (tmp_path / name).read_text() for name in FORMATS}
    command("calls", *options, "--format=jsonl:records", FIB, "9", cwd=tmp_path)
    assert found == {name: (tmp_path / name).read_text() for name in FORMATS}

"""What Linux perf is told of translated code: maps, and jitdumps."""

import ctypes
import itertools
import os
import random
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.guests import BENCHMARKS, guest, symbols
from support.perf_files import read_jitdump, read_map
from support.runs import command

from dbt.interfaces import BackendOptions, HostCode
from dbt.ir.block import BlockKey
from dbt.perf import map_file
from dbt.process import Process
from dbt.stops import Exited, UsageError

FIB = BENCHMARKS / "fib.elf"
TIERS = [
    pytest.param(BackendOptions(tier="0"), {"copy", "loop"}, id="0"),
    pytest.param(BackendOptions(tier="1"), {"unit", "loop"}, id="1"),
    pytest.param(
        BackendOptions(tier="2", unit="function", hot=10, background=False),
        {"unit", "region", "loop"},
        id="region",
    ),
    pytest.param(
        BackendOptions(hot=10, background=False), {"copy", "unit", "loop"}, id="auto"
    ),
]  # fmt: skip


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(map_file, "DIRECTORY", str(tmp_path))
    return tmp_path


def tiers(names: list[str]) -> set[str]:
    return {name.rpartition(" [")[2].rstrip("]") for name in names}


@pytest.mark.parametrize(("options", "expected"), TIERS)
def test_the_map_names_all_code(options: BackendOptions, expected: set[str], here: Path) -> None:
    with Process(str(FIB), ["10"], env={}, options=options, perf="map") as process:
        assert process.run() == Exited(0)
        codes = list(process.executor.code())
    rows = read_map(here / f"perf-{os.getpid()}.map")
    assert [(address, size) for address, size, _ in rows] == sorted(
        (code.address, code.size) for code in codes
    )
    assert all(size > 0 for _, size, _ in rows)
    for (address, size, _), (after, _, _) in itertools.pairwise(rows):
        assert address + size <= after
    names = [name for _, _, name in rows]
    assert tiers(names) >= expected
    assert {name.partition(" [")[0] for name in names} >= {"fib in fib.elf", "main in fib.elf"}
    assert os.listdir(here) == [f"perf-{os.getpid()}.map"]


@pytest.mark.parametrize(("options", "expected"), TIERS)
def test_the_jitdump_holds_all_code(
    options: BackendOptions, expected: set[str], here: Path
) -> None:
    before = time.monotonic_ns()
    with Process(str(FIB), ["10"], env={}, options=options, perf="jitdump") as process:
        assert process.run() == Exited(0)
        codes = list(process.executor.code())
        memory = {code.address: ctypes.string_at(code.address, code.size) for code in codes}
    dump = read_jitdump(here / f"jit-{os.getpid()}.dump")
    assert dump.closed
    assert {dump.pid, *(load.pid for load in dump.loads)} == {os.getpid()}
    assert tiers([load.name for load in dump.loads]) >= expected
    assert [load.number for load in dump.loads] == list(range(len(dump.loads)))
    assert before <= dump.since <= min(load.since for load in dump.loads)
    loads = {load.address: load.code for load in dump.loads}
    assert loads.keys() >= memory.keys()
    for code in codes:
        if code.tier != "copy":  # a copy is led to its unit later
            assert loads[code.address] == memory[code.address]
        assert len(loads[code.address]) == code.size


def test_perf_finds_the_jitdump_by_a_mapping_that_may_be_executed(here: Path) -> None:
    def mapped() -> list[str]:
        maps = Path("/proc/self/maps").read_text().splitlines()
        path = str(here / f"jit-{os.getpid()}.dump")
        return [line.split()[1] for line in maps if line.endswith(path)]

    with Process(str(FIB), ["5"], env={}, perf="jitdump") as process:
        assert mapped() == ["r-xp"]
        process.run()
        assert mapped() == ["r-xp"]


class Follower:
    """Checks reports of code: at any time the last report of an address is the truth."""

    def __init__(self, process: Process) -> None:
        self.executor = process.executor
        self.last: dict[int, tuple[HostCode, int]] = {}
        self.reports = 0
        self.dropped_at = 0
        self.executor.follow_code(self.report)

    def report(self, code: HostCode, since: int) -> None:
        assert since <= time.monotonic_ns()
        for address, (other, _) in list(self.last.items()):
            if address < code.address + code.size and code.address < address + other.size:
                del self.last[address]
                assert since >= self.dropped_at, "what was here may have run since"
        self.last[code.address] = code, since
        self.reports += 1

    def check(self) -> None:
        for code in self.executor.code():
            assert self.last[code.address][0] == code


@pytest.mark.parametrize("seed", range(4))
def test_code_in_the_place_of_other_code_has_its_own_name(seed: int) -> None:
    draw = random.Random(seed)
    places = [pc for name, pc in symbols(FIB).items() if name in ("fib", "main", "print")]
    options = BackendOptions(hot=50, background=False)
    with Process(str(FIB), ["20"], env={}, options=options) as process:
        follower, engine = Follower(process), process.engine
        stop = process.run(max_insns=1000)
        while not isinstance(stop, Exited):
            follower.check()
            what = draw.randrange(4)
            pc = draw.choice(places) + 4 * draw.randrange(16)
            if what == 0:
                engine.flush()
            elif what == 1:
                for key in map(BlockKey, (pc, pc + 4)):
                    engine.provide(key)
                engine.add_boundary(pc + 4)
            else:
                engine.discard_pc(pc)
            follower.dropped_at = time.monotonic_ns()
            stop = process.run(max_insns=draw.choice((10, 100, 10_000)))
        follower.check()
        assert follower.reports > len(follower.last) > 20


def test_what_a_run_makes_itself_is_reported_when_it_returns() -> None:
    with Process(str(FIB), ["10"], env={}, options=BackendOptions(tier="0")) as process:
        follower = Follower(process)
        process.run(max_insns=2_000)
        made = process.executor.made.blocks
        follower.check()
        assert follower.reports > made > 0


@pytest.mark.parametrize(("perf", "pattern"), [("map", "perf-*.map"), ("jitdump", "jit-*.dump")])
def test_every_process_of_a_guest_has_its_own(perf: str, pattern: str, here: Path) -> None:
    with Process(str(guest("processes")), env={}, perf=perf) as process:
        process.run()
    files = list(here.glob(pattern))
    assert len(files) == len(os.listdir(here)) == 3
    for file in files:
        pid = int(file.stem.partition("-")[2])
        if perf == "map":
            names = [name for _, _, name in read_map(file)]
        else:
            dump = read_jitdump(file)
            assert dump.closed
            assert {dump.pid, *(load.pid for load in dump.loads)} == {pid}
            names = [load.name for load in dump.loads]
        assert any(name.startswith("_start") or name.startswith("main") for name in names)


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """A context in which files cannot grow larger."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("perf", ["map", "jitdump"])
def test_a_file_that_cannot_be_written_whole_ends_nothing(perf: str) -> None:
    process = Process(str(FIB), ["10"], env={}, perf=perf)
    with largest_file(600):
        assert process.run() == Exited(0)
        with pytest.raises(UsageError, match="File too large"):
            process.close()
    process.close()


@pytest.mark.parametrize("perf", ["map", "jitdump"])
def test_a_file_that_cannot_be_made_is_refused_before_the_run(
    perf: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/proc")
    monkeypatch.setattr(map_file, "DIRECTORY", "/proc")
    with pytest.raises(UsageError, match=r"^/proc/"):
        Process(str(FIB), ["5"], env={}, perf=perf)


def test_another_format_is_refused(here: Path) -> None:
    outcome = command("run", "--perf", "maps", str(FIB), cwd=here)
    assert outcome.status == 2
    assert outcome.stderr == (
        b"armdbt: no perf format 'maps'; did you mean 'map'? (one of map, jitdump)\n"
    )
    with pytest.raises(UsageError, match="jitdump"):
        Process(str(FIB), env={}, perf="jit")


def test_the_command_line(here: Path) -> None:
    outcome = command("run", "--perf", "jitdump", str(guest("hello")), cwd=here)
    assert outcome.status == 0
    (file,) = here.glob("jit-*.dump")
    assert read_jitdump(file).closed


def test_the_reference_backend_has_no_code(here: Path) -> None:
    with Process(str(guest("hello")), env={}, backend="reference", perf="map") as process:
        process.run()
    assert read_map(here / f"perf-{os.getpid()}.map") == []

"""Pages that the host cannot give: a fault of the guest, never the end of this process."""

import faulthandler
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import pytest
from support import rig
from support.linux_kernel import call, make_kernel
from support.rig import Rig

from backends.native import guard, guard_text, llvm
from backends.native.guard import Watched
from backends.numba_jit import NumbaBackend
from backends.reference import ReferenceBackend
from dbt.interfaces import ABSENT, PAGE, READ, WRITE, BackendOptions, FaultHit, HaltHit
from dbt.ir.parser import parse_block
from dbt.linux.state.address_space import Area
from dbt.linux.state.host_signals import HostSignals
from dbt.stops import GuestFault, Killed

TESTS = Path(__file__).parents[3]
AT = 0x100000
WHERE = AT + PAGE + 8
BLOCK = """
block 0x8000 {
  insn 0x8000 4
  %0:i32 = get r1
  %1:i32 = load %0
  set r2 %1
  halt done 0x8000
}
"""
STORE = BLOCK.replace("set r2 %1", "nop").replace("%1:i32 = load %0", "%1:i32 = get r2")
STORE = STORE.replace("nop", "store %0, %1")
BACKENDS = [
    pytest.param(ReferenceBackend, "0", id="reference"),
    pytest.param(NumbaBackend, "0", id="tier0"),
    pytest.param(NumbaBackend, "1", id="tier1"),
    pytest.param(NumbaBackend, "2", id="tier2"),
]
UNCHECKED = BackendOptions(tier="2", memory_checks="mmu")


@pytest.fixture
def file(tmp_path: Path) -> Iterator[int]:
    """A file of two pages."""
    fd = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT)
    os.write(fd, b"abcdefgh" * (2 * PAGE // 8))
    yield fd
    os.close(fd)


@pytest.fixture
def machine(file: int) -> Iterator[Rig]:
    """A machine that shares the file at ``AT``."""
    made = Rig(NumbaBackend())
    made.memory.map_shared(AT, 2 * PAGE, READ | WRITE, file, 0)
    yield made
    made.close()


@pytest.mark.parametrize(("backend", "tier"), BACKENDS)
@pytest.mark.parametrize("text", [BLOCK, STORE], ids=["load", "store"])
def test_guest_code_meets_it(file: int, backend: type, tier: str, text: str) -> None:
    machine = Rig(backend(), BackendOptions(tier=tier, memory_checks="explicit"))
    machine.memory.map_shared(AT, 2 * PAGE, READ | WRITE, file, 0)
    block = parse_block(text)
    machine.install(block)
    machine.state["r1"] = WHERE
    assert isinstance(machine.executor.run(block.key), HaltHit)
    os.ftruncate(file, PAGE)
    event = machine.executor.run(block.key)
    assert isinstance(event, FaultHit if backend is ReferenceBackend else HaltHit)
    assert machine.memory.take_lost() == WHERE
    assert machine.memory.take_lost() is None
    # From then on the fault is exact, and what is on the first page is as it was.
    event = machine.executor.run(block.key)
    assert isinstance(event, FaultHit)
    assert (event.pc, event.address) == (0x8000, WHERE)
    machine.state["r1"] = AT
    assert isinstance(machine.executor.run(block.key), HaltHit)
    machine.close()


@pytest.mark.parametrize("text", [BLOCK, STORE], ids=["load", "store"])
def test_code_without_checks_meets_it_at_once(file: int, text: str) -> None:
    machine = Rig(NumbaBackend(), UNCHECKED)
    machine.memory.map_shared(AT, 2 * PAGE, READ | WRITE, file, 0)
    block = parse_block(text)
    machine.install(block)
    machine.state["r1"], machine.state["r2"] = WHERE, 7
    os.ftruncate(file, PAGE)
    for lost in (WHERE, None):
        event = machine.executor.run(block.key)
        assert isinstance(event, FaultHit)
        assert (event.pc, event.address) == (0x8000, WHERE)
        assert machine.memory.take_lost() == lost
        assert machine.state["r2"] == 7
    machine.close()


@pytest.mark.parametrize("operation", ["read", "write", "peek", "poke", "load", "store"])
def test_python_meets_it(machine: Rig, file: int, operation: str) -> None:
    os.ftruncate(file, 0)
    arguments = {"write": (b"some bytes",), "poke": (b"some bytes",), "store": (4, 7), "load": (4,)}
    with pytest.raises(GuestFault) as caught:
        getattr(machine.memory, operation)(WHERE, *arguments.get(operation, (10,)))
    assert caught.value.address == WHERE
    lost = machine.memory.take_lost()  # where in the copy it was, is for the C library to choose
    assert lost is not None
    assert WHERE <= lost < WHERE + 10


def test_the_file_is_there_again_when_it_has_grown(machine: Rig, file: int) -> None:
    os.ftruncate(file, PAGE)
    with pytest.raises(GuestFault):
        machine.memory.read(WHERE, 4)
    machine.memory.take_lost()
    assert machine.memory.perms[WHERE // PAGE] == ABSENT
    os.ftruncate(file, 2 * PAGE)
    os.pwrite(file, b"new!", PAGE + 8)
    machine.memory.protect(AT, 2 * PAGE, READ | WRITE)
    machine.memory.perms[WHERE // PAGE] = READ | WRITE
    assert machine.memory.read(WHERE, 4) == b"new!"
    machine.memory.write(WHERE, b"ours")
    assert os.pread(file, 4, PAGE + 8) == b"ours"


@pytest.mark.parametrize("at", [0, 3 * PAGE, AT, (1 << 32) - 2 * PAGE])
def test_neighbours_are_absent_until_it_is_taken(machine: Rig, file: int, at: int) -> None:
    memory = machine.memory
    memory.map_shared(at, PAGE, READ | WRITE, file, 0)
    os.ftruncate(file, 0)
    before = bytes(memory.perms)
    code = rig.CODE_PAGE // PAGE
    bytes(memory.raw(at, 1))
    changed = [page for page, perms in enumerate(memory.perms) if perms != before[page]]
    page = at // PAGE
    assert page in changed
    assert code not in changed  # a store there must still find out about translations
    assert all(abs(page - other) <= 512 and memory.perms[other] == ABSENT for other in changed)
    mapped = [p for p in range(max(0, page - 200), min(1 << 20, page + 200)) if before[p]]
    assert set(mapped) - {code} <= set(changed)
    assert memory.take_lost() == at
    assert [p for p, perms in enumerate(memory.perms) if perms != before[p]] == [page]


def test_many_pages_at_once(machine: Rig, tmp_path: Path) -> None:
    with open(tmp_path / "large", "wb+") as large:
        large.truncate(200 * PAGE)
        machine.memory.map_shared(AT, 200 * PAGE, READ | WRITE, large.fileno(), 0)
        large.truncate(0)
        view = machine.memory.raw(AT, 200 * PAGE)
        assert bytes(view) == bytes(200 * PAGE)
        assert machine.memory.take_lost() == AT
        assert set(machine.memory.perms[AT // PAGE : AT // PAGE + 200]) == {ABSENT}
        large.truncate(200 * PAGE)
        os.pwrite(large.fileno(), b"last", 199 * PAGE)
        assert machine.memory.raw(AT + 199 * PAGE, 4) == b"last"


def test_system_calls_give_efault_or_wait_for_the_signal(tmp_path: Path, file: int) -> None:
    kernel = make_kernel(tmp_path)
    area = Area(AT, AT + 2 * PAGE, READ | WRITE, shared=True)
    kernel.space.map(area)
    kernel.memory.map_shared(AT, 2 * PAGE, READ | WRITE, file, 0)
    watched = Watched(kernel.memory)
    os.ftruncate(file, 0)
    assert call(kernel, "open", WHERE, os.O_RDONLY) == -14
    assert kernel.memory.take_lost() is None
    bytes(kernel.memory.raw(AT, 1))  # what guest code does
    stop = kernel.poll(0x8000)
    assert isinstance(stop, Killed)
    assert stop.signal == signal.SIGBUS
    watched.close()
    kernel.close()


LAST = """
import ctypes, signal
from support.rig import Rig
from backends.numba_jit import NumbaBackend
from backends.reference import ReferenceBackend

def action():  # the kernel's account of how SIGBUS is treated
    now = ctypes.create_string_buffer(32)
    ctypes.CDLL(None).syscall(13, int(signal.SIGBUS), None, now, 8)
    return now.raw

before = action()
machines = [Rig(NumbaBackend()), Rig(ReferenceBackend())]
assert action() != before
machines[0].close()
assert action() != before
machines[1].close()
assert action() == before
"""


def test_the_handler_goes_with_the_last_machine() -> None:
    """In an interpreter of its own: here machines of other tests may be alive."""
    done = python(LAST)
    assert (done.returncode, done.stderr) == (0, "")


def test_it_is_taken_back_from_who_has_taken_it(machine: Rig, file: int) -> None:
    before = signal.signal(signal.SIGBUS, signal.SIG_IGN)
    try:
        block = parse_block(BLOCK)
        machine.install(block)
        machine.state["r1"] = WHERE
        os.ftruncate(file, 0)
        machine.executor.run(block.key)
        assert machine.memory.take_lost() == WHERE
    finally:
        signal.signal(signal.SIGBUS, before)


class Collected:
    """A lock in whose hold the collector runs, and frees ``dropped``; none may wait for it then."""

    def __init__(self, dropped: Callable[[], object]) -> None:
        self._lock = threading.Lock()
        self._dropped = dropped

    def acquire(self, blocking: bool = True) -> bool:
        assert not blocking or not self._lock.locked(), "this thread would wait for itself"
        return self._lock.acquire(blocking)

    def release(self) -> None:
        self._lock.release()

    def __enter__(self) -> None:
        self.acquire()
        self._dropped()

    def __exit__(self, *_: object) -> None:
        self.release()


def test_a_memory_goes_while_the_lock_is_held(
    machine: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dropped memory may be finalized at any allocation, also while another is being added."""
    held = Watched(machine.memory)
    dropped = Rig(ReferenceBackend())
    first, second = Watched(dropped.memory), Watched(dropped.memory)
    guard_of = held._guard
    looked_after = list(guard_of._words).count(dropped.memory.perms_base)
    monkeypatch.setattr(guard_of, "_lock", Collected(first.close))
    Watched(machine.memory).close()
    assert list(guard_of._words).count(dropped.memory.perms_base) == looked_after - 1
    second.close()
    held.close()
    dropped.close()


def test_two_threads_take_it_back_at_once(machine: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has asked the kernel before the other goes on: ours is never our own predecessor."""
    watched = Watched(machine.memory)
    seen: list[int] = []
    before = signal.signal(signal.SIGBUS, lambda number, _: seen.append(number))
    real = guard._Handler.is_installed

    def interrupted(handler: guard._Handler) -> bool:
        """The kernel has answered: here another thread takes SIGBUS back, and asks again."""
        answer = real(handler)
        monkeypatch.setattr(guard._Handler, "is_installed", real)
        watched.ensure()
        watched.ensure()
        return answer

    try:
        monkeypatch.setattr(guard._Handler, "is_installed", interrupted)
        watched.ensure()
        ours = watched._guard
        assert bytes(ours._data[:8]) != guard._word(ours._lost.enter)
        os.kill(os.getpid(), signal.SIGBUS)
        assert seen == [signal.SIGBUS]
    finally:
        watched.close()
        signal.signal(signal.SIGBUS, before)


def test_the_kept_handler_depends_on_how_it_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    sources: list[str | Path] = []
    real = guard.stamp

    def note(given: Iterable[str | Path], *packages: str) -> bytes:
        sources.extend(given)
        return real(given, *packages)

    monkeypatch.setattr(guard, "stamp", note)
    guard._Guard()
    assert {Path(guard_text.__file__), Path(llvm.__file__)} < {Path(source) for source in sources}


def test_a_guest_that_blocks_every_signal_does_not_block_it(machine: Rig, file: int) -> None:
    signals = HostSignals(lambda number, frame: None)
    signals.set_mask((1 << 64) - 1)
    try:
        os.ftruncate(file, 0)
        with pytest.raises(GuestFault):
            machine.memory.read(WHERE, 4)
    finally:
        signals.release()


def test_a_forked_child_has_it_too(machine: Rig, file: int) -> None:
    os.ftruncate(file, 0)
    child = os.fork()
    if not child:
        try:
            machine.memory.read(WHERE, 4)
        except GuestFault:
            os._exit(9)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


def python(*arguments: str, under: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
    """Run Python with the tests' modules at hand, ``under`` another command."""
    return subprocess.run(
        [*under, sys.executable, "-c", *arguments],
        env={"PYTHONPATH": f"{TESTS}:{TESTS.parent}"},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


ON_A_SMALL_DISK = (
    "unshare",
    "--mount",
    "sh",
    "-c",
    'mount -t tmpfs -o size=64k x "$PWD" && cd "$PWD" && exec "$@"',
    "-",
)
FULL = """
import os
from support.rig import Rig
from backends.numba_jit import NumbaBackend
from dbt.interfaces import PAGE, READ, WRITE, BackendOptions, HaltHit
from dbt.ir.parser import parse_block
from dbt.stops import GuestFault
import sys

file = os.open("sparse", os.O_RDWR | os.O_CREAT)
os.ftruncate(file, 64 * PAGE)
block = parse_block(sys.argv[1])
for tier in ("0", "2"):
    checked = BackendOptions(tier=tier, memory_checks="explicit")
    machine = Rig(NumbaBackend(), checked)
    machine.memory.map_shared(0x100000, 64 * PAGE, READ | WRITE, file, 0)
    for page in range(64):
        try:
            machine.memory.write(0x100000 + page * PAGE, b"full")
        except GuestFault as fault:
            exact = fault.address == 0x100000 + page * PAGE
            break
    machine.memory.take_lost()
    machine.install(block)
    machine.state["r1"] = where = 0x100000 + 40 * PAGE
    assert isinstance(machine.executor.run(block.key), HaltHit)
    print(page, exact, machine.memory.take_lost() == where)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
def test_a_full_disk_is_no_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file's holes need room that is not there: in Python, and in compiled code."""
    monkeypatch.chdir(tmp_path)
    done = python(FULL, STORE, under=ON_A_SMALL_DISK)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "16 True True\n" * 2


FOREIGN = """
import faulthandler, mmap, os, signal, sys, tempfile
from support.rig import Rig
from backends.reference import ReferenceBackend
exec(sys.argv[1])
machine = Rig(ReferenceBackend())
exec(sys.argv[2])
print("alive")
"""
TOUCH = """
with tempfile.TemporaryFile() as file:
    file.truncate(4096)
    view = mmap.mmap(file.fileno(), 4096)
    file.truncate(0)
    view[0]
"""
SEND = "os.kill(os.getpid(), signal.SIGBUS)"


@pytest.mark.parametrize(
    ("before", "then", "status", "output", "error"),
    [
        ("", TOUCH, -signal.SIGBUS, "", ""),
        ("faulthandler.enable()", TOUCH, -signal.SIGBUS, "", "Fatal Python error: Bus error"),
        ("signal.signal(signal.SIGBUS, signal.SIG_IGN)", TOUCH, -signal.SIGBUS, "", ""),
        ("", SEND, -signal.SIGBUS, "", ""),
        ("signal.signal(signal.SIGBUS, signal.SIG_IGN)", SEND, 0, "alive\n", ""),
        ("signal.signal(signal.SIGBUS, lambda *_: print('got'))", SEND, 0, "got\nalive\n", ""),
        ("signal.signal(signal.SIGBUS, lambda *_: print('got'))", TOUCH, -signal.SIGBUS, "", ""),
    ],
    ids=["touch", "faulthandler", "touch-ignored", "sent", "sent-ignored", "python", "in-vain"],
)
def test_what_is_not_ours_goes_where_it_would_have_gone(
    before: str, then: str, status: int, output: str, error: str
) -> None:
    done = python(FOREIGN, before, then)
    assert (done.returncode, done.stdout) == (status, output), done.stderr
    assert error in done.stderr


def test_faulthandler_of_this_process_is_not_in_the_way(machine: Rig, file: int) -> None:
    was = faulthandler.is_enabled()
    faulthandler.enable()
    try:
        machine.executor.run(parse_block(BLOCK).key)
        os.ftruncate(file, 0)
        with pytest.raises(GuestFault):
            machine.memory.read(WHERE, 4)
    finally:
        if not was:
            faulthandler.disable()


FOREIGN_SEGV = """
import ctypes, faulthandler, os, signal, sys
from backends.native.guard import Watched
from dbt.interfaces import PAGE, READ
from dbt.runtime.memory import GuestMemory

memory = GuestMemory()
{before}
watched = Watched(memory)
watched.follow()
memory.protection.begin()
memory.map(0x10000, PAGE, READ)
{crash}
"""


@pytest.mark.parametrize(
    ("before", "crash", "told"),
    [
        ("", "ctypes.string_at(8)", b""),
        ("", "ctypes.string_at(memory.base + (1 << 32))", b""),
        ("", "os.kill(os.getpid(), signal.SIGSEGV)", b""),
        ("faulthandler.enable()", "ctypes.string_at(8)", b"Fatal Python error: Segmentation fault"),
        (
            "signal.signal(signal.SIGSEGV, lambda *_: (print('seen', file=sys.stderr), os.abort()))",
            "os.kill(os.getpid(), signal.SIGSEGV)",
            b"seen",
        ),
    ],
    ids=["null", "guard page", "sent", "faulthandler", "sent to a handler"],
)
def test_what_is_not_guest_memory_is_for_the_handler_before(
    before: str, crash: str, told: bytes
) -> None:
    script = FOREIGN_SEGV.format(before=before, crash=crash)
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": str(TESTS.parent)},
        capture_output=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == (-signal.SIGABRT if told == b"seen" else -signal.SIGSEGV)
    assert done.stderr.startswith(told)
    assert told or not done.stderr


GIVEN_BACK = """
import signal
from backends.native import guard
from backends.native.guard import Watched
from dbt.runtime.memory import GuestMemory

def action():
    return guard._Handler(signal.SIGSEGV, bytearray(32), 0, 0)._action()

memory, before = GuestMemory(), action()
first, second = Watched(memory), Watched(memory)
first.follow()
second.follow()
followed = action() != before
first.close()
kept = action() != before
second.close()
print(followed, kept, action() == before)
"""


def test_sigsegv_is_given_back() -> None:
    """With the last memory whose protection follows the guest's permissions. There is none in a new
    process."""
    done = python(GIVEN_BACK)
    assert (done.stdout, done.stderr) == ("True True True\n", "")

"""The descriptor model against a simple table, and against the kernel this test runs on."""

import contextlib
import copy
import fcntl
import os
import struct
import tempfile
from collections.abc import Callable

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from support.spy_guest import FakeGuest, Spied

from dbt.spy.descriptors import absolute

FDS = st.integers(0, 12)
PATH, PAIR = 0x1000, 0x2000
F_DUPFD, F_SETFD, F_DUPFD_CLOEXEC = 0, 2, 1030


@attrs.frozen
class Slot:
    """A number of the reference: which open, which end, whether exec closes it."""

    made: int
    end: str = ""
    cloexec: bool = False


class Reference:
    """A process's descriptors: a dictionary, and the lowest free number."""

    def __init__(self, slots: dict[int, Slot]) -> None:
        self.slots = dict(slots)

    def lowest(self, minimum: int = 0) -> int:
        return next(fd for fd in range(minimum, 1000) if fd not in self.slots)


class Processes(RuleBasedStateMachine):
    """Random opens, duplicates, closes, forks and execs; the tap sees only calls and results."""

    def __init__(self) -> None:
        super().__init__()
        first = FakeGuest(inodes={fd: ("console", fd) for fd in range(3)})
        first.memory[PATH] = b"/tmp/file\0"
        self.made = 3
        table = {fd: Slot(fd) for fd in range(3)}
        self.living: list[tuple[Spied, Reference]] = [(Spied(first), Reference(table))]
        self.turn = 0

    @property
    def now(self) -> tuple[Spied, Reference]:
        return self.living[self.turn % len(self.living)]

    @rule(turn=st.integers(0, 5))
    def schedule(self, turn: int) -> None:
        self.turn = turn

    @rule(cloexec=st.booleans())
    def open(self, cloexec: bool) -> None:
        spied, reference = self.now
        fd = reference.lowest()
        reference.slots[fd] = Slot(self.made, cloexec=cloexec)
        self.made += 1
        spied.call("open", PATH, os.O_CLOEXEC if cloexec else 0, 0, result=fd)

    @rule(cloexec=st.booleans(), name=st.sampled_from(["pipe2", "socketpair"]))
    def pair(self, cloexec: bool, name: str) -> None:
        spied, reference = self.now
        ends = ("read", "write") if name == "pipe2" else ("first", "second")
        fds = []
        for end in ends:
            fds.append(reference.lowest())
            reference.slots[fds[-1]] = Slot(self.made, end, cloexec)
        self.made += 1
        spied.put(PAIR, struct.pack("<2i", *fds))
        flags = os.O_CLOEXEC if cloexec else 0
        registers = (PAIR, flags) if name == "pipe2" else (1, 1 | flags, 0, PAIR)
        spied.call(name, *registers, result=0)

    @rule(fd=FDS, minimum=FDS, cloexec=st.booleans())
    def dup_from(self, fd: int, minimum: int, cloexec: bool) -> None:
        spied, reference = self.now
        command = F_DUPFD_CLOEXEC if cloexec else F_DUPFD
        new = -9
        if fd in reference.slots:
            new = reference.lowest(minimum)
            reference.slots[new] = attrs.evolve(reference.slots[fd], cloexec=cloexec)
        spied.call("fcntl64", fd, command, minimum, result=new)

    @rule(fd=FDS)
    def dup(self, fd: int) -> None:
        spied, reference = self.now
        new = reference.lowest() if fd in reference.slots else -9
        if new >= 0:
            reference.slots[new] = attrs.evolve(reference.slots[fd], cloexec=False)
        spied.call("dup", fd, result=new)

    @rule(fd=FDS, new=FDS)
    def dup2(self, fd: int, new: int) -> None:
        spied, reference = self.now
        if fd in reference.slots and fd != new:
            reference.slots[new] = attrs.evolve(reference.slots[fd], cloexec=False)
        spied.call("dup2", fd, new, result=new if fd in reference.slots else -9)

    @rule(fd=FDS, new=FDS, cloexec=st.booleans())
    def dup3(self, fd: int, new: int, cloexec: bool) -> None:
        spied, reference = self.now
        result = new if fd in reference.slots else -9
        if fd == new:
            result = -22
        elif result >= 0:
            reference.slots[new] = attrs.evolve(reference.slots[fd], cloexec=cloexec)
        spied.call("dup3", fd, new, os.O_CLOEXEC if cloexec else 0, result=result)

    @rule(fd=FDS, cloexec=st.booleans(), way=st.sampled_from(["fcntl64", "ioctl"]))
    def set_cloexec(self, fd: int, cloexec: bool, way: str) -> None:
        spied, reference = self.now
        if fd in reference.slots:
            reference.slots[fd] = attrs.evolve(reference.slots[fd], cloexec=cloexec)
        command = F_SETFD if way == "fcntl64" else (0x5451 if cloexec else 0x5450)
        result = 0 if fd in reference.slots else -9
        spied.call(way, fd, command, int(cloexec), result=result)

    @rule(fd=FDS)
    def close(self, fd: int) -> None:
        spied, reference = self.now
        found = reference.slots.pop(fd, None)
        spied.call("close", fd, result=-9 if found is None else 0)

    @rule(first=FDS, last=FDS, flags=st.sampled_from([0, 4]))
    def close_range(self, first: int, last: int, flags: int) -> None:
        spied, reference = self.now
        inside = [fd for fd in reference.slots if first <= fd <= last]
        for fd in inside:
            if flags:
                reference.slots[fd] = attrs.evolve(reference.slots[fd], cloexec=True)
            else:
                del reference.slots[fd]
        spied.call("close_range", first, last, flags, result=0 if first <= last else -22)

    @precondition(lambda self: len(self.living) < 4)
    @rule()
    def fork(self) -> None:
        """The host's fork copies the whole process: the tap, too."""
        spied, reference = self.now
        pid = 100 + len(self.living)
        spied.tap.entering("fork", [])
        child = copy.deepcopy(spied)
        child.guest.pid = pid
        self.living.append((child, Reference(reference.slots)))
        spied.tap.leaving("fork", [], pid)
        child.tap.leaving("fork", [], 0)

    @rule(works=st.booleans())
    def execute(self, works: bool) -> None:
        spied, reference = self.now
        spied.tap.entering("execve", [PATH, 0, 0])
        if works:
            reference.slots = {fd: s for fd, s in reference.slots.items() if not s.cloexec}
            spied.call("getpid", result=spied.guest.pid)
        else:
            spied.tap.leaving("execve", [PATH, 0, 0], -2)

    @invariant()
    def same(self) -> None:
        """Same numbers, ends and flags everywhere; one name for each thing, across processes."""
        names: dict[int, str] = {}
        for spied, reference in self.living:
            table = spied.tap.descriptors
            assert list(table) == sorted(reference.slots)
            for fd, slot in reference.slots.items():
                handle = table.get(fd)
                assert handle is not None
                assert (handle.end, handle.cloexec) == (slot.end, slot.cloexec)
                assert names.setdefault(slot.made, handle.thing.id) == handle.thing.id
        assert len(set(names.values())) == len(names)


Processes.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestProcesses = Processes.TestCase


STEPS = st.lists(
    st.tuples(st.sampled_from(["open", "dup", "dup2", "close"]), st.integers(0), st.integers(0)),
    max_size=30,
)


@settings(max_examples=50, deadline=None)
@given(STEPS)
def test_the_kernel_agrees(steps: list[tuple[str, int, int]]) -> None:
    """Every number stands for the file that the kernel says it stands for."""
    with contextlib.ExitStack() as stack, tempfile.TemporaryDirectory() as home:
        spied = Spied()
        mine: list[int] = []
        stack.callback(lambda: [os.close(fd) for fd in mine])
        for number, (name, first, second) in enumerate(steps):
            _STEPS[name](spied, mine, f"{home}/{number}", first, second)
        for fd in mine:
            handle = spied.tap.descriptors.get(fd)
            assert handle is not None
            assert os.stat(handle.thing.path).st_ino == os.fstat(fd).st_ino
        assert list(spied.tap.descriptors) == sorted(mine)


def _open(spied: Spied, mine: list[int], path: str, *_: int) -> None:
    flags = os.O_CREAT | os.O_RDWR
    fd = os.open(path, flags, 0o600)
    mine.append(fd)
    spied.put(PATH, path.encode() + b"\0")
    spied.call("open", PATH, flags, 0o600, result=fd)


def _dup(spied: Spied, mine: list[int], path: str, first: int, second: int) -> None:
    del path, second
    if mine:
        old = mine[first % len(mine)]
        mine.append(fcntl.fcntl(old, fcntl.F_DUPFD, 0))
        spied.call("dup", old, result=mine[-1])


def _dup2(spied: Spied, mine: list[int], path: str, first: int, second: int) -> None:
    del path
    if mine:
        old, new = mine[first % len(mine)], mine[second % len(mine)]
        spied.call("dup2", old, new, result=os.dup2(old, new))


def _close(spied: Spied, mine: list[int], path: str, first: int, second: int) -> None:
    del path, second
    if mine:
        fd = mine.pop(first % len(mine))
        os.close(fd)
        spied.call("close", fd, result=0)


_STEPS: dict[str, Callable[..., None]] = {
    "open": _open, "dup": _dup, "dup2": _dup2, "close": _close
}  # fmt: skip


def test_paths_are_absolute() -> None:
    assert absolute("a/../b//c/.", "/x") == "/x/b/c"
    assert absolute("/a/b", "/x") == "/a/b"
    assert absolute("//a", "/x") == "/a"
    assert absolute("../../..", "/x") == "/"
    assert absolute("a", "") == "/a"


def test_a_descriptor_that_nobody_saw_open_is_looked_at() -> None:
    spied = Spied(FakeGuest(inodes={9: ("pipe", 77)}, memory={0x10: b"hello"}))
    (event,) = spied.call("write", 9, 0x10, 5, result=5)
    assert (event["what"], event["inode"], event["data"]) == ("pipe", 77, b"hello")

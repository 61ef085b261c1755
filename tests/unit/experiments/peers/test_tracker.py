"""Calls and returns from places and registers alone."""

from dbt.experiments.peers.tracker import Registers, Tracker
from dbt.hooks.records import Kind, Record

F, G, AFTER, LAST = 0x100, 0x200, 0x14, 0x18


class Walk:
    """A tracker, shown places with registers."""

    def __init__(self) -> None:
        self.seen: list[Record] = []
        self.registers = Registers((0, 0, 0, 0), 0, 0)
        self.tracker = Tracker({F: "f", G: "g"}, lambda: self.registers, self.seen.append, 1)

    def at(self, pc: int, *, sp: int, lr: int = 0, r0: int = 0) -> None:
        self.registers = Registers((r0, 0, 0, 0), sp, lr)
        self.tracker.arrive(pc)

    def told(self) -> list[tuple[Kind, str, int]]:
        return [(record.kind, record.symbol, record.depth) for record in self.seen]


def test_call_and_return() -> None:
    walk = Walk()
    walk.at(F, sp=0x1000, lr=AFTER | 1, r0=7)
    walk.at(0x104, sp=0x0FF0)
    walk.at(AFTER, sp=0x1000, r0=8)
    call, returned = walk.seen
    assert (call.kind, call.function, call.site, call.stack) == (Kind.CALL, F, AFTER, 0x1000)
    assert call.arguments == (7, 0, 0, 0)
    assert (returned.kind, returned.result, returned.depth) == (Kind.RETURN, 8, 0)
    assert walk.tracker.events == 2


def test_recursion_is_told_apart_by_the_stack() -> None:
    walk = Walk()
    walk.at(F, sp=0x1000, lr=AFTER)
    walk.at(F, sp=0x0FF0, lr=LAST)
    walk.at(F, sp=0x0FE0, lr=LAST)
    walk.at(LAST, sp=0x0FE0)
    walk.at(LAST, sp=0x0FF0)
    walk.at(AFTER, sp=0x1000)
    walk.at(AFTER, sp=0x1000)  # nobody is expected any more
    assert [depth for _, _, depth in walk.told()] == [0, 1, 2, 2, 1, 0]
    assert [kind for kind, _, _ in walk.told()][3:] == [Kind.RETURN] * 3


def test_tail_call_returns_with_its_caller() -> None:
    walk = Walk()
    walk.at(F, sp=0x1000, lr=AFTER)
    walk.at(G, sp=0x1000, lr=AFTER)
    walk.at(AFTER, sp=0x1000)
    assert walk.told() == [
        (Kind.CALL, "f", 0), (Kind.TAIL_CALL, "g", 1), (Kind.RETURN, "g", 1), (Kind.RETURN, "f", 0),
    ]  # fmt: skip


def test_longjmp_unwinds() -> None:
    walk = Walk()
    walk.at(F, sp=0x1000, lr=AFTER)
    walk.at(G, sp=0x0FF0, lr=LAST)
    walk.at(AFTER, sp=0x1000)
    assert walk.told()[2:] == [(Kind.UNWOUND, "g", 1), (Kind.RETURN, "f", 0)]


def test_new_return_addresses_are_told_once() -> None:
    walk = Walk()
    learned: list[int] = []
    walk.tracker.on_site = learned.append
    for _ in range(2):
        walk.at(F, sp=0x1000, lr=AFTER)
        walk.at(AFTER, sp=0x1000)
    assert learned == [AFTER]

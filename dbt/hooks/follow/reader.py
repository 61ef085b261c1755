"""Makes Records of the events that translated code has kept (``decisions.EVENTS``)."""

from collections.abc import Iterator, Mapping, Sequence

from dbt.hooks.follow import decisions as d
from dbt.hooks.follow.store import Part
from dbt.hooks.records import Kind, Record

_KINDS = (1 << d.KIND_BITS) - 1
Live = tuple[int, int, int, int, int]
"""Function, site, stack pointer, depth and stack id of an activation."""


class Reader:
    """Reads the events of a recording from its beginning, in parts. ``ways`` are those of
    ``Frames``; ``names`` are the functions' by pc."""

    def __init__(self, ways: Sequence[tuple[int, int, int]], names: Mapping[int, str]) -> None:
        self._ways, self._names = ways, names
        self._stacks: dict[int, list[Live]] = {}
        self._owners: dict[int, int] = {}
        """The thread of each stack."""
        self._live: list[Live] = []
        self._alive = self._insns = self._process = self._stack_id = 0

    def read(self, events: Part) -> Iterator[Record]:
        """The records of the next part."""
        words = memoryview(events).cast("I")
        at = 0
        while at < len(words):
            kind, passed = words[at] & _KINDS, words[at] >> d.KIND_BITS
            size = d.SIZES[kind]
            rest = words[at + 1 : at + size].tolist()
            at += size
            if kind == d.MARK:
                self._mark(*rest)
                continue
            self._insns += passed
            if kind >= d.BEGUN:  # nobody has Records of blocks and accesses
                continue
            if kind in (d.CALL, d.TAIL_CALL):
                yield self._called(kind == d.TAIL_CALL, *rest)
            elif kind == d.RETURN:
                yield self._ended(Kind.RETURN, rest[0])
            else:
                yield self._ended(Kind.UNWOUND, None)

    def _mark(self, low: int, high: int, process: int, stack: int, stack_id: int) -> None:
        self._insns, self._process, self._stack_id = low | high << 32, process, stack_id
        self._live = self._stacks.setdefault(stack, [])
        owner = self._owners.setdefault(stack, process)
        if owner != process:  # this is a forked child, whose thread has another id
            mine = [one for one, its in self._owners.items() if its == owner]
            self._owners.update(dict.fromkeys(mine, process))
        self._alive = sum(
            len(live) for one, live in self._stacks.items() if self._owners[one] == process
        )

    def _called(self, tail: bool, way: int, stack: int, *arguments: int) -> Record:
        function, site, caller = self._ways[way]
        depth = self._alive
        self._live.append((function, site, stack, depth, self._stack_id))
        self._alive += 1
        return Record(
            Kind.TAIL_CALL if tail else Kind.CALL, function, self._names[function], site, stack,
            depth, self._insns, 0 if tail else caller, self._process, arguments,
            stack_id=self._stack_id,
        )  # fmt: skip

    def _ended(self, kind: Kind, result: int | None) -> Record:
        function, site, stack, depth, stack_id = self._live.pop()
        self._alive -= 1
        return Record(
            kind, function, self._names[function], site, stack, depth, self._insns,
            thread=self._process, result=result, stack_id=stack_id,
        )  # fmt: skip

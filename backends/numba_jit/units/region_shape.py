"""The shape of a region: how its blocks lead to each other, where it is entered, where fuel is
tested, and what state may have changed.

Fuel is taken and tested only where a loop closes, where a computed target arrives and where the
region is entered: there must be enough for the longest way to the next test, for which it is taken.
What a shorter way does not need is given back where fuel is taken, where ways meet that have left
different amounts, and where the region is left.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TypeAlias

from backends.numba_jit.installed import Installed
from dbt.interfaces import Context
from dbt.ir import ops
from dbt.ir.block import BlockKey, Call, Jump, Return

MOST_RETURNS = 4
"""Blocks behind calls that a return looks for within the region, before the table of entries."""
LONGEST = 128
"""Instructions between two tests of fuel, at most."""
_SHORT = 12
"""Instructions of a head of a loop that is emitted more than once, at most: with copies of longer
ones, LLVM keeps more of the state on the stack (decision 46)."""


class Shape:
    """What is known of the members of a region, all by index in ``members``."""

    def __init__(
        self,
        members: Sequence[Installed],
        context: Context,
        flags: Collection[str],
        linked: Mapping[int, int],
        entered: Collection[int] | None = None,
    ) -> None:
        """``linked`` has the ids of the blocks that link slots are linked to, by slot. ``entered``
        has the ids of the blocks that must be entries; None: all."""
        key_of, location_of = context.key_of, context.location_of
        self.index = {installed.key: index for index, installed in enumerate(members)}
        exits = [installed.block.exit for installed in members]
        behind = {key_of(exit_.link): None for exit_ in exits if isinstance(exit_, Call)}
        self.returns = [self.index[key] for key in behind if key in self.index]
        """Members behind calls."""
        numbers = {installed.block_id: index for index, installed in enumerate(members)}
        self.inner = {
            slot: numbers[block_id]
            for installed in members
            for slot in installed.links
            if (block_id := linked.get(slot, 0)) in numbers
        }
        """The member that each link slot leads to which is taken within the region."""
        self.direct = [
            [self.inner[slot] for slot in installed.links if slot in self.inner]
            for installed in members
        ]
        reached = {target for targets in self.direct for target in targets}
        apart = [index for index in range(len(members)) if index not in reached]
        is_jump = [_jumps(exit_) for exit_ in exits]
        keys = [installed.key for installed in members]
        self.jumps = [
            index
            for index in (apart if any(is_jump) else ())
            if index not in self.returns and key_of(location_of(keys[index])) == keys[index]
        ]
        """Members that only computed jumps lead to."""
        self.computed = [
            self.returns[:MOST_RETURNS]
            if isinstance(exit_, Return)
            else self.jumps
            if jumps
            else []
            for exit_, jumps in zip(exits, is_jump, strict=True)
        ]
        """For each member, those that its computed exit may lead to within the region."""
        self._counts = [installed.block.insn_count for installed in members]
        order, self.closing = _with_few_heads(self.direct, apart)
        """The edges that close loops."""
        heads = _heads(self.closing)
        self.arrived = arrived = {target for targets in self.computed for target in targets}
        """Members that computed exits lead to within the region."""
        self.tested = heads | arrived
        """Members that test fuel however they are reached."""
        self.entries = [
            index
            for index, installed in enumerate(members)
            if entered is None
            or index in heads
            or index in arrived
            or index not in reached
            or installed.block_id in entered
        ]
        rounds = {
            head
            for head in heads
            if self._counts[head] <= _SHORT and _sets_all_behind_access(members[head], flags)
        }
        self.labels = [self._labels(index, index in rounds) for index in range(len(members))]
        """For each member its labels: where it is entered, where it is reached within the region,
        where a loop is closed. They are one, but for short heads of loops before whose first round
        flags may be deferred or not, and before all others it is known: their text is there twice,
        or three times if blocks before the loop lead to them."""
        self.knows_flags = heads <= rounds
        """Of all loops that is known."""
        self.taken = self._taken(order)
        """For each member, the fuel that was taken where it begins: enough for the longest way to
        the next test."""
        self.changed = self._changed([_slots_set(i, flags) for i in members])
        """For each member, what of the state may differ from the buffer when it is left."""

    def _labels(self, index: int, differs: bool) -> tuple[str, ...]:
        """The labels of a member, whose text ``differs`` from round to round."""
        if not differs:
            return (f"b{index}",)
        sources = (source for source, targets in enumerate(self.direct) if index in targets)
        reached = any((source, index) not in self.closing for source in sources)
        return (f"f{index}", *[f"g{index}"] * reached, f"b{index}")

    def label(self, source: int, target: int) -> str:
        """The label where a member goes on within the region."""
        return self.labels[target][-1 if (source, target) in self.closing else -2 :][0]

    def _longest(self, order: Iterable[int]) -> list[int]:
        longest = list(self._counts)
        for index in order:
            for target in self.direct[index]:
                if target in self.tested:
                    continue
                if self._counts[index] + longest[target] > LONGEST:
                    self.tested.add(target)
            ways = [longest[to] for to in self.direct[index] if to not in self.tested]
            longest[index] += max(ways, default=0)
        return longest

    def _taken(self, order: Sequence[int]) -> list[int]:
        taken = self._longest(order)
        left: dict[int, int] = {}
        """By member the least that is left on the ways to it."""
        for index in reversed(order):
            if index not in self.tested:
                taken[index] = left.get(index, taken[index])
            after = taken[index] - self._counts[index]
            for target in self.direct[index]:
                left[target] = min(left.get(target, after), after)
        return taken

    def _changed(self, own: list[frozenset[str]]) -> list[frozenset[str]]:
        after = list(own)
        waiting = list(range(len(own)))
        for index in waiting:
            for target in {*self.direct[index], *self.computed[index]}:
                if not after[index] <= after[target]:
                    after[target] |= after[index]
                    waiting.append(target)
        return after


def has_loop(members: Sequence[Installed], linked: Mapping[int, int]) -> bool:
    """Whether one of these blocks leads back to itself by links."""
    numbers = {installed.block_id: index for index, installed in enumerate(members)}
    direct = [
        [numbers[to] for slot in installed.links if (to := linked.get(slot, 0)) in numbers]
        for installed in members
    ]
    return bool(_walk(direct, range(len(members)))[1])


def _jumps(exit_: object) -> bool:
    """Whether an exit is a computed jump or call."""
    return isinstance(exit_, Jump) or (
        isinstance(exit_, Call) and not isinstance(exit_.target, BlockKey)
    )


def _slots_set(installed: Installed, flags: Collection[str]) -> frozenset[str]:
    """The slots that a block sets; all flags if it sets one."""
    names = {str(inst.imm[0]) for inst in installed.block.insts if inst.op is ops.SET}
    return frozenset(names | set(flags) if names & set(flags) else names)


def _sets_all_behind_access(installed: Installed, flags: Collection[str]) -> bool:
    """Whether a block sets all flags, and accesses memory while some are as they were before."""
    missing, stops = set(flags), False
    for inst in installed.block.insts:
        stops = stops or (inst.op.may_stop and bool(missing))
        if inst.op is ops.SET and inst.when is None:
            missing.discard(str(inst.imm[0]))
    return stops and not missing


Edges: TypeAlias = set[tuple[int, int]]


def _with_few_heads(
    successors: Sequence[Sequence[int]], first: Sequence[int]
) -> tuple[list[int], Edges]:
    """As ``_walk``, from ``first`` and on at all others. A walk that begins amid a loop finds a
    second head of it: so a head that was found is begun at if there are fewer then."""
    starts, everything = list(first), range(len(successors))
    found = _walk(successors, [*starts, *everything])
    for head in sorted(_heads(found[1])):
        other = _walk(successors, [*starts, head, *everything])
        if len(_heads(other[1])) < len(_heads(found[1])):
            starts.append(head)
            found = other
    return found


def _heads(closing: Edges) -> set[int]:
    return {head for _, head in closing}


def _walk(successors: Sequence[Sequence[int]], starts: Iterable[int]) -> tuple[list[int], Edges]:
    """Walk a graph in depth. Returns the nodes, each behind those it leads to but for the heads
    of loops, and the edges that close loops."""
    order: list[int] = []
    closing: Edges = set()
    open_: set[int] = set()
    seen: set[int] = set()
    for start in starts:
        if start in seen:
            continue
        seen.add(start)
        open_.add(start)
        stack = [(start, iter(successors[start]))]
        while stack:
            node, rest = stack[-1]
            target = next(rest, None)
            if target is None:
                stack.pop()
                open_.discard(node)
                order.append(node)
            elif target in open_:
                closing.add((node, target))
            elif target not in seen:
                seen.add(target)
                open_.add(target)
                stack.append((target, iter(successors[target])))
    return order, closing

"""Links in the tables against a plain dict: slot to block."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import attrs
from hypothesis import given
from hypothesis import strategies as st
from support.block_tables import guest_tables, key_at, position

from backends.numba_jit import _load_loop, tables
from backends.numba_jit.links import Links
from backends.numba_jit.tables import Tables
from dbt.interfaces import Context
from dbt.ir.block import CONDITION_PASSED, HOOKED, BlockKey

BLOCKS = range(1, 5)
"""Ids of blocks. The last one has no code in any tier."""
UNIT, COPY, OUT = (base << 32 for base in (1, 2, 3))
TARGETS = [BlockKey(0x8000 + 16 * n) for n in BLOCKS]
TARGETS += [key.with_mode(CONDITION_PASSED) for key in TARGETS[:2]]
TARGETS += [key.with_mode(HOOKED) for key in TARGETS[:2]]
"""The last ones have no position."""


@attrs.define
class Model:
    """What the tables have to say."""

    targets: dict[int, BlockKey] = attrs.Factory(dict)
    """Of slots that were added."""
    copied: set[int] = attrs.Factory(set)
    linked: dict[int, int] = attrs.Factory(dict)
    stale: dict[int, int] = attrs.Factory(dict)
    """The generation of a block's code that a slot leads to."""
    generation: dict[int, int] = attrs.Factory(lambda: dict.fromkeys(BLOCKS, 0))
    written: set[int] = attrs.Factory(set)
    """Slots with a look-up."""
    denied: set[int] = attrs.Factory(set)
    direct: bool = True
    made: int = 0
    elsewhere: dict[BlockKey, int] = attrs.Factory(dict)

    def link(self, slot: int, block: int) -> None:
        if self.direct and block not in self.denied:
            self.made += slot not in self.linked
            self.linked[slot] = block
            self.stale[slot] = self.generation[block]
        elif not self.direct and slot not in self.linked:
            self.written.add(slot)

    def unlink(self, slots: list[int]) -> None:
        for slot in slots:
            self.linked.pop(slot, None)

    def into(self, block: int) -> list[int]:
        return [slot for slot, other in self.linked.items() if other == block]


class Machine:
    """Links of real tables, and the model of them."""

    def __init__(self, context: Context, shared: Tables) -> None:
        self.shared, self.model = shared, Model()
        self.copy_links = shared.add(tables.MAX_SLOTS, "Q", tables.COPY_LINKS)
        loop = _load_loop(lambda _: None).call
        change = partial(loop, context.state.address)
        self.links = Links(shared, change, position, key_at)
        for block in BLOCKS[:-1]:
            self._compile(block)

    def _compile(self, block: int) -> None:
        """Give a block code in all tiers."""
        generation = self.model.generation[block]
        shared, number = self.shared, block + 256 * generation
        shared.unit.view[block] = UNIT + number
        shared.copy.view[block] = COPY + number

    # -- steps: each is given two numbers

    def slots(self, n: int) -> list[int]:
        """One of the slots, if there are any."""
        known = sorted(self.model.targets)
        return [known[n % len(known)]] if known else []

    def add(self, n: int, block: int) -> None:
        target = TARGETS[n % len(TARGETS)]
        (slot,) = self.links.allocate(1)
        assert slot not in self.model.targets
        found = self.model.elsewhere.get(target, 0)
        if n % 2:  # what the tier of copied code does
            self.shared.copy_out.view[slot] = self.copy_links.view[slot] = OUT + slot
            self.model.copied.add(slot)
        self.links.add(slot, target, found)
        self.model.targets[slot] = target

    def link(self, n: int, block: int) -> None:
        for slot in self.slots(n):
            self.links.link(slot, block)
            self.model.link(slot, block)

    def write_lookup(self, n: int, block: int) -> None:
        for slot in self.slots(n):
            self.links.write_lookup(slot)
            self.model.written.add(slot)
            if slot in self.model.linked:
                self.model.stale[slot] = self.model.generation[self.model.linked[slot]]

    def unlink_into(self, n: int, block: int) -> None:
        self.links.unlink_into(block)
        self.model.unlink(self.model.into(block))

    def unlink_all(self, n: int, block: int) -> None:
        if n % 4 == 0:
            self.links.unlink_all()
            self.model.unlink(list(self.model.linked))

    def lead_into(self, n: int, block: int) -> None:
        if block != BLOCKS[-1]:
            self.model.generation[block] += 1
            self._compile(block)
        if n % 2:
            self.links.lead_into(block)
            for slot in self.model.into(block):
                self.model.stale[slot] = self.model.generation[block]

    def drop(self, n: int, block: int) -> None:
        slots = list({*self.slots(n), *self.slots(n // 3)})
        self.links.drop(slots)
        self.model.unlink(slots)
        for slot in slots:
            del self.model.targets[slot]
            self.model.copied.discard(slot)
            self.model.written.discard(slot)

    def give_back(self, n: int, block: int) -> None:
        """Allocate slots and free them without adding them."""
        self.links.give_back(self.links.allocate(n % 3))

    def deny(self, n: int, block: int) -> None:
        self.shared.denied.view[block] = n % 2
        (self.model.denied.add if n % 2 else self.model.denied.discard)(block)

    def chain(self, n: int, block: int) -> None:
        self.model.direct = bool(n % 3)
        self.shared.chain(direct=self.model.direct, returns=True, jumps=True)

    def arrive(self, n: int, block: int) -> None:
        target = TARGETS[-1 - n % 2]
        self.links.arrive(target, block)
        self.model.elsewhere[target] = block

    # -- comparing

    def check(self) -> None:
        """Compare the tables with the model."""
        model, shared = self.model, self.shared
        assert self.links.count == len(model.linked)
        assert shared.control[tables.LINKS_MADE // 8] == model.made
        assert shared.control[tables.LOCK // 8] == 0
        assert {block: self.listed(block) for block in BLOCKS} == {
            block: set(model.into(block)) for block in BLOCKS
        }
        for slot, target in model.targets.items():
            assert self.links.target(slot) == target
            if target.mode & HOOKED:
                assert shared.slot_position.view[slot] == -1
                assert shared.slot_target.view[slot] == model.elsewhere.get(target, 0)
            block = model.linked.get(slot, 0)
            assert shared.slot_block.view[slot] == block
            code = block + 256 * model.stale[slot] if block in BLOCKS[:-1] else 0
            lookup = shared.lookups.address + tables.LOOKUP * slot
            written = slot in model.written
            assert (shared.lookups.view[tables.LOOKUP * slot] != 0) == written
            assert shared.link_code.view[slot] == (UNIT + code if code else lookup)
            if slot in model.copied:
                out = lookup + tables.LOOKUP_COPY if written else OUT + slot
                assert self.copy_links.view[slot] == (COPY + code if code else out)
            else:
                left = lookup + tables.LOOKUP_COPY  # by the slot's user before
                assert self.copy_links.view[slot] in (0, OUT + slot, left)

    def listed(self, block: int) -> set[int]:
        """The slots in the list of a block, which is right in both directions."""
        found: list[int] = []
        slot = self.shared.linked_in.view[block]
        while slot:
            before = self.shared.slot_before.view[slot]
            assert before == (found[-1] if found else 0)
            assert slot not in found
            found.append(slot)
            slot = self.shared.slot_next.view[slot]
        return set(found)


@contextmanager
def machine() -> Iterator[Machine]:
    with guest_tables() as (context, shared):
        yield Machine(context, shared)


STEPS: dict[str, Callable[[Machine, int, int], None]] = {
    name: getattr(Machine, name)
    for name in (
        "add",
        "link",
        "write_lookup",
        "unlink_into",
        "unlink_all",
        "lead_into",
        "drop",
        "give_back",
        "deny",
        "chain",
        "arrive",
    )
}
NAMES = st.sampled_from([*STEPS, *["add", "link", "link"] * 4])
NUMBERS = st.integers(0, 40), st.sampled_from(BLOCKS)


@given(st.lists(st.tuples(NAMES, *NUMBERS), min_size=40, max_size=80))
def test_like_a_dict(steps: list[tuple[str, int, int]]) -> None:
    with machine() as made:
        for n in range(6):
            made.add(n, 0)
        for name, n, block in steps:
            STEPS[name](made, n, block)
            made.check()


def test_a_freed_slot_is_used_again_and_leads_nowhere() -> None:
    with machine() as made:
        made.add(1, 0)
        made.link(0, 2)
        made.check()
        (slot,) = made.model.targets
        made.drop(0, 0)
        made.check()
        made.add(0, 0)
        assert list(made.model.targets) == [slot]
        made.check()
        assert made.shared.copy_out.view[slot] == 0

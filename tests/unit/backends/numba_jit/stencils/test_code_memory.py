"""The code of blocks: places that are given back are used again."""

import itertools
from collections.abc import Iterator
from random import Random

import pytest
from support.stencils import Copies

from backends.numba_jit import abi, tables
from backends.numba_jit.stencils import abi as words
from dbt.interfaces import EXEC, PAGE, READ
from dbt.ir.block import BlockKey

CODE = 0x8000
ADD = (0xE2800001, 0xE2911001, 0xE0A22003, 0xE0933001)  # add, adds, adc, adds
RETURN = 0xE12FFF1E  # bx lr
FUEL = 1000


class Guest(Copies):
    """A page of blocks of 1 to 8 additions and a jump or none, and their code."""

    def __init__(self, random: Random) -> None:
        super().__init__(insns=9)
        self.memory.map(CODE, PAGE, READ | EXEC)
        code = [random.choice((*ADD, RETURN)) for _ in range(PAGE // 4)]
        self.memory.poke(CODE, b"".join(word.to_bytes(4, "little") for word in code))
        self.code: dict[int, tuple[int, int]] = {}
        """Where the code of a block begins and ends, by the block's id."""
        self.free_id = 1

    def make_one(self, pc: int) -> int:
        draft = self.draft(BlockKey(pc))
        assert draft is not None
        block_id, self.free_id = self.free_id, self.free_id + 1
        self.code[block_id] = self.copy(draft, block_id)
        return block_id

    def free(self, block_id: int) -> None:
        self.copier.free(*self.code.pop(block_id))

    @property
    def used(self) -> int:
        """Bytes between the first block's code and all that was ever given out."""
        return self.copier.library.get(words.CURSOR) - self.copier.code.next

    def outcome(self, block_id: int) -> tuple[int, int, dict[str, int], int]:
        """What a block does to some registers."""
        self.state.restore({name: 3 + n for n, name in enumerate(self.state.snapshot())})
        self.control[abi.FUEL // 8] = FUEL
        kind, payload = self.run(self.code[block_id][0])
        if kind == abi.X_LINK:
            payload = 0  # the slot
        return kind, payload, self.state.snapshot(), self.control[abi.FUEL // 8]


@pytest.fixture
def guest() -> Iterator[Guest]:
    made = Guest(Random(1))
    yield made
    made.close()


def test_a_place_is_used_again_for_as_much_code(guest: Guest) -> None:
    first, second = guest.make_one(CODE), guest.make_one(CODE + 64)
    place, used = guest.code[first], guest.used
    guest.free(first)
    third = guest.make_one(CODE)
    assert guest.code[third] == place
    assert guest.used == used
    assert guest.code[second] != place


def test_code_never_overlaps_and_stays_right(guest: Guest) -> None:
    """Making and freeing at random: whatever is there does what it did when it was made."""
    random = Random(2)
    pcs: dict[int, int] = {}
    expected: dict[int, tuple[object, ...]] = {}
    for _ in range(400):
        if guest.code and random.random() < 0.45:
            block_id = random.choice(sorted(guest.code))
            guest.free(block_id)
        else:
            pc = CODE + 4 * random.randrange(PAGE // 4)
            block_id = guest.make_one(pc)
            pcs[block_id] = pc
            found = guest.outcome(block_id)
            assert expected.setdefault(pc, found) == found
        places = sorted(guest.code.values())
        assert all(a[1] <= b[0] for a, b in itertools.pairwise(places))
        for block_id in random.sample(sorted(guest.code), min(4, len(guest.code))):
            assert guest.outcome(block_id) == expected[pcs[block_id]]


def test_constant_memory_over_many_blocks(guest: Guest) -> None:
    random = Random(3)
    used = []
    for _ in range(30):
        for block_id in list(guest.code):
            guest.free(block_id)
        pcs = [CODE + 4 * n for n in range(100)]
        random.shuffle(pcs)
        guest.free_id = 1
        for pc in pcs:
            guest.make_one(pc)
        used.append(guest.used)
    assert len(set(used)) == 1


def test_no_room(guest: Guest) -> None:
    """Then a block begins nowhere, until all code is taken back."""
    library, draft = guest.copier.library, guest.draft(BlockKey(CODE))
    assert draft is not None
    library.set(words.CURSOR, library.get(words.END) - words.LARGEST)
    assert guest.copier.copy(draft, 1, range(2, 2 + len(draft.targets))) is None
    guest.copier.clear()
    assert guest.copy(draft, 1)[0] == guest.copier.code.next


def test_a_door_leads_to_a_unit(guest: Guest) -> None:
    """The copy of the block remains as it is."""
    block_id = guest.make_one(CODE)
    expected = guest.outcome(block_id)
    door = guest.copier.door(block_id)
    assert door is not None
    assert guest.run(door.start) == (tables.X_UNIT, block_id)
    assert guest.outcome(block_id) == expected

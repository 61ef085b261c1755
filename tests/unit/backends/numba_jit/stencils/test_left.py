"""Where copied code is left at an instruction: the same as its lifting says."""

from collections.abc import Iterator

import pytest
from support.stencils import Copies

from backends.numba_jit.stencils import copier
from dbt.interfaces import EXEC, PAGE, READ
from dbt.ir.block import CONDITION_PASSED, BlockKey, Halt, Swi
from frontends.arm import ArmFrontend

CODE = 0x10000
MOVE = 0xE3A07001  # mov r7, #1
EXITS = {
    "svc 0": 0xEF000000,
    "svc 0x900004": 0xEF900004,
    "svc 0xffffff": 0xEFFFFFFF,
    "svceq 7": 0x0F000007,
    "bkpt": 0xE1200070,
    "udf": 0xE7F000F0,
    "udfne": 0x17F000F0,
}


@pytest.fixture(scope="module")
def copies() -> Iterator[Copies]:
    copies = Copies(insns=3)
    copies.memory.map(CODE, PAGE, READ | EXEC)
    yield copies
    copies.close()


def places(name: str) -> range:
    """Where in a block an instruction may be: one with a condition is a block of its own."""
    return range(1 if EXITS[name] >> 28 != 0xE else 3)


@pytest.mark.parametrize(
    ("name", "index"), [(name, index) for name in EXITS for index in places(name)]
)
def test_it_is_left_as_lifting_says(copies: Copies, name: str, index: int) -> None:
    word = EXITS[name]
    mode = CONDITION_PASSED if word >> 28 != 0xE else 0
    code = [*[MOVE] * index, word]
    for at in (CODE, CODE + 0x104):
        copies.memory.poke(at, b"".join(one.to_bytes(4, "little") for one in code))
        assert copies.copier.draft(BlockKey(at, mode), ()) is not None
        key = BlockKey(at + 4 * index, mode)
        left = copies.copier.left(key, at)
        lifted = ArmFrontend().lift_one(key, word, MOVE if index else 0)[0].exit
        assert isinstance(lifted, Swi | Halt)
        assert repr(left) == repr(lifted)


def test_an_exit_is_found_once_and_again_when_its_code_has_changed(
    copies: Copies, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = CODE + 0x300
    key = BlockKey(at)
    for word in (0xEF000001, 0xEF000002):
        copies.memory.poke(at, word.to_bytes(4, "little"))
        assert copies.copier.draft(key, ()) is not None
    first, second = (copies.copier.left(key, head) for head in (at, at - 4))
    assert repr(first) == repr(second) == "Swi(number=2, resume=BlockKey(pc=66308, mode=0))"
    with monkeypatch.context() as patch:
        patch.setattr(copies.copier, "_exit", lambda *_: pytest.fail("it was found before"))
        assert copies.copier.left(key, at) is first
    copies.memory.poke(at, 0xEF000001.to_bytes(4, "little"))
    assert repr(copies.copier.left(key, at)) == "Swi(number=1, resume=BlockKey(pc=66308, mode=0))"


def test_few_exits_are_remembered(copies: Copies, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copier, "_MOST_EXITS", 2)
    copies.copier._exits.clear()
    for at in range(CODE + 0x400, CODE + 0x440, 4):
        copies.memory.poke(at, 0xEF000000.to_bytes(4, "little"))
        assert copies.copier.draft(BlockKey(at), ()) is not None
        assert copies.copier.left(BlockKey(at), at) is not None
        assert len(copies.copier._exits) <= 2


def test_an_instruction_that_is_not_there_any_more_leaves_nowhere(copies: Copies) -> None:
    key = BlockKey(CODE + 0x200)
    for word in (MOVE, 0xE12FFF1E, 0xE0010392):  # mov, bx lr, mul, which is not known yet
        copies.memory.poke(key.pc, word.to_bytes(4, "little"))
        assert copies.copier.left(key, key.pc) is None
    assert copies.copier.left(BlockKey(CODE + PAGE), CODE) is None

"""The call instruction before a return location, in code of one size and of two."""

import pytest
from frontend_contract import Bytes

from dbt.hooks.follow.callers import Callers
from dbt.runtime.memory import GuestMemory
from dbt.runtime.state import GuestState
from frontends.arm import ArmFrontend

BASE, FUNCTION = 0x8000, 0x9000
MOV_R0_R1, BLX_R3 = bytes.fromhex("0100a0e1"), bytes.fromhex("33ff2fe1")
MOVS_R0, BLX_R3_T = bytes.fromhex("0020"), bytes.fromhex("9847")
MOV_LR_PC_T, MOV_PC_R3_T = bytes.fromhex("fe46"), bytes.fromhex("9f46")


def bl(at: int) -> bytes:
    """``bl`` at an address, in ARM state."""
    return (0xEB000000 | (FUNCTION - at - 8) >> 2).to_bytes(4, "little")


def bl_thumb(at: int, *, to_arm: bool = False) -> bytes:
    """``bl`` or ``blx`` at an address, in Thumb state, forward."""
    offset = FUNCTION - (at & ~3 if to_arm else at) - 4
    halves = 0xF000 | offset >> 12, (0xE800 if to_arm else 0xF800) | offset >> 1 & 0x7FF
    return b"".join(half.to_bytes(2, "little") for half in halves)


def callers(code: bytes, r3: int = FUNCTION) -> Callers:
    frontend = ArmFrontend()
    state = GuestState(frontend.layout)
    state.set("r3", r3)
    around = bytes(8)
    return Callers(frontend, Bytes(around + code + around, BASE - 8), GuestMemory(), state)


FIXED = [
    ("arm bl", MOV_R0_R1 + bl(BASE + 4), 4, 0),
    ("thumb bl", MOVS_R0 * 2 + bl_thumb(BASE + 4), 4, 1),
    ("thumb bl, at 2 mod 4", MOVS_R0 + bl_thumb(BASE + 2), 2, 1),
    ("thumb blx", MOVS_R0 + bl_thumb(BASE + 2, to_arm=True), 2, 1),
]
BY_REGISTER = [
    ("arm blx", MOV_R0_R1 + BLX_R3, 4, 0),
    ("thumb blx behind a short instruction", MOVS_R0 * 3 + BLX_R3_T, 6, 1),
    ("thumb blx behind a long one", bl_thumb(BASE) + BLX_R3_T, 4, 1),
    ("thumb mov pc", MOVS_R0 + MOV_LR_PC_T + MOV_PC_R3_T, 4, 1),
]


def table(rows: list[tuple[str, bytes, int, int]]) -> pytest.MarkDecorator:
    parameters = [pytest.param(*row[1:], id=row[0]) for row in rows]
    return pytest.mark.parametrize(("code", "at", "state"), parameters)


@table(FIXED)
def test_the_way_by_a_direct_call_lasts(code: bytes, at: int, state: int) -> None:
    found, link = callers(code), BASE + len(code) | state
    assert found.way(link, FUNCTION) == (BASE + at, None, True)
    assert found.caller(link, FUNCTION) == BASE + at
    assert found.way(link, FUNCTION + 4) == (0, None, True)
    assert found.caller(link, FUNCTION + 4) == 0


@table(BY_REGISTER)
def test_the_way_by_a_register_lasts_while_the_register_does(
    code: bytes, at: int, state: int
) -> None:
    link = BASE + len(code) | state
    assert callers(code).caller(link, FUNCTION) == BASE + at
    assert callers(code).way(link, FUNCTION)[0] == BASE + at
    assert callers(code, r3=0).caller(link, FUNCTION) == 0
    assert callers(code, r3=0).way(link, FUNCTION) == (0, None, False)


@pytest.mark.parametrize("row", BY_REGISTER[:3], ids=lambda row: row[0])
def test_the_way_by_a_register_names_it(row: tuple[str, bytes, int, int]) -> None:
    _, code, at, state = row
    link = BASE + len(code) | state
    assert callers(code).way(link, FUNCTION) == (BASE + at, "r3", True)


@pytest.mark.parametrize(
    ("code", "state"), [(MOV_R0_R1 * 2, 0), (MOVS_R0 * 4, 1), (BLX_R3, 1), (BLX_R3_T * 2, 0)]
)
def test_where_no_call_is_none_is_found(code: bytes, state: int) -> None:
    found, link = callers(code), BASE + len(code) | state
    assert found.way(link, FUNCTION) == (0, None, True)
    assert found.caller(link, FUNCTION) == 0

"""The state buffer: what Python writes is what compiled code reads."""

import ctypes

import pytest
from support.rig import LAYOUT

from dbt.interfaces import CONTROL_BYTES, lay_out
from dbt.ir.types import I1, I8, I32, I64, V128
from dbt.runtime.state import GuestState


def test_slots_are_aligned_and_do_not_overlap() -> None:
    layout = lay_out([("a", I1), ("wide", I64), ("b", I8), ("vector", V128), ("c", I32)])
    end = CONTROL_BYTES
    for slot in layout.slots:
        size = max(4, slot.type.bytes)
        assert slot.offset >= end
        assert slot.offset % size == 0
        end = slot.offset + size
    assert layout.size >= end
    assert layout.size % 16 == 0


def test_values_are_little_endian_words() -> None:
    state = GuestState(LAYOUT)
    state["r1"] = 0x11223344
    state["w0"] = 0x1122334455667788
    state["zf"] = 1
    by_name = LAYOUT.by_name
    assert ctypes.c_uint32.from_address(state.address + by_name["r1"].offset).value == 0x11223344
    assert (
        ctypes.c_uint64.from_address(state.address + by_name["w0"].offset).value
        == 0x1122334455667788
    )
    assert ctypes.c_uint32.from_address(state.address + by_name["zf"].offset).value == 1
    ctypes.c_uint32.from_address(state.address + by_name["r1"].offset).value = 7
    assert state["r1"] == 7


@pytest.mark.parametrize(
    ("slot", "value", "kept"), [("r0", 1 << 32, 0), ("r0", -1, 0xFFFFFFFF), ("zf", 3, 1)]
)
def test_values_are_cut_to_their_type(slot: str, value: int, kept: int) -> None:
    state = GuestState(LAYOUT)
    state.set(slot, value)
    assert state.get(slot) == kept


def test_snapshot_restore_clear() -> None:
    state = GuestState(LAYOUT)
    for number, slot in enumerate(LAYOUT.slots):
        state.set(slot.name, number)
    before = state.snapshot()
    assert before.keys() == LAYOUT.by_name.keys()
    state.clear()
    assert set(state.snapshot().values()) == {0}
    state.restore(before)
    assert state.snapshot() == before


def test_an_unknown_slot() -> None:
    with pytest.raises(KeyError):
        GuestState(LAYOUT)["r99"]

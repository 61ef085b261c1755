"""Named counters and side stacks, from Python and as compiled code sees them."""

import ctypes
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbt.interfaces import COUNTERS_AT, STACK_BYTES, STACK_ENTRIES, Layout
from dbt.runtime.counters import Counters, Stacks
from dbt.runtime.state import GuestState

LAYOUT = Layout((), 0)


def test_counters_are_where_compiled_code_adds() -> None:
    state = GuestState(LAYOUT)
    counters = Counters(state, 8)
    counters.add("a")
    counters.add("b", 5)
    cells = (ctypes.c_uint64 * 8).from_address(state.address + COUNTERS_AT)
    assert list(cells[:3]) == [1, 5, 0]
    cells[counters.index("b")] += 2
    assert counters["b"] == 7
    assert counters["nobody"] == 0
    assert "nobody" not in counters.names
    assert counters.snapshot("b") == {"b": 7}


def test_all_values_at_once() -> None:
    counters = Counters(GuestState(LAYOUT), 8)
    counters.add("a")
    counters.add("b", 1 << 40)
    assert list(counters.values) == [1, 1 << 40]
    counters.values[0] = 7
    assert counters["a"] == 7
    counters.clear()
    assert counters.snapshot() == {"a": 0, "b": 0}


def test_names_may_come_while_all_are_looked_at() -> None:
    class Growing(Counters):
        def __getitem__(self, name: str) -> int:
            self.index(f"after {name}")
            return super().__getitem__(name)

    counters = Growing(GuestState(LAYOUT), 8)
    counters.add("a", 3)
    counters.add("b", 5)
    assert counters.snapshot() == {"a": 3, "b": 5}


def test_counters_wrap() -> None:
    counters = Counters(GuestState(LAYOUT), 8)
    counters.add("a", -1)
    assert counters["a"] == (1 << 64) - 1
    counters.add("a", 2)
    assert counters["a"] == 1


def test_names_run_out() -> None:
    counters = Counters(GuestState(LAYOUT), 2)
    assert [counters.index(name) for name in ("a", "b", "a")] == [0, 1, 0]
    with pytest.raises(MemoryError, match="more than 2 names, at 'c'"):
        counters.index("c")


def test_two_threads_never_get_the_same_index() -> None:
    counters = Counters(GuestState(LAYOUT), 8)

    class Names(dict[str, int]):
        """Another thread adds a name of its own behind each look."""

        def get(self, name: str, default: object = None) -> Any:
            found = super().get(name, default)
            if name == "ours":
                counters.index("theirs")
            return found

        def __len__(self) -> int:
            length = super().__len__()
            if "theirs" not in self:
                counters.index("theirs")
            return length

    counters.names = Names()
    assert counters.index("ours") != counters.index("theirs")
    assert counters.index("ours") == counters.names["ours"]


@given(st.lists(st.none() | st.integers(0, 0xFFFFFFFF)))
def test_a_stack_is_a_stack(steps: list[int | None]) -> None:
    stacks, plain = Stacks(2), list[int]()
    stacks.push("other", 9)
    for step in steps:
        if step is None:
            assert stacks.pop("calls") == (plain.pop() if plain else 0)
        else:
            stacks.push("calls", step)
            plain.append(step)
        assert stacks.depth("calls") == len(plain)
    assert stacks.pop("other") == 9


def test_a_full_stack_loses_its_oldest_entry() -> None:
    stacks = Stacks(1)
    for value in range(STACK_ENTRIES + 2):
        stacks.push("calls", value)
    assert stacks.depth("calls") == STACK_ENTRIES + 2
    got = [stacks.pop("calls") for _ in range(STACK_ENTRIES + 2)]
    assert got[:STACK_ENTRIES] == list(range(STACK_ENTRIES + 1, 1, -1))
    assert got[STACK_ENTRIES:] == [STACK_ENTRIES + 1, STACK_ENTRIES]  # overwritten
    assert stacks.pop("calls") == 0


def test_stacks_lie_as_promised() -> None:
    stacks = Stacks(4)
    stacks.push("first", 1)
    stacks.push("second", 0x11223344)
    base = stacks.address + stacks.index("second") * STACK_BYTES
    assert ctypes.c_uint64.from_address(base).value == 1
    assert ctypes.c_uint32.from_address(base + 8).value == 0x11223344

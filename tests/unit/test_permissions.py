"""Translated code is refused what the permission bytes of pages say."""

from collections.abc import Iterator

import pytest

from dbt.interfaces import PAGE, READ, WRITE
from dbt.permissions import GuardedMemory
from dbt.runtime.memory import GuestMemory
from dbt.stops import Access, GuestFault

AT = 0x100000


@pytest.fixture
def memory() -> Iterator[GuestMemory]:
    made = GuestMemory()
    yield made
    made.close()


@pytest.mark.parametrize("access", ["load", "store", "exchange"])
def test_a_watched_page_refuses_also_the_access_that_finds_its_file_grown(
    memory: GuestMemory, access: str
) -> None:
    def grown(page: int) -> bool:
        memory.set_present(page * PAGE, PAGE, READ | WRITE)
        return True

    memory.map(AT, 2 * PAGE, READ | WRITE)
    memory.set_absent(AT + PAGE, PAGE)
    memory.on_absent = grown
    memory.watch(AT // PAGE + 1, READ | WRITE)
    guarded = GuardedMemory(memory)
    address = AT + PAGE - (0 if access == "exchange" else 2)  # an exchange is aligned
    operands = (address, 4) if access == "load" else (address, 4, 1)
    with pytest.raises(GuestFault) as refused:
        getattr(guarded, access)(*operands)
    assert refused.value.address == AT + PAGE
    assert refused.value.access is (Access.READ if access == "load" else Access.WRITE)
    assert memory.peek(AT + PAGE - 4, 8) == bytes(8)

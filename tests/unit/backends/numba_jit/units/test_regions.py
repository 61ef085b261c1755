"""Which regions may run: those whose edges are linked as they were when they were made."""

import pytest

from backends.numba_jit import tables
from backends.numba_jit.units.regions import Regions

STOPPED = tables.STOPPED // 8


class Table:
    def __init__(self) -> None:
        self.view = [0] * 16


class Tables:
    """What regions see of ``tables.Tables``."""

    def __init__(self) -> None:
        self.control = {STOPPED: 0}
        self.slot_inner, self.slot_block = Table(), Table()

    def link(self, slot: int, block_id: int) -> None:
        self.slot_block.view[slot] = block_id

    def unlink(self, slot: int) -> None:
        """As ``edges.unlink``."""
        self.slot_block.view[slot] = 0
        if self.slot_inner.view[slot]:
            self.slot_inner.view[slot] = tables.UNDONE
            self.control[STOPPED] = 1


@pytest.fixture
def shared() -> Tables:
    made = Tables()
    for slot, block_id in ((1, 7), (2, 8), (3, 7)):
        made.link(slot, block_id)
    return made


@pytest.fixture
def regions(shared: Tables) -> Regions:
    return Regions(shared)  # type: ignore[arg-type]


def test_an_unlinked_edge_ends_the_regions_that_take_it(shared: Tables, regions: Regions) -> None:
    assert regions.enter({1: 7, 2: 8}, {7: 0x700, 8: 0x800})
    assert regions.enter({2: 8}, {5: 0x500})
    assert regions.enter({3: 7}, {6: 0x600})
    assert not regions.stopped
    shared.unlink(2)
    assert regions.stopped
    assert regions.undone() == [{7: 0x700, 8: 0x800}, {5: 0x500}]
    assert not regions.stopped
    assert shared.slot_inner.view[:4] == [0, 0, 0, tables.INNER]


def test_a_link_made_anew_does_not_bring_a_region_back(shared: Tables, regions: Regions) -> None:
    assert regions.enter({1: 7}, {7: 0x700})
    shared.unlink(1)
    shared.link(1, 7)
    assert regions.undone() == [{7: 0x700}]


@pytest.mark.parametrize("block_id", [0, 9])
def test_a_region_may_not_run_whose_edge_has_changed(
    shared: Tables, regions: Regions, block_id: int
) -> None:
    shared.link(2, block_id)
    assert not regions.enter({1: 7, 2: 8}, {7: 0x700})
    assert shared.slot_inner.view == [0] * 16
    shared.unlink(1)
    assert not regions.stopped


def test_other_links_end_nothing(shared: Tables, regions: Regions) -> None:
    assert regions.enter({1: 7}, {7: 0x700})
    shared.unlink(2)
    assert not regions.stopped
    assert regions.undone() == []


def test_a_region_without_units_is_forgotten(shared: Tables, regions: Regions) -> None:
    assert regions.enter({1: 7}, {7: 0x700, 8: 0x800})
    regions.give_up(7, 0x700)
    assert shared.slot_inner.view[1] == tables.INNER
    regions.give_up(8, 0x800)
    assert shared.slot_inner.view[1] == 0
    regions.give_up(9, 0x900)


def test_clear(shared: Tables, regions: Regions) -> None:
    assert regions.enter({1: 7}, {7: 0x700})
    shared.unlink(1)
    regions.clear()
    assert not regions.stopped
    assert regions.undone() == []

"""Ids that are held are given back when the last module that names them is gone."""

from backends.numba_jit.units.held import Held


def test_an_id_is_given_back_with_the_last_module() -> None:
    back: list[int] = []
    held = Held(back.append)
    first, second = held.hold([1, 2]), held.hold([2])
    assert held.keeps(2)
    first()
    assert back == []
    second()
    assert back == [2]
    assert not held.keeps(1)


def test_nothing_is_given_back_after_clear() -> None:
    back: list[int] = []
    held = Held(back.append)
    release = held.hold([1])
    assert held.keeps(1)
    held.clear()
    release()
    assert back == []

"""Return sites: set with the first activation, given up with the last when nobody watches."""

from functools import partial

from dbt.hooks.follow.tracker import Activation
from dbt.hooks.mechanisms.sites import Sites


def activation(site: int) -> Activation:
    return Activation(0x8000, site, site, 0, 0, 0, tail=False)


def test_a_site_in_use_goes_with_its_last_activation() -> None:
    there: set[int] = set()

    def set_up(site: int) -> "partial[None]":
        there.add(site)
        return partial(there.remove, site)

    sites = Sites(set_up)
    first, second, other = activation(1), activation(1), activation(2)
    for one in (first, second, other):
        sites.use(one)
    sites.release(other)
    assert there == {1, 2}
    sites.clear()
    assert there == {1}
    sites.release(first)
    assert there == {1}
    sites.release(second)
    assert there == set()
    sites.use(first)
    sites.clear()
    sites.use(second)  # somebody watches again
    sites.release(first)
    sites.release(second)
    assert there == {1}

"""Return sites learned at run time, shared by the mechanisms that look for returns there."""

from collections.abc import Callable

import attrs

from dbt.hooks.tracker import Activation


@attrs.define
class _Site:
    users: int
    remove: Callable[[], None]


class Sites:
    """Counts the activations that are to return to each site.

    A site stays set when its last activation is over: the next call will come from the same place,
    and setting it costs a translation. ``clear`` gives them all up.
    """

    def __init__(self, set_up: Callable[[int], Callable[[], None]]) -> None:
        self._set_up = set_up
        self._sites: dict[int, _Site] = {}

    def use(self, activation: Activation) -> None:
        """An activation is to return to its site."""
        site = self._sites.get(activation.site)
        if site is None:
            site = self._sites[activation.site] = _Site(0, self._set_up(activation.site))
        site.users += 1

    def release(self, activation: Activation) -> None:
        """It is over."""
        self._sites[activation.site].users -= 1

    def clear(self) -> None:
        """Give up the sites that no activation is to return to."""
        for pc, site in list(self._sites.items()):
            if not site.users:
                site.remove()
                del self._sites[pc]

    def __contains__(self, pc: object) -> bool:
        return pc in self._sites

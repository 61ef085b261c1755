"""Return sites learned at run time, shared by the mechanisms that look for returns there."""

from collections.abc import Callable

import attrs

from dbt.hooks.follow.tracker import Activation


@attrs.define
class _Site:
    remove: Callable[[], None]
    users: int = 0
    closing: bool = False


class Sites:
    """Counts the activations that return to each site.

    A site stays set when its last activation is over: the next call will come from the same place,
    and setting it costs a translation. ``clear`` removes all sites, those in use as soon as their
    last activation is over.
    """

    def __init__(self, set_up: Callable[[int], Callable[[], None]]) -> None:
        self._set_up = set_up
        self._sites: dict[int, _Site] = {}

    def learn(self, pc: int) -> _Site:
        """Set a site if it is not set."""
        site = self._sites.get(pc)
        if site is None:
            site = self._sites[pc] = _Site(self._set_up(pc))
        return site

    def replace(self, pc: int, set_up: Callable[[int], Callable[[], None]]) -> None:
        """Set a site that is set, in another way."""
        self._sites[pc].remove()
        self._sites[pc].remove = set_up(pc)

    def use(self, activation: Activation) -> None:
        """An activation has begun: set its site if it is not set."""
        site = self.learn(activation.site)
        site.users += 1
        site.closing = False

    def release(self, activation: Activation) -> None:
        """An activation is over."""
        site = self._sites[activation.site]
        site.users -= 1
        if site.closing and not site.users:
            self._give_up(activation.site)

    def clear(self) -> None:
        """No function is watched any more: remove all sites."""
        for pc, site in list(self._sites.items()):
            site.closing = True
            if not site.users:
                self._give_up(pc)

    def _give_up(self, pc: int) -> None:
        self._sites.pop(pc).remove()

    def __contains__(self, pc: object) -> bool:
        return pc in self._sites

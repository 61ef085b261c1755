"""The chain policy: which blocks may lead into which without a return to the dispatcher.

A policy says which *kinds* of edge may be chained and which target pcs may be chained into. Each
change takes effect at the next edge, also in the middle of a chained loop: a listener (the engine)
makes the executor remove the links that are no longer allowed. It is called with the pcs that were
denied or allowed, as a ``range`` if they are one, so that a change costs what it changes; with None
when any pc may be concerned, or ``exact`` has changed.
"""

from collections.abc import Callable, Collection, Iterable

from dbt import choices
from dbt.interfaces import LinkKind
from dbt.runtime.ranges import Ranges
from dbt.stops import UsageError
from dbt.typing import TypeAlias

Place: TypeAlias = int | str
"""An address, or a symbol of the program."""
Listener: TypeAlias = Callable[[Collection[int] | None], None]

MODES = {
    "off": frozenset[LinkKind](),
    "direct": frozenset({LinkKind.DIRECT}),
    "all": frozenset(LinkKind),
}


class ChainPolicy:
    """Switches kinds of edges, and denies target pcs: single ones, ranges, or all but some
    (``only``).

    Methods that take places raise UsageError for a place that is neither an address nor a known
    symbol, or at which no block can begin.
    """

    __slots__ = ("_resolve", "allowed_only", "denied", "denied_ranges", "kinds", "listeners")

    def __init__(self, mode: str = "all", resolve: Callable[[Place], int] | None = None) -> None:
        self._resolve = resolve or _address
        self.kinds = self._kinds(mode)
        self.denied: set[int] = set()
        self.denied_ranges = Ranges()
        self.allowed_only: frozenset[int] | None = None
        self.listeners: list[Listener] = []

    @staticmethod
    def _kinds(mode: str) -> frozenset[LinkKind]:
        return MODES[choices.one_of("chain mode", mode, MODES)]

    def permits(self, pc: int) -> bool:
        """False when nothing may chain into a block at ``pc``."""
        if pc in self.denied:
            return False
        if self.allowed_only is not None and pc not in self.allowed_only:
            return False
        return not self.denied_ranges.holds(pc)

    @property
    def exact(self) -> bool:
        """See ``LinkRules.exact``."""
        return self.allowed_only is None and not self.denied_ranges

    def boundaries(self) -> set[int]:
        """The pcs that must begin a block for the policy to be exact about them."""
        return self.denied | (self.allowed_only or frozenset())

    def is_boundary(self, pc: int) -> bool:
        """Whether a pc is one of ``boundaries``."""
        return pc in self.denied or (self.allowed_only is not None and pc in self.allowed_only)

    @property
    def mode(self) -> str | None:
        """The mode whose kinds are those allowed, or None. Setting it calls ``set_mode``."""
        return next((mode for mode, kinds in MODES.items() if kinds == self.kinds), None)

    @mode.setter
    def mode(self, mode: str) -> None:
        self.set_mode(mode)

    def set_mode(self, mode: str) -> None:
        """Allow the kinds of a mode: ``off``, ``direct`` (known targets only) or ``all``."""
        self.kinds = self._kinds(mode)
        self._changed()

    def set_kinds(self, kinds: Iterable[LinkKind | str] | str) -> None:
        """Allow these kinds and no others, each a LinkKind or its value (``"direct"``)."""
        self.kinds = frozenset(map(_kind, choices.several("kinds", kinds)))
        self._changed()

    def deny(self, *places: Place) -> None:
        """Let nothing chain into blocks there: each entry goes through the dispatcher."""
        pcs = {*map(self._resolve, places)} - self.denied
        self.denied |= pcs
        self._changed(pcs)

    def allow(self, *places: Place) -> None:
        """Take back ``deny``."""
        pcs = self.denied.intersection(map(self._resolve, places))
        self.denied -= pcs
        self._changed(pcs)

    def deny_range(self, start: Place, end: Place) -> None:
        """Deny every block that begins in ``start <= pc < end``."""
        exact, bounds = self.exact, self._range(start, end)
        self.denied_ranges.add(bounds)
        self._changed(None if exact else range(*bounds))

    def allow_range(self, start: Place, end: Place) -> None:
        """Take back a ``deny_range`` with the same bounds. Raises UsageError when there is none."""
        bounds = self._range(start, end)
        if bounds not in self.denied_ranges:
            known = [f"{a:#x}..{b:#x}" for a, b in self.denied_ranges]
            raise UsageError(f"no range {bounds[0]:#x}..{bounds[1]:#x}{choices.listed(known)}")
        self.denied_ranges.remove(bounds)
        self._changed(None if self.exact else range(*bounds))

    def only(self, places: Iterable[Place] | Place | None) -> None:
        """Chain into blocks there and into no others; None lifts the restriction."""
        if places is not None:
            places = frozenset(map(self._resolve, choices.several("places", places)))
        self.allowed_only = places
        self._changed()

    def _range(self, start: Place, end: Place) -> tuple[int, int]:
        past = choices.WORD + 1
        bounds = self._resolve(start), past if end == past else self._resolve(end)
        if bounds[0] >= bounds[1]:
            given = "..".join(f"{x:#x}" if isinstance(x, int) else str(x) for x in (start, end))
            raise UsageError(f"a range begins before it ends, not {given}")
        return bounds

    def _changed(self, pcs: Collection[int] | None = None) -> None:
        for listener in self.listeners:
            listener(pcs)


def _address(place: Place) -> int:
    return choices.whole("a pc", place, most=choices.WORD)


def _kind(given: LinkKind | str) -> LinkKind:
    known = {kind.value: kind for kind in LinkKind}
    return given if isinstance(given, LinkKind) else known[choices.one_of("kind", given, known)]

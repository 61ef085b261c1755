"""Which blocks may run on into which without the dispatcher: the chain policy.

A policy says which *kinds* of edge may be chained and which target pcs may be chained into. Every
change takes effect on the next edge, also in the middle of a chained loop: listeners (the engine)
have the executor unlink what is no longer allowed.
"""

from collections.abc import Callable, Iterable

from dbt.interfaces import LinkKind
from dbt.stops import UsageError

MODES = {
    "off": frozenset[LinkKind](),
    "direct": frozenset({LinkKind.DIRECT}),
    "all": frozenset(LinkKind),
}


class ChainPolicy:
    """Kinds on or off, target pcs denied one by one, by range, or all but some (``only``)."""

    def __init__(self, mode: str = "all") -> None:
        self.kinds = self._kinds(mode)
        self.denied: set[int] = set()
        self.denied_ranges: list[tuple[int, int]] = []
        self.allowed_only: frozenset[int] | None = None
        self.listeners: list[Callable[[], None]] = []

    @staticmethod
    def _kinds(mode: str) -> frozenset[LinkKind]:
        try:
            return MODES[mode]
        except KeyError:
            raise UsageError(f"chain mode is one of {', '.join(MODES)}, not {mode!r}") from None

    def permits(self, pc: int) -> bool:
        """False when nothing may chain into a block at ``pc``."""
        if pc in self.denied:
            return False
        if self.allowed_only is not None and pc not in self.allowed_only:
            return False
        return not any(start <= pc < end for start, end in self.denied_ranges)

    def boundaries(self) -> set[int]:
        """The pcs that must begin a block for the policy to be exact about them."""
        return self.denied | (self.allowed_only or frozenset())

    def set_mode(self, mode: str) -> None:
        """``off``, ``direct`` (known targets only) or ``all``."""
        self.kinds = self._kinds(mode)
        self._changed()

    def set_kinds(self, kinds: Iterable[LinkKind]) -> None:
        """Switch the kinds one by one."""
        self.kinds = frozenset(kinds)
        self._changed()

    def deny(self, *pcs: int) -> None:
        """Nothing chains into blocks at these pcs any more: each entry goes by the dispatcher."""
        self.denied.update(pcs)
        self._changed()

    def allow(self, *pcs: int) -> None:
        """Take back ``deny``."""
        self.denied.difference_update(pcs)
        self._changed()

    def deny_range(self, start: int, end: int) -> None:
        """Deny every block that begins in ``start <= pc < end``."""
        self.denied_ranges.append((start, end))
        self._changed()

    def allow_range(self, start: int, end: int) -> None:
        """Take back a ``deny_range`` with the same bounds. Raises ValueError when there is none."""
        self.denied_ranges.remove((start, end))
        self._changed()

    def only(self, pcs: Iterable[int] | None) -> None:
        """Chain into these pcs and no others; None lifts the restriction."""
        self.allowed_only = None if pcs is None else frozenset(pcs)
        self._changed()

    def _changed(self) -> None:
        for listener in self.listeners:
            listener()

"""The names by which conditions and callbacks ask for the guest's registers."""

import functools
from collections.abc import Mapping

from dbt.classes import attrs
from dbt.interfaces import PC_SLOT, CallAbi, Layout

DEPTH = "depth"
"""Number of watched activations that are alive. A name in conditions, but not for callbacks."""
ACCESS_NAMES = ("address", "size", "value")
"""What an access to memory has: where, how many bytes, and what was read or written."""


@attrs.frozen
class Names:
    """``slots``: the state slot of each name. ``pcs``: names of the pc, which is in no slot while a
    block runs. ``event``: names of what the event has, which are in no slot either."""

    slots: Mapping[str, str]
    pcs: frozenset[str]
    event: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        """Every name, for messages."""
        return (*self.event, *self.slots, *sorted(self.pcs))

    def at_accesses(self) -> "Names":
        """The names at an access to memory, where there are ``ACCESS_NAMES``, too."""
        return attrs.evolve(self, event=ACCESS_NAMES)


def names_of(layout: Layout, abi: CallAbi) -> Names:
    """The names for a guest: its general registers and what else they are called, the argument
    registers as ``arg0``, ``arg1`` and so on, the pc, and ``depth``."""
    registers = {**{name: name for name in layout.general}, **dict(layout.aliases)}
    slots = {name: slot for name, slot in registers.items() if slot != PC_SLOT}
    slots |= {f"arg{index}": slot for index, slot in enumerate(abi.arguments)}
    return Names({**slots, DEPTH: DEPTH}, frozenset(registers.keys() - slots.keys()) | {PC_SLOT})


@functools.cache
def installed_names() -> Names:
    """The names of all installed frontends: for what is checked before there is a process."""
    from dbt import plugins

    slots: dict[str, str] = {}
    pcs: frozenset[str] = frozenset()
    for name in sorted(plugins.available("dbt.frontends")):
        frontend = plugins.load("dbt.frontends", name)
        found = names_of(frontend.layout, frontend.call_abi)
        slots |= found.slots
        pcs |= found.pcs
    return Names(slots, pcs)

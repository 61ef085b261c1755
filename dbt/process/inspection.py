"""What a user may ask of a process between runs: the texts and figures behind ``Process``."""

from dbt.interfaces import Layout, State


def registers(layout: Layout, state: State) -> list[str]:
    """All general registers, four a line, then the flags."""
    cells = [f"{name:>4} {state.get(name):08x}" for name in layout.general]
    lines = ["".join(cells[i : i + 4]) for i in range(0, len(cells), 4)]
    flags = [slot.name for slot in layout.slots if slot.type.bits == 1]
    lines.append("  " + " ".join(f"{name}={state.get(name)}" for name in flags))
    return lines

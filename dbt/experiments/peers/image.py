"""A loaded program before its first instruction, for emulators without a loader."""

import attrs

from dbt.experiments.harness.guest_run import Program, Setting, open_program
from dbt.interfaces import PC_SLOT, CallAbi


@attrs.frozen
class Segment:
    """Mapped guest memory: whole pages. ``perms`` are READ, WRITE, EXEC of ``dbt.interfaces``."""

    start: int
    perms: int
    data: bytes


@attrs.frozen
class Image:
    """Memory and registers at the program's first instruction."""

    program: Program
    segments: tuple[Segment, ...]
    registers: dict[str, int]
    """The general registers and pc."""
    abi: CallAbi
    location: int
    """Where to start."""
    state_bits: int
    """The bits of a location that are not its address."""

    @property
    def stack(self) -> int:
        """The first stack pointer."""
        return self.registers[self.abi.stack]


@attrs.frozen
class Seen:
    """What one watched run showed."""

    seconds: float
    """Processor time; the adapter's docstring says what it contains."""
    events: int
    output: bytes
    status: int | None
    """Exit status; None when the program did not end by itself."""
    unsupported: tuple[str, ...] = ()
    """System calls and exceptions that the adapter does not support."""


def load_image(program: Program) -> Image:
    """Load a program as ``armdbt run`` does. Raises UsageError when that fails."""
    process = open_program(program, Setting(tier="0"), backend="reference")
    try:
        memory = process.memory
        segments = tuple(
            Segment(area.start, area.perms, memory.read(area.start, area.end - area.start))
            for area in process.kernel.space.areas
        )
        layout, abi = process.frontend.layout, process.frontend.call_abi
        registers = {name: process.state.get(name) for name in layout.general}
        return Image(program, segments, registers, abi, registers[PC_SLOT], layout.state_bits)
    finally:
        process.close()

"""What a guest may be told of its processor: AT_HWCAP, AT_HWCAP2, AT_PLATFORM and /proc/cpuinfo.

Whatever it is told, all instructions run: programs that ask choose other code, and that is all.
"""

from dbt import choices
from dbt.classes import attrs

HWCAP = (
    "swp", "half", "thumb", "26bit", "fastmult", "fpa", "vfp", "edsp", "java", "iwmmxt", "crunch",
    "thumbee", "neon", "vfpv3", "vfpv3d16", "tls", "vfpv4", "idiva", "idivt", "vfpd32", "lpae",
    "evtstrm",
)  # fmt: skip
HWCAP2 = ("aes", "pmull", "sha1", "sha2", "crc32")
"""Features by bit (arch/arm/include/uapi/asm/hwcap.h). ``lpae`` would say that 64 bits are loaded
at once, also where processes share memory."""
_FEATURES = (
    "swp", "half", "thumb", "fastmult", "vfp", "edsp", "neon", "vfpv3", "tls", "vfpv4", "idiva",
    "idivt", "vfpd32",
)  # fmt: skip


@attrs.frozen
class Processor:
    """One that a guest may be told of."""

    architecture: int
    part: int
    """Its number among those of Arm."""
    additions: tuple[str, ...] = ()
    """What AT_HWCAP2 has."""

    @property
    def features(self) -> tuple[str, ...]:
        """What it has, by the names in ``HWCAP`` and ``HWCAP2``."""
        return (*_FEATURES, *self.additions)

    @property
    def platform(self) -> str:
        """AT_PLATFORM."""
        return f"v{self.architecture}l"

    @property
    def hwcap(self) -> int:
        """AT_HWCAP."""
        return sum(1 << HWCAP.index(name) for name in _FEATURES)

    @property
    def hwcap2(self) -> int:
        """AT_HWCAP2."""
        return sum(1 << HWCAP2.index(name) for name in self.additions)

    @property
    def cpuinfo(self) -> bytes:
        """/proc/cpuinfo."""
        return (
            "processor\t: 0\n"
            f"model name\t: ARMv{self.architecture} Processor rev 0 ({self.platform})\n"
            "BogoMIPS\t: 100.00\n"
            f"Features\t: {' '.join(self.features)}\n"
            "CPU implementer\t: 0x41\n"
            f"CPU architecture: {self.architecture}\n"
            "CPU variant\t: 0x0\n"
            f"CPU part\t: {self.part:#x}\n"
            "CPU revision\t: 0\n\n"
            "Hardware\t: armdbt\n"
            "Revision\t: 0000\n"
            "Serial\t\t: 0000000000000000\n"
        ).encode()


PROCESSORS = {
    "max": Processor(8, 0xD03, HWCAP2),  # a Cortex-A53 has what runs here
    "cortex-a15": Processor(7, 0xC0F),
}


def processor(name: str) -> Processor:
    """One by name; the first if the name is empty. Raises UsageError."""
    return PROCESSORS[choices.one_of("processor", name or next(iter(PROCESSORS)), PROCESSORS)]

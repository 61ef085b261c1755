"""Where the small guest programs are, and their symbols."""

from pathlib import Path

from elftools.elf.elffile import ELFFile

ROOT = Path(__file__).resolve().parents[2]
GUESTS = ROOT / "tests" / "guests"
BENCHMARKS = ROOT / "benchmarks" / "guests"
DEMO = ROOT / "dbt" / "data" / "demo.elf"

BRANCH = 0x0A000000
"""``b`` and ``bl``: bits 27 to 25; bit 24 tells them apart."""


def guest(name: str) -> Path:
    """A committed ELF file of ``tests/guests``, or of ``benchmarks/guests``."""
    path = GUESTS / f"{name}.elf"
    return path if path.is_file() else BENCHMARKS / f"{name}.elf"


def all_guests() -> list[Path]:
    return [*sorted(GUESTS.glob("*.elf")), *sorted(BENCHMARKS.glob("*.elf")), DEMO]


def symbols(path: Path) -> dict[str, int]:
    """Addresses of the named symbols of an ELF file."""
    with path.open("rb") as file:
        table = ELFFile(file).get_section_by_name(".symtab")
        return {s.name: s["st_value"] for s in table.iter_symbols() if s.name} if table else {}


def branch_targets(path: Path) -> list[int]:
    """The entry point and the targets of the ``b`` and ``bl`` instructions of a static A32
    program, one element per branch: addresses where blocks certainly begin, the busier ones more
    often. Words of data that look like branches are taken for them. Of Thumb code, the locations
    that have a name."""
    with path.open("rb") as file:
        elf = ELFFile(file)
        targets = [elf["e_entry"]]
        executable = [
            s for s in elf.iter_segments() if s["p_type"] == "PT_LOAD" and s["p_flags"] & 1
        ]
        for segment in executable:
            start, data = segment["p_vaddr"], segment.data()
            for at in range(0, len(data) - 3, 4):
                word = int.from_bytes(data[at : at + 4], "little")
                if word & 0x0E000000 == BRANCH and word >> 28 != 15:
                    offset = ((word & 0xFFFFFF) ^ 0x800000) - 0x800000
                    target = start + at + 8 + offset * 4
                    if start <= target < start + len(data):
                        targets.append(target)
        return targets + thumb_locations(elf)


def thumb_locations(elf: ELFFile) -> list[int]:
    """The locations of named places in Thumb code."""
    table = elf.get_section_by_name(".symtab")
    placed = [s for s in table.iter_symbols() if s["st_shndx"] != "SHN_ABS"] if table else []
    found, thumb = [], False
    for symbol in sorted(placed, key=lambda s: (s["st_value"] & ~1, not s.name.startswith("$"))):
        if symbol.name[:2] in ("$a", "$d", "$t"):  # mapping symbols: the state from here on
            thumb = symbol.name.startswith("$t")
        elif symbol.name and thumb:
            found.append(symbol["st_value"] | 1)
    return found

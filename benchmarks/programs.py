"""The compute programs, with arguments that keep qemu-arm busy for a second or two."""

from pathlib import Path

import attrs

from benchmarks.harness import GUESTS


@attrs.frozen
class Program:
    name: str
    argument: str
    short: str

    @property
    def path(self) -> Path:
        return GUESTS / f"{self.name}.elf"

    def command(self, *, short: bool) -> list[str]:
        return [str(self.path), self.short if short else self.argument]


PROGRAMS = (
    Program("fib", "38", "27"),
    Program("sha256", "2000000", "20000"),
    Program("quicksort", "600", "10"),
    Program("matrix", "3000", "40"),
    Program("crc32", "5000", "80"),
    Program("bytecode", "300000", "6000"),
    Program("lists", "1500", "20"),
    Program("lz", "2000", "30"),
)


def selected(only: list[str]) -> list[Program]:
    """The programs named, or all."""
    return [program for program in PROGRAMS if not only or program.name in only]

"""The small programs: one source file each, which prints a checksum of what it computed. Those of
integers are there twice, in A32 and in T32 code, and those of single precision with VFP and with
NEON."""

from pathlib import Path

import attrs

from dbt.experiments.speed.commands import Case
from dbt.stops import UsageError

GROUP, FLOAT, THUMB = "small", "float", "thumb"
GROUPS = (GROUP, FLOAT, THUMB)
"""Integers in A32 code, floating point in A32 code, and the first again in T32 code."""
TREE = Path(__file__).resolve().parents[3]
GUESTS = TREE / "benchmarks" / "guests"
"""Sources beside ELF files (``make guests``)."""
RUNTIME = TREE / "tests" / "guests" / "src" / "rt"
"""What the programs include, and ``native.c``, which serves them on the host."""


@attrs.frozen
class Program:
    """A program, and the arguments that keep qemu-arm busy for about 2 s, and 0.1 s. Of floating
    point they are for 10 s and 0.5 s: a start takes us longer than a fifth of 2 s."""

    name: str
    argument: str
    short: str
    group: str = GROUP


_INTEGERS = (
    Program("fib", "40", "33"),
    Program("sha256", "4700000", "200000"),
    Program("quicksort", "1300", "55"),
    Program("matrix", "5300", "220"),
    Program("crc32", "12000", "500"),
    Program("bytecode", "390000", "28000"),
    Program("lists", "3300", "140"),
    Program("lz", "4000", "170"),
    Program("base64", "310000", "12000"),
    Program("bignum", "900000", "36000"),
    Program("chacha", "5800000", "230000"),
    Program("dijkstra", "12000", "480"),
    Program("forth", "400000", "16000"),
    Program("hashtable", "22000", "900"),
    Program("heapsort", "1700", "70"),
    Program("huffman", "15000", "600"),
    Program("levenshtein", "71000", "2800"),
    Program("life", "78000", "3100"),
    Program("mandelbrot", "2400", "98"),
    Program("md5", "5800000", "230000"),
    Program("nbody", "52000", "2000"),
    Program("queens", "8600", "340"),
    Program("regex", "10000", "400"),
    Program("shapes", "62000", "2400"),
    Program("sieve", "1300", "52"),
    Program("strings", "100000", "4200"),
    Program("tree", "4900", "190"),
)
_FLOATS = (
    Program("fp_fft", "27000", "1300", FLOAT),
    Program("fp_mandelbrot", "1200", "60", FLOAT),
    Program("fp_matrix", "5700", "280", FLOAT),
    Program("fp_nbody", "8000000", "400000", FLOAT),
    Program("fp_spectral", "17500", "870", FLOAT),
)
_VECTORS = (
    Program("neon_fp_fft", "27000", "1300", FLOAT),
    Program("neon_fp_matrix", "5700", "280", FLOAT),
)
PREFIX, NEON = "thumb_", "neon_"
"""Of the names of programs in T32 code, and with NEON."""
PROGRAMS = (
    *_INTEGERS,
    *_FLOATS,
    *_VECTORS,
    *(attrs.evolve(p, name=f"{PREFIX}{p.name}", group=THUMB) for p in _INTEGERS),
)
NAMES = tuple(program.name for program in PROGRAMS)


def source(name: str) -> str:
    """The file's name of a program's source."""
    return f"{name.removeprefix(PREFIX).removeprefix(NEON)}.c"


def cases(guests: Path, *, short: bool) -> list[Case]:
    """The case of each program. Raises UsageError when the directory has not all of them."""
    found = []
    for program in PROGRAMS:
        path = guests / f"{program.name}.elf"
        if not path.is_file():
            raise UsageError(f"{path}: No such file: --guests is benchmarks/guests of the sources")
        argument = program.short if short else program.argument
        found.append(Case(program.group, program.name, ((str(path.resolve()), argument),)))
    return found

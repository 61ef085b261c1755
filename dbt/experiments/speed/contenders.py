"""Who runs a case: armdbt in several settings, qemu-arm, Unicorn, and the host itself."""

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import attrs

from dbt.experiments.harness.host_facts import QEMU
from dbt.experiments.peers import unicorn
from dbt.experiments.speed import small
from dbt.experiments.speed.commands import Case, armdbt, main_of

BASE = "qemu"
OURS: Mapping[str, tuple[str, ...]] = {
    "tier0": ("--tier", "0"),
    "tier0-unchained": ("--tier", "0", "--chain", "off"),
    "tier0-explicit": ("--tier", "0", "--memory-checks", "explicit"),
    "auto": ("--tier", "auto"),
    "auto-unchained": ("--tier", "auto", "--chain", "off"),
    "auto-reused": ("--tier", "auto", "--reuse", "on"),
    "auto-block": ("--tier", "auto", "--unit", "block"),
    "auto-explicit": ("--tier", "auto", "--memory-checks", "explicit"),
}
"""Names to the options of ``armdbt run``."""
QEMUS: Mapping[str, tuple[str, ...]] = {BASE: (), "qemu-nochain": ("-d", "nochain")}
UNICORN, NATIVE = "unicorn", "native"
NAMES = (*QEMUS, *OURS, UNICORN, NATIVE)
SMALL_ONLY = (UNICORN, NATIVE, "auto-reused")
"""Unicorn's adapter serves few system calls and no floating point, and the sources of Debian's
programs are not here; native code also runs those of floating point.
Whole programs are run with ``--reuse on``, as it is by default; small ones with ``off`` but for
this contender: their times contain that of compilation."""

COMPILERS = ("cc", "gcc", "clang")
FLAGS = (
    "-O2", "-std=gnu11", "-funsigned-char", "-ffp-contract=off", "-fno-builtin", "-fno-math-errno",
    "-w",
)  # fmt: skip
"""As the guests are built, as far as the host knows it: plain ``char`` is unsigned on ARM, and
multiplications are not fused with additions."""


@attrs.frozen
class Natives:
    """The small programs, compiled for the host."""

    directory: Path
    lacking: str | None = None
    """Why there are none."""

    def path(self, case: Case) -> str:
        """The executable of a case."""
        return str(self.directory / case.name)


def compile_natives(cases: Sequence[Case], directory: Path) -> Natives:
    """Compile the source of each program, beside it, into a directory."""
    compiler = next(filter(shutil.which, COMPILERS), None)
    if compiler is None:
        return Natives(directory, f"needs one of {', '.join(COMPILERS)}")
    natives = Natives(directory)
    for case in cases:
        source = Path(case.programs[0]).with_name(small.source(case.name))
        words = [compiler, *FLAGS, f"-I{small.RUNTIME}", "-o", natives.path(case)]
        words += [str(source), str(small.RUNTIME / "native.c")]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode:
            first = done.stderr.partition("\n")[0]
            return Natives(directory, f"{compiler} cannot compile {source.name}: {first}")
    return natives


def lacking(name: str, natives: Natives) -> str | None:
    """Why a contender cannot take part, or None."""
    if name == UNICORN:
        return unicorn.lacking()
    return natives.lacking if name == NATIVE else None


def takes_part(name: str, case: Case) -> bool:
    """Whether a contender is for this kind of case."""
    if name == NATIVE:
        return case.group in (small.GROUP, small.FLOAT)
    return case.group == small.GROUP or name not in SMALL_ONLY


def words_of(name: str, case: Case, natives: Natives) -> list[list[str]]:
    """The commands with which a contender runs a case."""
    root = ["-L", case.root] if case.root else []
    anew = ["--reuse", "off"] if case.group in small.GROUPS else []
    found = []
    for words in case.commands:
        if name in QEMUS:
            found.append([QEMU, *QEMUS[name], *root, *words])
        elif name in OURS:
            found.append([*armdbt("run", *anew, *OURS[name], *root), *words])
        elif name == UNICORN:
            found.append(main_of("dbt.experiments.speed.unicorn_run", *words))
        else:
            found.append([natives.path(case), *words[1:]])
    return found

"""Compare armdbt with qemu-arm: the same command in two fresh directories, and everything seen.

A ``Case`` is a command and its input files. It is run by qemu-arm once and by armdbt in each mode;
what must agree is standard output, exit status, the files it left and, unless the case says
otherwise, standard error.
"""

import difflib
import functools
import hashlib
import os
import random
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import attrs
import pytest
from support.debian_root import ARMHF_ROOT, DEFAULT_ROOT, is_whole
from support.forkserver import Outcome
from support.guests import branch_targets
from support.rotation import FULL
from support.runs import command

QEMU = "qemu-arm"
GDB = "gdb-multiarch"
TIMEOUT = 300.0
"""Seconds, for two idle cores many times over."""
REQUIRED = os.environ.get("ARMDBT_REQUIRE_ORACLES", "") not in ("", "0")
BASE_ENV = {"LC_ALL": "C", "TZ": "UTC", "HOME": "/", "PATH": "/usr/bin:/bin"}


def lacking(what: str) -> None:
    """Skip for want of an oracle; where oracles are required (CI), fail."""
    if REQUIRED:
        pytest.fail(f"{what} is required here", pytrace=False)
    pytest.skip(what)


def need_qemu() -> None:
    if shutil.which(QEMU) is None:
        lacking("needs qemu-arm (Debian: qemu-user)")


def need_gdb() -> None:
    if shutil.which(GDB) is None:
        lacking("needs gdb-multiarch (Debian: gdb-multiarch)")


def need_root() -> Path:
    """The unpacked Debian root, or a skip."""
    if not is_whole(DEFAULT_ROOT):
        lacking("needs Debian's armel programs (make root)")
    return DEFAULT_ROOT


def need_armhf_root() -> Path:
    """The same of armhf."""
    if not is_whole(ARMHF_ROOT):
        lacking("needs Debian's armhf programs (make root ARCHITECTURE=armhf)")
    return ARMHF_ROOT


# -- Modes -----------------------------------------------------------------------------------------

MODES: Mapping[str, tuple[str, ...]] = {
    "chain-all": (),
    "chain-direct": ("--chain", "direct"),
    "chain-off": ("--chain", "off"),
    "denied": (),  # and --no-chain for twenty random targets
    "copied": ("--tier", "0"),
    "copied-checked": ("--tier", "0", "--memory-checks", "explicit"),
    "checked": ("--memory-checks", "explicit", "--hot", "20", "--background", "off"),
    "compiled": ("--tier", "2"),
    "mixed": ("--tier", "auto", "--hot", "20", "--background", "off"),
    "regions": ("--unit", "function", "--hot", "20", "--background", "off"),
}
"""armdbt's options in each mode a program is compared in."""

HOT_OF_DEBIAN, HOT_OF_REGIONS, HOT_OF_SHELLS = "100", "2000", "1000"
HOT_OF_DYNAMIC = HOT_OF_DEBIAN if FULL else "1000"
"""When blocks of Debian's programs are hot. They are many: at 20 executions, sed compiles 3,200 for
400 lines. What runs less often is compiled in mode ``compiled``. Regions of dynamic programs are made
again as they grow: at 500 executions, jq compiles 2,500 blocks for one filter, at 2,000 1,000. In
other modes it compiles 4,600 at 100 executions, and 1,900 at 1,000."""
SHELLS = ("bash", "dash")

DENIED = 20


@functools.cache
def _targets(program: str) -> list[int]:
    return branch_targets(Path(program))


def mode_options(mode: str, case: "Case") -> tuple[str, ...]:
    """armdbt's options for a mode. The denied targets are random, the same ones for one case.

    Each process that a shell starts compiles all it executes anew: it does so without optimising,
    and seldom where only hot blocks are compiled.
    """
    shell = case.argv[1:2] == ("sh",) or Path(case.argv[0]).name in SHELLS
    if mode == "compiled" and shell:
        return ("--tier", "1")
    if mode != "denied":
        options = MODES[mode]
        if "--hot" in options and Path(case.argv[0]).is_relative_to(DEFAULT_ROOT):
            dynamic = Path(case.argv[0]).name != "busybox"
            of_dynamic = HOT_OF_REGIONS if mode == "regions" else HOT_OF_DYNAMIC
            hot = of_dynamic if dynamic else HOT_OF_DEBIAN
            options += ("--hot", HOT_OF_SHELLS if shell else hot)
        return options
    chosen = sorted(set(random.Random(case.name).choices(_targets(case.argv[0]), k=DENIED)))
    return tuple(option for pc in chosen for option in ("--no-chain", hex(pc)))


# -- Cases -----------------------------------------------------------------------------------------


@attrs.frozen
class Case:
    """``argv[0]`` is the guest program's path. ``prepare`` fills the fresh directory."""

    name: str
    argv: tuple[str, ...]
    prepare: Callable[[Path], None] = attrs.field(default=lambda _: None, eq=False)
    options: tuple[str, ...] = ()
    qemu_options: tuple[str, ...] = ()
    env: Mapping[str, str] = attrs.field(factory=dict, eq=False, hash=False)
    qemu_env: Mapping[str, str] = attrs.field(factory=dict, eq=False, hash=False)
    prepare_qemu: Callable[[Path], None] = attrs.field(default=lambda _: None, eq=False)
    stdin: bytes = b""
    compare_stderr: bool = True
    timeout: float = TIMEOUT


NOTHING = Case("nothing", ())
"""Stands for the cases of a test that has none for want of programs: it skips, and says why."""


def comparisons(selected: Iterable[tuple[Case, str]]) -> list[pytest.ParameterSet]:
    """Cases and modes as parameters of a test."""
    return [pytest.param(*row, id=f"{row[0].name}-{row[1]}") for row in selected] or [
        pytest.param(NOTHING, "", id=NOTHING.name)
    ]


@attrs.frozen
class Result:
    """An outcome and the files left behind."""

    outcome: Outcome
    files: Mapping[str, str]


def listing(directory: Path) -> dict[str, str]:
    """Path: kind, mode and digest of everything under ``directory``."""
    found = {}
    for path in sorted(directory.rglob("*")):
        name = str(path.relative_to(directory))
        if name.startswith((".", "busybox")):  # tools of the case
            continue
        if path.is_symlink():
            found[name] = f"-> {path.readlink()}"
        elif path.is_file():
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
        else:
            found[name] = "directory"
    return found


class Fresh:
    """A fresh directory with the input of a case."""

    def __init__(self, case: Case) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="armdbt-case-")
        self.home = Path(self._directory.name)
        self.work = self.home / "work"
        self.work.mkdir()
        case.prepare(self.work)
        self.stdin = self.home / "stdin"
        self.stdin.write_bytes(case.stdin)

    def __enter__(self) -> "Fresh":
        return self

    def __exit__(self, *_: object) -> None:
        self._directory.cleanup()


@functools.cache
def qemu_result(case: Case) -> Result:
    """What qemu-arm makes of a case."""
    with Fresh(case) as fresh:
        case.prepare_qemu(fresh.work)
        with fresh.stdin.open("rb") as stdin:
            done = subprocess.run(
                [shutil.which(QEMU) or QEMU, *case.qemu_options, *case.argv],
                stdin=stdin,
                capture_output=True,
                cwd=fresh.work,
                env={**BASE_ENV, **case.env, **case.qemu_env},
                timeout=case.timeout,
                check=False,
                start_new_session=True,
            )
        status = done.returncode if done.returncode >= 0 else 128 - done.returncode
        errors = b"".join(
            line for line in done.stderr.splitlines(True) if not line.startswith(b"qemu: ")
        )
        return Result(Outcome(status, done.stdout, errors), listing(fresh.work))


def armdbt_result(case: Case, options: Sequence[str], verb: str = "run") -> Result:
    """What armdbt makes of a case with more command line options; ``verb`` is its command."""
    with Fresh(case) as fresh:
        outcome = command(
            verb,
            *case.options,
            *options,
            *case.argv,
            cwd=fresh.work,
            env={**BASE_ENV, **case.env},
            stdin=fresh.stdin,
            timeout=case.timeout,
        )
        errors = b"".join(
            line
            for line in outcome.stderr.splitlines(True)
            if not line.startswith(b"armdbt: not supported, ")
        )
        return Result(attrs.evolve(outcome, stderr=errors), listing(fresh.work))


# -- Comparing -------------------------------------------------------------------------------------


def assert_same(case: Case, expected: Result, actual: Result) -> None:
    """Fail with a readable difference unless the two results agree."""
    told = []
    if actual.outcome.status == -1:
        told.append(f"took longer than {case.timeout} s and was killed")
    elif expected.outcome.status != actual.outcome.status:
        told.append(f"status: expected {expected.outcome.status}, got {actual.outcome.status}")
    told += _difference("stdout", expected.outcome.stdout, actual.outcome.stdout)
    if case.compare_stderr:
        told += _difference("stderr", expected.outcome.stderr, actual.outcome.stderr)
    elif told:
        told.append("stderr:\n" + actual.outcome.stderr.decode(errors="replace")[-2000:])
    if expected.files != actual.files:
        told += _difference("files", _rows(expected.files), _rows(actual.files))
    if told:
        pytest.fail(f"{case.name} differs from qemu-arm\n" + "\n".join(told), pytrace=False)


def _rows(files: Mapping[str, str]) -> bytes:
    return "\n".join(f"{name} {what}" for name, what in files.items()).encode()


def _difference(what: str, expected: bytes, actual: bytes) -> list[str]:
    if expected == actual:
        return []
    lines = difflib.unified_diff(
        expected.decode(errors="backslashreplace").splitlines(),
        actual.decode(errors="backslashreplace").splitlines(),
        f"{what} of qemu-arm",
        f"{what} of armdbt",
        lineterm="",
        n=1,
    )
    shown = list(lines)[:40]
    return shown or [f"{what}: differs in line endings"]

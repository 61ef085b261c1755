"""Debian's programs that start threads: as under qemu-arm, whatever the order of turns."""

import shutil
from pathlib import Path

import pytest
from support.debian_root import ARMHF_ROOT, DEFAULT_ROOT
from support.oracle import (
    Case,
    armdbt_result,
    assert_same,
    comparisons,
    mode_options,
    need_armhf_root,
    need_qemu,
    need_root,
    qemu_result,
)
from support.rotation import FULL

pytestmark = pytest.mark.oracle
SCRIPTS = Path(__file__).parents[1] / "guests/python"
COMMANDS = {
    "python-sockets": ("/usr/bin/python3.11", "-I", "socket_threads.py"),
    "python-threads": ("/usr/bin/python3.11", "-I", "threads.py"),
    "xz": ("/usr/bin/xz", "--threads=2", "--block-size=65536", "-0", "--keep", "numbers.txt"),
    "zstd": ("/usr/bin/zstd", "-q", "-T2", "-B65536", "--keep", "numbers.txt"),
}


def prepare(directory: Path) -> None:
    """The scripts, and something to compress."""
    for script in SCRIPTS.glob("*.py"):
        shutil.copy(script, directory)
    (directory / "numbers.txt").write_text("\n".join(map(str, range(60000))))


def case(name: str, root: Path = ARMHF_ROOT) -> Case:
    program, *words = COMMANDS[name]
    options = ("-L", str(root))
    path = str(root) + program
    label = name if root == ARMHF_ROOT else f"{name}-armel"
    return Case(label, (path, *words), prepare, options=options, qemu_options=options)


def selected() -> list[tuple[Case, str]]:
    roots = (ARMHF_ROOT, DEFAULT_ROOT) if FULL else (ARMHF_ROOT,)
    rows = [(case(name, root), "chain-all") for root in roots for name in COMMANDS]
    return rows + [(case("python-sockets"), mode) for mode in ("chain-off", "copied-checked")]


@pytest.mark.parametrize(("one", "mode"), comparisons(selected()))
def test_same_as_qemu(one: Case, mode: str) -> None:
    need_qemu()
    need_armhf_root()
    need_root()
    assert_same(one, qemu_result(one), armdbt_result(one, mode_options(mode, one)))


@pytest.mark.parametrize("seed", range(1, 4))
def test_the_same_in_another_order(seed: int) -> None:
    need_qemu()
    need_armhf_root()
    one = case("python-sockets")
    assert_same(one, qemu_result(one), armdbt_result(one, ("--sched-seed", str(seed))))

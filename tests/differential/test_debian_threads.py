"""Debian's programs that start threads, of armhf: as under qemu-arm, whatever the order of turns."""

import shutil
from pathlib import Path

import pytest
from support.debian_root import ARMHF_ROOT
from support.oracle import (
    Case,
    armdbt_result,
    assert_same,
    comparisons,
    mode_options,
    need_armhf_root,
    need_qemu,
    qemu_result,
)

pytestmark = pytest.mark.oracle
SCRIPTS = Path(__file__).parents[1] / "guests/python"
COMMANDS = {
    "python-sockets": ("/usr/bin/python3.11", "-I", "socket_threads.py"),
    "python-threads": ("/usr/bin/python3.11", "-I", "threads.py"),
    "xz": ("/usr/bin/xz", "--threads=2", "--block-size=65536", "-0", "--keep", "numbers.txt"),
}


def prepare(directory: Path) -> None:
    """The scripts, and something to compress."""
    for script in SCRIPTS.glob("*.py"):
        shutil.copy(script, directory)
    (directory / "numbers.txt").write_text("\n".join(map(str, range(60000))))


def case(name: str) -> Case:
    program, *words = COMMANDS[name]
    root = ("-L", str(ARMHF_ROOT))
    path = str(ARMHF_ROOT) + program
    return Case(name, (path, *words), prepare, options=root, qemu_options=root)


def selected() -> list[tuple[Case, str]]:
    rows = [(case(name), "chain-all") for name in COMMANDS]
    return rows + [(case("python-sockets"), mode) for mode in ("chain-off", "copied-checked")]


@pytest.mark.parametrize(("one", "mode"), comparisons(selected()))
def test_same_as_qemu(one: Case, mode: str) -> None:
    need_qemu()
    need_armhf_root()
    assert_same(one, qemu_result(one), armdbt_result(one, mode_options(mode, one)))


@pytest.mark.parametrize("seed", range(1, 4))
def test_the_same_in_another_order(seed: int) -> None:
    need_qemu()
    need_armhf_root()
    one = case("python-sockets")
    assert_same(one, qemu_result(one), armdbt_result(one, ("--sched-seed", str(seed))))

"""The small guest programs in the tree are what their sources give."""

import os
import shutil
import subprocess
import zlib
from pathlib import Path

import pytest
from support.guests import BENCHMARKS, DEMO, GUESTS, ROOT
from support.oracle import lacking
from support.random_calls import compiler
from support.rotation import FULL, TURN

MADE_BY = "12.2.0"
"""The compiler's version; another one makes other code."""
SHARES = 4
"""The programs are built in so many shares, each day another one."""
DIRECTORIES = (GUESTS, BENCHMARKS, DEMO.parent)


def programs(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes()
        for directory in DIRECTORIES
        for path in (root / directory.relative_to(ROOT)).rglob("*.elf")
    }


def test_building_them_anew_gives_the_same_bytes(tmp_path: Path) -> None:
    version = subprocess.check_output([compiler(), "-dumpfullversion"], text=True).strip()
    if version != MADE_BY:
        lacking(f"needs {compiler()} {MADE_BY}, not {version}")
    for directory in DIRECTORIES:
        shutil.copytree(directory, tmp_path / directory.relative_to(ROOT))
    made = programs(tmp_path)
    assert len(made) > 100
    home = tmp_path / GUESTS.relative_to(ROOT)
    mine = [
        name for name in sorted(made) if FULL or zlib.crc32(name.encode()) % SHARES == TURN % SHARES
    ]
    for name in mine:
        (tmp_path / name).unlink()
    targets = [os.path.relpath(tmp_path / name, home) for name in mine]
    subprocess.run(["make", "-s", "-C", home, *targets], check=True, timeout=300)
    there = programs(tmp_path)
    assert sorted(there) == sorted(made)
    different = [name for name, content in made.items() if there[name] != content]
    if different:
        pytest.fail(f"not what their sources give (make guests): {', '.join(different)}")

"""Copies of the installation with damaged caches, or in a place where nothing can be written."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.guests import GUESTS

import dbt
from dbt.process import Process

PACKAGES = Path(dbt.__file__).parents[1]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The packages with their caches, which are there by then."""
    Process(str(GUESTS / "hello.elf")).close()
    for name in ("dbt", "frontends", "backends"):
        shutil.copytree(PACKAGES / name, tmp_path / "copy" / name)
    return tmp_path / "copy"


def run(copy: Path, *before: str) -> subprocess.CompletedProcess[str]:
    """Run a guest with the copy, its home below it; ``before`` is what starts the command."""
    environment = {"PYTHONPATH": str(copy), "HOME": str(copy / "home"), "PATH": os.environ["PATH"]}
    command = [*before, sys.executable, "-m", "dbt", "run", str(GUESTS / "hello.elf")]
    return subprocess.run(
        command, env=environment, cwd="/", capture_output=True, text=True, check=False, timeout=300
    )


def caches(copy: Path) -> list[Path]:
    """Cache files, without Python's own."""
    found = [*(copy / "backends").rglob("__pycache__/*"), *(copy / "home").rglob("*")]
    return [file for file in found if file.is_file() and file.suffix != ".pyc"]


def test_damaged_caches_are_made_anew(copy: Path) -> None:
    (copy / "home").mkdir()
    assert caches(copy)
    for file in caches(copy):
        os.truncate(file, file.stat().st_size // 2)
    damaged = {file: file.read_bytes() for file in caches(copy)}
    done = run(copy)
    assert (done.stdout, done.stderr, done.returncode) == ("hello, world\n", "", 0)
    assert any(file.read_bytes() != damaged.get(file) for file in caches(copy))


@pytest.mark.skipif(not shutil.which("setpriv"), reason="needs setpriv")
def test_a_read_only_copy_without_a_home(copy: Path) -> None:
    for file in caches(copy):
        file.unlink()
    directories = [copy, *(path for path in copy.rglob("*") if path.is_dir())]
    for directory in directories:
        directory.chmod(0o555)
    try:
        # Without capabilities, root may write where its modes say so and nowhere else.
        root = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []
        done = run(copy, *root)
        assert (done.stdout, done.stderr, done.returncode) == ("hello, world\n", "", 0)
        assert not caches(copy)
    finally:
        for directory in directories:
            directory.chmod(0o755)

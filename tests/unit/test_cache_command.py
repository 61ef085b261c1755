"""``armdbt cache`` shows what is kept on disk, and removes it."""

import os
from pathlib import Path

import pytest

from backends.native import cache, stamps
from dbt.cli import main


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with two files of ours, and two of others."""
    directory = tmp_path / "kept"
    monkeypatch.setattr(cache, "directories", lambda: [directory, tmp_path / "none"])
    key = stamps.stamp([])
    cache.write("loop", key, b"x" * 100)
    cache.write("stencil-ends", key, b"y" * 60)
    (directory / "loop-of-another.o").write_bytes(b"z")
    (directory / "module.cpython-311.pyc").write_bytes(b"z")
    return directory


def test_files_are_shown_with_their_sizes(kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cache"]) == 0
    *lines, last = capsys.readouterr().out.splitlines()
    sizes = [int(line.split()[0].replace(",", "")) for line in lines]
    assert [Path(line.split()[-1]).name.rpartition("-")[0] for line in lines] == [
        "loop",
        "stencil-ends",
    ]
    assert all(100 <= size < 200 for size in sizes)
    assert last == f"2 files, {sum(sizes):,} bytes"


def test_clearing_removes_ours_alone(kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cache", "--clear"]) == 0
    assert capsys.readouterr().out == "2 files removed\n"
    assert sorted(os.listdir(kept)) == ["loop-of-another.o", "module.cpython-311.pyc"]
    assert main(["cache"]) == 0
    assert capsys.readouterr().out == "0 files, 0 bytes\n"


def test_what_cannot_be_removed_is_named(
    kept: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: str) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "unlink", refuse)
    assert main(["cache", "--clear"]) == 1
    *lines, last = capsys.readouterr().out.splitlines()
    assert [line.endswith(": Permission denied") for line in lines] == [True, True]
    assert last == "0 files removed"

"""Stamps: another one when anything has changed, and sources are read only then."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from backends.native import cache, stamps


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A source of the tree that stamps remember, which has changed long ago."""
    monkeypatch.setattr(cache, "directories", lambda: [tmp_path / "kept"])
    monkeypatch.setattr(stamps, "_ROOT", str(tmp_path))
    monkeypatch.setattr(stamps, "SETTLED", -1)
    _forget()
    file = tmp_path / "source.py"
    file.write_text("one")
    yield file
    _forget()


def _forget() -> None:
    """Know what a new process knows."""
    stamps._known.cache_clear()
    stamps._key.cache_clear()


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The contents that were digested alone, as those of sources are."""
    contents: list[bytes] = []

    def note(*parts: bytes) -> bytes:
        contents.extend(parts[:1] if len(parts) == 1 else ())
        return cache.digest_of(*parts)

    monkeypatch.setattr(stamps, "digest_of", note)
    return contents


def test_a_source_is_read_once(source: Path, read: list[bytes]) -> None:
    first = stamps.stamp([source])
    assert read.count(b"one") == 1
    assert stamps.stamp([source]) == first
    _forget()
    assert stamps.stamp([str(source)]) == first
    assert read.count(b"one") == 1


def test_a_source_that_has_changed_is_read(source: Path, read: list[bytes]) -> None:
    first = stamps.stamp([source])
    before = source.stat()
    time.sleep(0.02)  # for the host's clock to tick
    source.write_text("two")
    os.utime(source, ns=(before.st_atime_ns, before.st_mtime_ns))
    for _ in range(2):
        assert stamps.stamp([source]) != first
        _forget()
    assert read.count(b"two") == 1
    source.write_text("one")
    assert stamps.stamp([source]) == first


def test_what_has_changed_since_the_process_began_is_of_this_process_alone(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for begun in (1, 2, time.time_ns() + 10**9, time.time_ns() + 2 * 10**9):
        monkeypatch.setattr(stamps, "BEGUN", begun)
        found.append(stamps.stamp([source]))
    changed, again, before, later = found
    assert len({changed, again, before}) == 3
    assert before == later


def test_a_source_in_the_place_of_another_is_read(source: Path, read: list[bytes]) -> None:
    first = stamps.stamp([source])
    other = source.with_name("other.py")
    other.write_text("two")
    other.replace(source)
    assert stamps.stamp([source]) != first
    assert read.count(b"two") == 1


def test_what_has_just_changed_is_read_again(
    source: Path, read: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stamps, "SETTLED", 10**12)
    stamps.stamp([source])
    stamps.stamp([source])
    assert read.count(b"one") == 2


def test_sources_elsewhere_are_read_again(
    source: Path, read: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stamps, "_ROOT", str(source.parent / "elsewhere"))
    stamps.stamp([source])
    stamps.stamp([source])
    assert read.count(b"one") == 2


@pytest.mark.parametrize("content", [b"", b"(\xff", b"i\0\0\0\0"])
def test_a_file_of_something_else_is_not_used(
    source: Path, read: list[bytes], content: bytes
) -> None:
    first = stamps.stamp([source])
    cache.write("sources", stamps._key(), content)
    _forget()
    assert stamps.stamp([source]) == first
    assert read.count(b"one") == 2
    _forget()
    assert stamps.stamp([source]) == first
    assert read.count(b"one") == 2


def test_too_many_are_forgotten(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stamps, "MOST", 3)
    for number in range(5):
        other = source.with_name(f"{number}.py")
        other.write_text("x")
        stamps.stamp([other])
        _forget()
    assert len(stamps._known()) == 2


def test_everything_else_counts_too(source: Path) -> None:
    other = source.with_name("other.py")
    other.write_text("e")
    source.write_text("on")
    made = {
        stamps.stamp([source]),
        stamps.stamp([source], text="text"),
        stamps.stamp([source], "llvmlite"),
        stamps.stamp([source, other]),
        stamps.stamp([other, source]),
        stamps.stamp([]),
    }
    assert len(made) == 6


def test_a_source_that_is_not_there_is_an_error(source: Path) -> None:
    stamps.stamp([source])
    source.unlink()
    with pytest.raises(FileNotFoundError):
        stamps.stamp([source])

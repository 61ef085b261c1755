"""How the reading end of a FIFO knows of writers."""

import os
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from dbt.linux.calls.fifos import _had_writer


@pytest.fixture
def fifo(tmp_path: Path) -> Iterator[tuple[Path, int]]:
    """A FIFO and its reading end."""
    os.mkfifo(path := tmp_path / "fifo")
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    yield path, reader
    os.close(reader)


def test_no_writer_and_a_silent_one(fifo: tuple[Path, int]) -> None:
    path, reader = fifo
    assert not _had_writer(reader)
    writer = os.open(path, os.O_WRONLY)
    assert _had_writer(reader)
    os.write(writer, b"two")
    assert _had_writer(reader)
    assert os.read(reader, 9) == b"two"
    os.close(writer)
    assert _had_writer(reader)


def test_what_is_written_meanwhile_is_not_taken(
    fifo: tuple[Path, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes between the question what can be read and the one whether anybody writes."""
    path, reader = fifo
    writer = os.open(path, os.O_WRONLY)
    os.write(writer, b"two")
    monkeypatch.setattr("dbt.linux.state.waiting.ready", lambda _: [0])
    assert _had_writer(reader)
    assert os.read(reader, 9) == b"two"
    os.close(writer)


def test_no_descriptor_is_needed(fifo: tuple[Path, int]) -> None:
    """(EMFILE where the guest's table was full.)"""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1, hard))  # standard input
    try:
        found = _had_writer(fifo[1])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert not found

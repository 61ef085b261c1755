"""Files appear whole or not at all; what is no regular file is left what it is."""

import os
import stat
import threading
from pathlib import Path

import pytest

from dbt.hooks.outputs.destination import destination
from dbt.stops import UsageError


def test_a_file_appears_when_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_text("old")
    with destination(str(path)) as stream:
        stream.write("new")
        stream.flush()
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert os.listdir(tmp_path) == ["out"]


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_text("old")
    with pytest.raises(AttributeError), destination(str(path)) as stream:
        stream.write("new").fails()
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["out"]


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("file")
    with destination(str(tmp_path / "link"), binary=True) as stream:
        stream.write(b"\xff")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_bytes() == b"\xff"


def test_a_pipe_stays_a_pipe(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    found: list[str] = []
    reader = threading.Thread(target=lambda: found.append(path.read_text()))
    reader.start()
    with destination(str(path)) as stream:
        stream.write("through")
    reader.join()
    assert found == ["through"]
    assert stat.S_ISFIFO(path.stat().st_mode)


def test_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    with destination(None) as stream:
        stream.write("there")
    assert capsys.readouterr().err == "there"


@pytest.mark.parametrize("path", ["no/such/directory/file", "."])
def test_what_cannot_be_written_is_an_error_of_usage(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=path), destination(path):
        pytest.fail("opened")
    assert os.listdir(tmp_path) == []


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No space left"), destination("/dev/full") as stream:
        stream.write("lost")

"""Files appear whole or not at all; what is no regular file is left what it is."""

import contextlib
import io
import os
import stat
import threading
from pathlib import Path

import pytest

from dbt.files import (
    Destination,
    check_directory,
    destination,
)
from dbt.stops import UsageError
from dbt.streams import plain_console


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


@pytest.mark.parametrize("path", ["no/such/directory/file", ".", "/dev/fd/987"])
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


@pytest.mark.parametrize("name", ["/dev/fd/{}", "/proc/self/fd/{}", "link"])
@pytest.mark.parametrize("append", [0, os.O_APPEND])
def test_what_a_descriptor_of_ours_stands_for_keeps_what_others_write(
    name: str, append: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As ``armdbt calls --format jsonl:/dev/stdout PROG > log``."""
    monkeypatch.chdir(tmp_path)
    log = os.open("log", os.O_WRONLY | os.O_CREAT | append)
    os.symlink(f"/dev/fd/{log}", "link")
    try:
        os.write(log, b"before, ")
        with destination(name.format(log)) as stream:
            stream.write("ours, ")
        os.write(log, b"after")
    finally:
        os.close(log)
    assert Path("log").read_text() == "before, ours, after"
    assert sorted(os.listdir()) == ["link", "log"]


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("no/such/file", "No such file or directory"),
        ("link", "No such file or directory"),
        ("file/below", "Not a directory"),
        (".", "Is a directory"),
    ],
)
def test_what_cannot_be_written_is_told_when_it_is_opened(
    path: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    Path("link").symlink_to("no/such/file")
    with pytest.raises(UsageError, match=f"^{path}: {why}$"):
        Destination(path)
    assert sorted(os.listdir()) == ["file", "link"]


@pytest.mark.parametrize("path", ["new", "link", "/dev/null"])
def test_what_is_not_complete_goes(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("link").symlink_to("new")
    opened = Destination(path)
    opened.stream.write("half")
    opened.close()
    assert os.listdir() == ["link"]


def test_links_that_come_later_are_not_followed(tmp_path: Path) -> None:
    outside, home = tmp_path / "outside", tmp_path / "home"
    for directory in (outside, home):
        directory.mkdir()
        (directory / "out").write_text("as it was")
    with destination(str(home / "out")) as stream:
        stream.write("new")
        (home / "out").unlink()
        (home / "out").symlink_to("../outside/out")
        home.rename(tmp_path / "moved")  # nor are those in the place of the directory
        home.symlink_to("outside")
    assert [(path.name, path.read_text()) for path in outside.iterdir()] == [("out", "as it was")]
    (written,) = (tmp_path / "moved").iterdir()
    assert not written.is_symlink()
    assert written.read_text() == "new"


def test_a_directory_is_made_and_is_not_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for name in ("here", "here", "no/such"):
        check_directory(str(tmp_path / name))
        assert (tmp_path / name).is_dir()
    for name in ("file", "file/below"):
        with pytest.raises(UsageError, match=f"{name}: "):
            check_directory(str(tmp_path / name))


def test_the_console_shows_text_as_it_is() -> None:
    out = io.StringIO()
    text = "s/[/]/x/ a[i]=1 [bold] :smile:"
    plain_console(out, 80).print(text)
    assert out.getvalue() == f"{text}\n"


class Broken(io.StringIO):
    """A pipe that nobody reads."""

    def write(self, text: str) -> int:
        raise BrokenPipeError


def test_a_broken_pipe_is_an_error_on_a_console_too() -> None:
    with pytest.raises(BrokenPipeError):
        plain_console(Broken(), 80).print("lost")


@pytest.mark.parametrize("kind", ["link", "pipe", "file"])
def test_what_is_at_a_name_that_others_foresee_is_replaced(kind: str, tmp_path: Path) -> None:
    path, victim = tmp_path / "out", tmp_path / "victim"
    victim.write_text("kept")
    if kind == "link":
        path.symlink_to(victim)
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.write_text("old")
    with contextlib.closing(Destination(str(path), through_links=False)) as opened:
        opened.stream.write("new")
        opened.complete()
    assert stat.S_ISREG(path.lstat().st_mode)
    assert (path.read_text(), victim.read_text()) == ("new", "kept")


def test_a_forked_process_leaves_its_parents_file(tmp_path: Path) -> None:
    path = tmp_path / "out"
    with contextlib.closing(Destination(str(path))) as opened:
        child = os.fork()
        if child == 0:
            opened.close()
            os._exit(0)
        os.waitpid(child, 0)
        opened.stream.write("whole")
        opened.complete()
    assert path.read_text() == "whole"

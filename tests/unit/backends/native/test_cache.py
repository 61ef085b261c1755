"""Object code on disk: used only when it is whole and nobody else can have written it."""

import fcntl
import os
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from backends.native import cache as native_cache
from backends.native.cache import cached
from dbt.stops import UsageError

KEY = bytes(range(32))
CONTENT = random.Random(1).randbytes(5000)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only directory that is looked in; it is not there yet."""
    where = tmp_path / "a" / "b"
    monkeypatch.setattr(native_cache, "directories", lambda: [where])
    # pytest's own directories lie below /tmp, which others can write but is sticky.
    return where


def never() -> bytes:
    raise AssertionError("made though it is there")


def the_file(place: Path) -> Path:
    (file,) = place.iterdir()
    return file


def written(file: Path) -> tuple[int, ...]:
    """What a write to the file, or another file in its place, changes; reading changes none."""
    found = file.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def test_it_is_made_once(place: Path) -> None:
    assert cached("x", KEY, lambda: CONTENT) == CONTENT
    assert cached("x", KEY, never) == CONTENT
    assert the_file(place).stat().st_mode & 0o777 == 0o644


def test_other_keys_and_names_are_other_files(place: Path) -> None:
    cached("x", KEY, lambda: CONTENT)
    assert cached("y", KEY, lambda: b"y") == b"y"
    assert cached("x", bytes(32), lambda: b"0") == b"0"
    assert cached("x", KEY, never) == CONTENT


def test_a_link_that_changes_after_the_check_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad, link = (tmp_path / name for name in ("good", "bad", "link"))
    for directory, content in ((good, CONTENT), (bad, b"of somebody else")):
        monkeypatch.setattr(native_cache, "directories", lambda directory=directory: [directory])
        cached("x", KEY, lambda content=content: content)
    link.symlink_to(good)
    monkeypatch.setattr(native_cache, "directories", lambda: [link])
    opening = os.open

    def open_late(path: str | Path, flags: int) -> int:
        link.unlink()
        link.symlink_to(bad)
        return opening(path, flags)

    monkeypatch.setattr(os, "open", open_late)
    assert cached("x", KEY, never) == CONTENT


def empty(data: bytearray) -> None:
    data.clear()


def cut(data: bytearray) -> None:
    del data[random.randrange(len(data)) :]


def garbage(data: bytearray) -> None:
    data[:] = random.randbytes(len(data))


def one_bit(data: bytearray) -> None:
    data[random.randrange(len(data))] ^= 1 << random.randrange(8)


def longer(data: bytearray) -> None:
    data.append(0)


@pytest.mark.parametrize("damage", [empty, cut, garbage, one_bit, longer])
def test_damaged_files_are_made_anew(place: Path, damage: Callable[[bytearray], None]) -> None:
    cached("x", KEY, lambda: CONTENT)
    good = the_file(place).read_bytes()
    for _ in range(20):
        data = bytearray(good)
        damage(data)
        the_file(place).write_bytes(data)
        made: list[int] = []
        assert cached("x", KEY, lambda made=made: made.append(1) or CONTENT) == CONTENT
        assert made == [1]
        assert the_file(place).read_bytes() == good


def test_the_file_of_another_key_is_not_taken(place: Path) -> None:
    cached("x", KEY, lambda: CONTENT)
    other = KEY[:8] + bytes(24)  # the same file name
    assert cached("x", other, lambda: b"other") == b"other"
    assert cached("x", KEY, lambda: b"again") == b"again"


@pytest.mark.parametrize("mode", [0o664, 0o646])
def test_files_that_others_can_write_are_not_taken(place: Path, mode: int) -> None:
    cached("x", KEY, lambda: CONTENT)
    the_file(place).chmod(mode)
    assert cached("x", KEY, lambda: b"anew") == b"anew"
    assert cached("x", KEY, never) == b"anew"


@pytest.mark.parametrize("mode", [0o775, 0o757, 0o1777])
@pytest.mark.parametrize("above", [False, True])
def test_directories_that_others_can_write_are_not_used(
    place: Path, mode: int, above: bool
) -> None:
    cached("x", KEY, lambda: CONTENT)
    (place.parent if above else place).chmod(mode)
    sticky_above = above and mode == 0o1777
    made: list[int] = []
    for _ in range(2):
        assert cached("x", KEY, lambda: made.append(1) or b"anew") in (b"anew", CONTENT)
    assert len(made) == (0 if sticky_above else 2)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("what", ["file", "directory", "above"])
def test_what_belongs_to_others_is_not_used(place: Path, what: str) -> None:
    cached("x", KEY, lambda: CONTENT)
    owned = {"file": the_file(place), "directory": place, "above": place.parent}[what]
    os.chown(owned, 12345, 12345)
    assert cached("x", KEY, lambda: b"anew") == b"anew"


def test_links_and_special_files_are_not_followed(place: Path, tmp_path: Path) -> None:
    cached("x", KEY, lambda: CONTENT)
    file = the_file(place)
    elsewhere = tmp_path / "elsewhere"
    file.rename(elsewhere)
    file.symlink_to(elsewhere)
    assert cached("x", KEY, lambda: b"anew") == b"anew"
    file.unlink()
    os.mkfifo(file)
    assert cached("x", KEY, lambda: b"more") == b"more"


def test_done_without_where_nothing_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    monkeypatch.setattr(native_cache, "directories", lambda: [blocked, blocked / "below"])
    for _ in range(2):
        assert cached("x", KEY, lambda: CONTENT) == CONTENT


def test_several_at_once(place: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: cached("x", KEY, lambda: CONTENT), range(64)))
    assert set(results) == {CONTENT}
    assert len(list(place.iterdir())) == 1


def test_old_files_go(place: Path) -> None:
    for number in range(20):
        cached("x", bytes([number]) * 32, lambda: CONTENT)
    assert len(list(place.iterdir())) == 8


def test_so_many_stay_as_are_wanted(place: Path) -> None:
    for number in range(12):
        native_cache.write("x", bytes([number]) * 32, CONTENT, 10)
    assert len(list(place.iterdir())) == 10


def test_of_many_more_go_than_need_to(place: Path) -> None:
    """So that not each writer has to look at all of them."""
    for number in range(32):
        native_cache.write("x", bytes([number]) * 32, CONTENT, 32)
    for age, path in enumerate(sorted(place.iterdir(), reverse=True)):
        os.utime(path, (1 + age, 1 + age))
    oldest = sorted(place.iterdir())[-3:]
    assert len(list(place.iterdir())) == 32
    native_cache.write("x", bytes([99]) * 32, CONTENT, 32)
    assert len(list(place.iterdir())) == 30
    assert not any(path.exists() for path in oldest)


def test_files_of_longer_names_stay(place: Path) -> None:
    for number in range(8):
        cached("x-more", bytes([number]) * 32, lambda: CONTENT)
        cached("x", bytes([number]) * 32, lambda: CONTENT)
    assert len(list(place.iterdir())) == 16


def test_what_an_ended_process_has_left_goes(place: Path) -> None:
    cached("x", KEY, lambda: CONTENT)
    for name in (".x-0123.o.old", ".x-0123.o.new", ".y-0123.o.old"):
        (place / name).touch()
        if name.endswith("old"):
            os.utime(place / name, (1, 1))
    cached("x", bytes(32), lambda: CONTENT)
    left = {path.name for path in place.iterdir() if path.name.startswith(".")}
    assert left == {".x-0123.o.new", ".y-0123.o.old"}


def test_the_only_directory_that_was_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARMDBT_CACHE", str(tmp_path / "here"))
    assert native_cache.directories() == [str(tmp_path / "here")]
    assert cached("x", KEY, lambda: CONTENT) == CONTENT
    assert native_cache.files() == [str(the_file(tmp_path / "here"))]
    monkeypatch.setenv("ARMDBT_CACHE", "not/absolute")
    assert len(native_cache.directories()) == 2


def test_a_choice_that_cannot_be_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for chosen in ("", str(tmp_path), str(tmp_path / "not yet")):
        monkeypatch.setenv("ARMDBT_CACHE", chosen)
        native_cache.check_chosen()
    monkeypatch.setenv("ARMDBT_CACHE", "not/absolute")
    with pytest.raises(UsageError, match="ARMDBT_CACHE is an absolute path, not 'not/absolute'"):
        native_cache.check_chosen()
    monkeypatch.setenv("ARMDBT_CACHE", __file__)
    with pytest.raises(UsageError, match=r"ARMDBT_CACHE: '.*' is no directory"):
        native_cache.check_chosen()


def test_no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    assert native_cache.directories()
    monkeypatch.setattr(os, "geteuid", lambda: 0x7FFFFFF0)
    assert len(native_cache.directories()) == 1
    monkeypatch.setenv("HOME", "not/absolute")
    assert len(native_cache.directories()) == 1


def add_lines(name: str, count: int) -> None:
    for index in range(count):
        line = f"{name} {index}\n".encode()
        native_cache.update("x", KEY, lambda content, line=line: (content or b"") + line)


def test_updates_of_several_processes_all_arrive(place: Path) -> None:
    children = []
    for name in "abcd":
        child = os.fork()
        if child == 0:
            add_lines(name, 20)
            os._exit(0)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * 4
    lines = cached("x", KEY, never).decode().splitlines()
    assert sorted(lines) == sorted(f"{name} {index}" for name in "abcd" for index in range(20))
    assert len(list(place.iterdir())) == 1


def test_updates_of_several_threads_all_arrive(place: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda name: add_lines(name, 20), "abcd"))
    assert len(cached("x", KEY, never).splitlines()) == 80
    assert place.is_dir()


def test_who_never_lets_go_is_not_waited_for(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that was stopped while it updates, for instance."""
    monkeypatch.setattr(native_cache, "PATIENCE", 0.05)
    add_lines("a", 1)
    stopped = os.open(place, os.O_RDONLY)
    fcntl.flock(stopped, fcntl.LOCK_EX)
    add_lines("b", 1)
    os.close(stopped)
    assert cached("x", KEY, never) == b"a 0\nb 0\n"


def test_a_damaged_file_is_not_updated_but_made_anew(place: Path) -> None:
    add_lines("a", 1)
    the_file(place).write_bytes(the_file(place).read_bytes()[:-1])
    add_lines("b", 1)
    assert cached("x", KEY, never) == b"b 0\n"


def test_nothing_is_written_where_nothing_changes(place: Path) -> None:
    add_lines("a", 1)
    before = written(the_file(place))
    native_cache.update("x", KEY, lambda _: None)
    assert written(the_file(place)) == before


def test_no_update_where_nothing_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    monkeypatch.setattr(native_cache, "directories", lambda: [blocked, blocked / "below"])
    asked: list[bytes | None] = []
    native_cache.update("x", KEY, asked.append)
    assert asked == []


def test_of_several_directories_the_newest_file_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That of the installation, which only root can write, is not used when there is a newer one of
    this user."""
    first, second = tmp_path / "first", tmp_path / "second"
    monkeypatch.setattr(native_cache, "directories", lambda: [second])
    add_lines("user", 1)
    monkeypatch.setattr(native_cache, "directories", lambda: [first])
    add_lines("root", 1)
    monkeypatch.setattr(native_cache, "directories", lambda: [first, second])
    assert cached("x", KEY, never) == b"root 0\n"
    os.utime(the_file(first), (1, 1))
    assert cached("x", KEY, never) == b"user 0\n"
    the_file(second).write_bytes(b"damaged")
    assert cached("x", KEY, never) == b"root 0\n"

"""Descriptors and the working directory are files, not names: they follow what is renamed."""

import errno
import importlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dbt.interfaces import READ, WRITE
from dbt.linux.errors import Leave
from dbt.linux.state.address_space import Area

AT_FDCWD = -100
AT_EMPTY_PATH, AT_SYMLINK_FOLLOW, AT_REMOVEDIR = 0x1000, 0x400, 0x200
O_RDONLY, O_WRONLY, O_CREAT, O_DIRECTORY, O_PATH = 0, 1, 0o100, 0o40000, 0o10000000

GUESTS = Path(__file__).resolve().parents[3] / "guests"

Make = Callable[..., Any]


def link_text(guest: Any, path: str | bytes, dirfd: int = AT_FDCWD) -> bytes | int:
    buffer = guest.room(4096)
    count = guest.call("readlinkat", dirfd, path, buffer, 4096)
    return bytes(guest.memory.read(buffer, count)) if count >= 0 else int(count)


def text(guest: Any, path: str, dirfd: int = AT_FDCWD) -> bytes | int:
    fd = guest.call("openat", dirfd, path, O_RDONLY, 0)
    if fd < 0:
        return int(fd)
    buffer = guest.room(64)
    count = guest.call("read", fd, buffer, 64)
    guest.call("close", fd)
    return bytes(guest.memory.read(buffer, count))


def cwd(guest: Any) -> bytes | int:
    buffer = guest.room(4096)
    size = guest.call("getcwd", buffer, 4096)
    return bytes(guest.memory.cstring(buffer)) if size >= 0 else int(size)


@pytest.fixture
def moved(guest: Any, home: Path) -> int:
    """A descriptor of a directory that was ``old`` and is ``new``. ``old`` leads to another one."""
    for name in ("old", "other"):
        (home / name / "sub").mkdir(parents=True)
        (home / name / "note").write_text(name)
        (home / name / "link").symlink_to(f"to-{name}")
    fd = int(guest.call("open", "old", O_DIRECTORY, 0))
    assert guest.call("rename", "old", "new") == 0
    assert guest.call("symlink", "other", "old") == 0
    return fd


def _tree(top: Path) -> dict[str, tuple[int, bytes]]:
    """Everything below a directory: mode and content."""
    found = {}
    for path in sorted(top.rglob("*")):
        status = path.lstat()
        content = path.read_bytes() if path.is_file() else b""
        found[str(path.relative_to(top))] = (status.st_mode, content)
    return found


CHANGES = {
    "unlinkat": (("unlinkat", "fd", "note", 0), lambda d: not (d / "note").exists()),
    "rmdir": (("unlinkat", "fd", "sub", AT_REMOVEDIR), lambda d: not (d / "sub").exists()),
    "mkdirat": (("mkdirat", "fd", "made", 0o700), lambda d: (d / "made").is_dir()),
    "mknodat": (("mknodat", "fd", "made", 0o010600), lambda d: (d / "made").is_fifo()),
    "symlinkat": (("symlinkat", "x", "fd", "made"), lambda d: (d / "made").is_symlink()),
    "linkat": (("linkat", "fd", "note", "fd", "made", 0), lambda d: (d / "made").exists()),
    "renameat": (("renameat", "fd", "note", "fd", "made"), lambda d: (d / "made").exists()),
    "renameat2": (("renameat2", "fd", "note", "fd", "made", 1), lambda d: (d / "made").exists()),
    "openat": (("openat", "fd", "made", O_CREAT | 1, 0o600), lambda d: (d / "made").exists()),
    "fchmodat": (("fchmodat", "fd", "note", 0o612), lambda d: _mode(d / "note") == 0o612),
    "fchmodat2": (("fchmodat2", "fd", "note", 0o612, 0), lambda d: _mode(d / "note") == 0o612),
    "fchmod": (("fchmod", "fd", 0o712), lambda d: _mode(d) == 0o712),
    "by-proc": (("chmod", "/proc/self/fd/{fd}/note", 0o612), lambda d: _mode(d / "note") == 0o612),
    "utimensat": (("utimensat", "fd", "note", "times", 0), lambda d: _mtime(d / "note") == 7),
}  # fmt: skip


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o7777


def _mtime(path: Path) -> int:
    return int(path.stat().st_mtime)


@pytest.mark.parametrize("case", CHANGES)
def test_changes_by_a_descriptor_reach_the_renamed_directory(
    guest: Any, home: Path, moved: int, case: str
) -> None:
    (name, *arguments), done = CHANGES[case]
    times = guest.put(b"".join(n.to_bytes(4, "little") for n in (7, 0, 7, 0)))
    filled = {"fd": moved, "times": times}
    before = _tree(home / "other")
    given = [filled.get(a, a.format(fd=moved)) if isinstance(a, str) else a for a in arguments]
    assert guest.call(name, *given) >= 0
    assert done(home / "new")
    assert _tree(home / "other") == before


def test_look_ups_by_a_descriptor_reach_the_renamed_directory(
    guest: Any, home: Path, moved: int
) -> None:
    assert text(guest, "note", moved) == b"old"
    assert link_text(guest, "link", moved) == b"to-old"
    assert text(guest, f"/proc/self/fd/{moved}/note") == b"old"
    assert link_text(guest, f"/proc/self/fd/{moved}") == os.fsencode(home / "new")
    assert guest.call("mkdir", home / "new" / "only-here", 0o700) == 0
    buffer = guest.room(512)
    assert guest.call("fstatat64", moved, "only-here", buffer, 0) == 0
    assert guest.call("statx", moved, "only-here", 0, 0x7FF, buffer) == 0
    assert guest.call("faccessat", moved, "only-here", 0) == 0
    assert guest.call("faccessat2", moved, "only-here", 0, 0) == 0
    assert guest.call("execveat", moved, "only-here", 0, 0, 0) == -errno.EACCES


def test_fchdir_enters_the_renamed_directory(guest: Any, home: Path, moved: int) -> None:
    assert guest.call("fchdir", moved) == 0
    assert cwd(guest) == os.fsencode(home / "new")
    assert guest.call("unlink", "note") == 0
    assert not (home / "new" / "note").exists()
    assert (home / "other" / "note").read_text() == "other"


def test_the_working_directory_is_followed(guest: Any, home: Path) -> None:
    (home / "a" / "b").mkdir(parents=True)
    assert guest.call("chdir", "a/b") == 0
    (home / "a").rename(home / "c")  # by whomever
    (home / "a" / "b").mkdir(parents=True)
    (home / "a" / "b" / "note").touch()
    assert cwd(guest) == os.fsencode(home / "c" / "b")
    assert link_text(guest, "/proc/self/cwd") == os.fsencode(home / "c" / "b")
    assert guest.call("unlink", "note") == -errno.ENOENT
    assert guest.call("mkdir", "../made", 0o700) == 0
    assert (home / "c" / "made").is_dir()
    assert guest.call("chdir", "/proc/self/cwd/..") == 0
    assert cwd(guest) == os.fsencode(home / "c")


def test_a_removed_working_directory(guest: Any, home: Path) -> None:
    (home / "d").mkdir()
    assert guest.call("chdir", "d") == 0
    fd = guest.call("open", ".", O_DIRECTORY, 0)
    assert guest.call("rmdir", home / "d") == 0
    (home / "d").mkdir()  # another one
    (home / "d" / "note").touch()
    assert cwd(guest) == -errno.ENOENT
    gone = os.fsencode(home / "d") + b" (deleted)"
    assert link_text(guest, "/proc/self/cwd") == gone
    assert link_text(guest, f"/proc/self/fd/{fd}") == gone
    assert guest.call("open", "note", O_RDONLY, 0) == -errno.ENOENT
    assert guest.call("open", "new", O_CREAT | O_WRONLY, 0o600) == -errno.ENOENT
    assert guest.call("mkdirat", fd, "new", 0o700) == -errno.ENOENT
    assert guest.call("getdents64", fd, guest.room(512), 512) == -errno.ENOENT
    buffer = guest.room(512)
    assert guest.call("stat64", ".", buffer) == 0
    assert guest.call("fchdir", fd) == 0
    assert guest.call("chdir", "..") == 0
    assert cwd(guest) == os.fsencode(home)


def test_open_files_are_followed(guest: Any, home: Path) -> None:
    (home / "f").write_text("mine")
    fd = guest.call("open", "f", O_RDONLY, 0)
    assert guest.call("rename", "f", "g") == 0
    (home / "f").write_text("another")
    assert link_text(guest, f"/proc/self/fd/{fd}") == os.fsencode(home / "g")
    assert text(guest, f"/proc/self/fd/{fd}") == b"mine"
    assert guest.call("truncate", f"/proc/self/fd/{fd}", 2) == 0
    assert guest.call("linkat", fd, "", AT_FDCWD, "h", AT_EMPTY_PATH) == 0
    assert (home / "h").read_text() == "mi"
    assert guest.call("unlink", "g") == 0
    assert guest.call("unlink", "h") == 0
    assert link_text(guest, f"/proc/self/fd/{fd}") == os.fsencode(home / "g") + b" (deleted)"
    assert text(guest, f"/proc/self/fd/{fd}") == b"mi"
    assert guest.call("open", f"/proc/self/fd/{fd}", O_WRONLY, 0) >= 0
    assert guest.call("linkat", fd, "", AT_FDCWD, "h", AT_EMPTY_PATH) == -errno.ENOENT
    assert (home / "f").read_text() == "another"


def test_names_that_look_removed(guest: Any, home: Path) -> None:
    name = "d (deleted)"
    (home / name).mkdir()
    assert guest.call("chdir", name) == 0
    assert cwd(guest) == os.fsencode(home / name)
    assert guest.call("rmdir", home / name) == 0
    assert cwd(guest) == -errno.ENOENT
    assert link_text(guest, "/proc/self/cwd") == os.fsencode(home / name) + b" (deleted)"


def test_one_of_two_names_removed(guest: Any, home: Path) -> None:
    (home / "f").touch()
    fd = guest.call("open", "f", O_RDONLY, 0)
    (home / "g").hardlink_to(home / "f")
    assert guest.call("unlink", "f") == 0
    assert link_text(guest, f"/proc/self/fd/{fd}") == os.fsencode(home / "f") + b" (deleted)"


def test_a_duplicate_lists_after_the_first_is_closed(guest: Any, home: Path) -> None:
    (home / "sub").mkdir()
    (home / "note").touch()
    fd = guest.call("open", ".", O_DIRECTORY, 0)
    copy = guest.call("dup", fd)
    guest.call("close", fd)
    guest.call("open", "sub", O_DIRECTORY, 0)  # takes the number that is free now
    buffer = guest.room(512)
    count = guest.call("getdents64", copy, buffer, 512)
    assert b"note" in guest.memory.read(buffer, count)


# -- what the sandbox says of an object ----------------------------------------------------------------


def test_a_directory_moved_out_cannot_be_changed_any_more(guest: Any, home: Path) -> None:
    (home / "d").mkdir()
    fd = guest.call("open", "d", O_DIRECTORY, 0)
    (home / "d").rename(home.parent / "outside" / "d")
    assert guest.call("mkdirat", fd, "new", 0o700) == -errno.EROFS
    assert guest.call("openat", fd, "new", O_CREAT | O_WRONLY, 0o600) == -errno.EROFS
    assert guest.call("openat", fd, "..", O_DIRECTORY, 0) >= 0  # the host is there to be read
    assert os.listdir(home.parent / "outside" / "d") == []


def test_a_directory_moved_out_of_sight(make_guest: Make, home: Path) -> None:
    seen, hidden = home.parent / "seen", home.parent / "outside"
    (seen / "d").mkdir(parents=True)
    guest = make_guest(cwd=str(home), allow_read=(str(seen),))
    fd = guest.call("open", seen / "d", O_DIRECTORY, 0)
    (seen / "d").rename(hidden / "d")
    for path in ("secret", "../secret", ".", ".."):
        assert guest.call("openat", fd, path, O_RDONLY, 0) == -errno.ENOENT
    assert guest.call("fchdir", fd) == -errno.ENOENT


def test_allowed_directories_are_objects(make_guest: Make, home: Path) -> None:
    """Renamed they stay allowed; what takes their name is not."""
    extra = home.parent / "extra"
    extra.mkdir()
    guest = make_guest(cwd=str(home), allow_write=(str(extra),))
    extra.rename(home.parent / "renamed")
    home.rename(home.parent / "moved")
    extra.mkdir()
    home.mkdir()
    for path in (extra, home):
        assert guest.call("mkdir", path / "new", 0o700) == -errno.EROFS
        assert guest.call("rmdir", path) == -errno.EROFS
    assert guest.call("mkdir", home.parent / "renamed" / "new", 0o700) == 0
    assert guest.call("rmdir", home.parent / "renamed") == -errno.EBUSY
    assert guest.call("mkdir", "new", 0o700) == 0  # below the working directory
    assert (home.parent / "moved" / "new").is_dir()


def test_a_root_that_is_renamed(make_guest: Make, home: Path) -> None:
    root = home.parent / "root"
    (root / "etc" / "d").mkdir(parents=True)
    (root / "etc" / "passwd").write_text("guest")
    (root / "link").symlink_to("/etc/passwd")
    guest = make_guest(root=str(root), cwd=str(home))
    assert guest.call("chdir", "/etc/d") == 0
    root.rename(home.parent / "moved")
    root.mkdir()
    for path in ("/etc/passwd", "/link", "../passwd", "../../../../link"):
        assert text(guest, path) == b"guest"
    assert cwd(guest) == b"/etc/d"


def test_a_directory_of_the_root_moved_out_of_it(make_guest: Make, home: Path) -> None:
    root = home.parent / "root"
    (root / "d").mkdir(parents=True)
    guest = make_guest(root=str(root), cwd=str(home))
    fd = guest.call("open", "/d", O_DIRECTORY, 0)
    assert guest.call("chdir", "/d") == 0
    (root / "d").rename(home.parent / "outside" / "d")
    for path in ("..", "../secret", "../../outside/secret"):
        assert guest.call("openat", fd, path, O_RDONLY, 0) == -errno.ENOENT
        assert guest.call("open", path, O_RDONLY, 0) == -errno.ENOENT
    assert cwd(guest) == -errno.ENOENT
    assert link_text(guest, f"/proc/self/fd/{fd}") == b"(unreachable)"


def test_a_step_up_comes_to_all_layers(make_guest: Make, home: Path) -> None:
    """Also from a directory that only the lower one has, and in their order."""
    shared = home.parent / "root" / str(home)[1:]
    shared.mkdir(parents=True)
    (home / "only-here").mkdir()
    (home / "f").write_text("of the host")
    (home / "of-host").write_text("of the host")
    (shared / "f").write_text("of the root")
    guest = make_guest(root=str(home.parent / "root"), cwd=str(home))
    fd = guest.call("open", "only-here", O_DIRECTORY, 0)
    assert guest.call("chdir", "only-here") == 0
    for at in (fd, AT_FDCWD):
        assert text(guest, "../f", at) == b"of the root"
        assert text(guest, "../of-host", at) == b"of the host"
    assert guest.call("chdir", "..") == 0
    assert text(guest, "f") == b"of the root"
    assert guest.call("open", "new", O_CREAT | O_WRONLY, 0o600) >= 0
    assert (home / "new").exists()


def test_a_way_to_an_allowed_directory_may_have_links_that_no_layer_shows(
    make_guest: Make, home: Path
) -> None:
    real, root = home.parent / "real" / "deep", home.parent / "root"
    (real / "seen" / "sub").mkdir(parents=True)
    (real / "seen" / "note").write_text("found")
    (real / "seen" / "sub" / "note").write_text("below")
    (home.parent / "real" / "note").write_text("hidden")
    root.mkdir()
    (home.parent / "link").symlink_to("real/deep")
    spelled = home.parent / "link" / "seen"
    guest = make_guest(root=str(root), cwd=str(home), allow_read=(str(spelled),))
    assert text(guest, f"{spelled}/note") == b"found"
    assert text(guest, f"{spelled}/../seen/note") == b"found"
    assert text(guest, f"{spelled}/sub/note") == b"below"
    for path in (
        spelled / "none" / "note",
        home.parent / "link" / "no" / "note",
        real / "no" / "x",
    ):
        assert text(guest, str(path)) == -errno.ENOENT
    assert text(guest, f"{home.parent}/real/note") == -errno.ENOENT


@pytest.mark.parametrize("how", ["option", "PWD"])
def test_the_working_directory_has_the_name_that_the_user_knows(
    make_guest: Make, home: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    (home.parent / "root").mkdir()
    (home / "f").write_text("found")
    spelled = home.parent / "link"
    spelled.symlink_to(home.name)
    monkeypatch.setenv("PWD", str(spelled))
    cwd = spelled if how == "option" else home
    guest = make_guest(root=str(home.parent / "root"), cwd=str(cwd))
    assert text(guest, f"{spelled}/f") == b"found"
    assert guest.call("open", f"{spelled}/new", O_CREAT | O_WRONLY, 0o600) >= 0
    assert (home / "new").exists()


@pytest.mark.parametrize("named", ["relative", "/", "{}/gone", "{}/outside"])
def test_a_name_of_another_directory_in_pwd_shows_nothing(
    make_guest: Make, home: Path, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    (home.parent / "root").mkdir()
    monkeypatch.setenv("PWD", named.format(home.parent))
    guest = make_guest(root=str(home.parent / "root"), cwd=str(home))
    assert text(guest, f"{home.parent}/outside/secret") == -errno.ENOENT


@pytest.mark.parametrize("openat2", ["openat2", "steps"])
def test_a_directory_that_is_not_there_is_asked_for_once(
    make_guest: Make, home: Path, monkeypatch: pytest.MonkeyPatch, openat2: str
) -> None:
    root = home.parent / "root"
    (root / "usr" / "lib").mkdir(parents=True)
    (root / "usr" / "file").write_text("")
    guest = make_guest(root=str(root), cwd=str(home))
    view = importlib.import_module("dbt.linux.state.view")
    host = importlib.import_module("dbt.linux.host")
    if openat2 == "steps":
        monkeypatch.setattr(host, "openat2", lambda *_: -errno.ENOSYS)
    steps: list[bytes] = []
    real = view.open_object
    monkeypatch.setattr(view, "open_object", lambda *name: steps.append(name[0]) or real(*name))
    for path in ("/usr/lib/tls/neon/libc.so", "/none/at/all", "no/such/directory"):
        assert guest.call("open", path, O_RDONLY, 0) == -errno.ENOENT
        assert guest.call("open", path, O_CREAT | O_WRONLY, 0o600) == -errno.ENOENT
        assert guest.call("mkdir", path, 0o700) == -errno.ENOENT
    assert steps == []
    assert guest.call("open", "/usr/file/tls/libc.so", O_RDONLY, 0) == -errno.ENOTDIR


def test_a_start_where_the_root_has_something_else(make_guest: Make, home: Path) -> None:
    hidden = home.parent / "root" / str(home)[1:]
    hidden.parent.mkdir(parents=True)
    hidden.symlink_to("nowhere")
    guest = make_guest(root=str(home.parent / "root"), cwd=str(home))
    assert cwd(guest) == os.fsencode(home)
    assert guest.call("mkdir", "made", 0o700) == 0
    assert (home / "made").is_dir()


def test_a_directory_that_rises_during_a_look_up(
    guest: Any, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step up asks where it has come to: counting names would take it for ``home``."""
    (home / "a" / "b").mkdir(parents=True)
    view = importlib.import_module("dbt.linux.state.view")
    real = view.open_object

    def racing(name: bytes, directory: Any = None) -> Any:
        found = real(name, directory)
        if name == b"b":
            (home / "a" / "b").rename(home / "b")
        return found

    monkeypatch.setattr(view, "open_object", racing)
    assert guest.call("mkdir", "a/b/../../escaped", 0o700) == -errno.EROFS
    assert not (home.parent / "escaped").exists()


def test_what_was_looked_up_is_what_is_used(guest: Any, home: Path) -> None:
    (home / "f").write_text("mine")
    place = guest.kernel.paths.existing(b"f")
    (home / "f").rename(home / "g")
    (home / "f").symlink_to(home.parent / "outside" / "secret")
    assert Path(os.fsdecode(place.object.reach)).read_text() == "mine"


def test_a_file_without_a_name(guest: Any, home: Path) -> None:
    unnamed = 0o20000000 | O_DIRECTORY
    assert guest.call("open", home.parent, unnamed | 2, 0o600) == -errno.EROFS
    assert guest.call("open", ".", unnamed, 0o600) == -errno.EINVAL
    fd = guest.call("open", ".", unnamed | 2, 0o600)
    if fd == -errno.EOPNOTSUPP:
        pytest.skip("the file system has no O_TMPFILE")
    assert guest.call("write", fd, guest.put(b"text"), 4) == 4
    assert os.listdir(home) == []
    path = f"/proc/self/fd/{fd}"
    shown = link_text(guest, path)
    assert isinstance(shown, bytes)
    assert shown.endswith(b" (deleted)")
    outside = home.parent / "outside" / "new"
    assert (
        guest.call("linkat", AT_FDCWD, path, AT_FDCWD, outside, AT_SYMLINK_FOLLOW) == -errno.EROFS
    )
    assert guest.call("linkat", AT_FDCWD, path, AT_FDCWD, "named", AT_SYMLINK_FOLLOW) == 0
    assert (home / "named").read_text() == "text"
    assert link_text(guest, path) == shown  # the kernel too still shows the first


def test_a_path_descriptor_changes_nothing(guest: Any, home: Path) -> None:
    (home / "f").touch(0o600)
    fd = guest.call("open", "f", O_PATH, 0)
    assert guest.call("fchmod", fd, 0o644) == -errno.EBADF
    assert guest.call("fchown32", fd, -1, -1) == -errno.EBADF
    assert guest.call("utimensat", fd, 0, 0, 0) == -errno.EBADF
    assert guest.call("fchmodat2", fd, "", 0o644, AT_EMPTY_PATH) == 0
    assert _mode(home / "f") == 0o644


# -- programs ------------------------------------------------------------------------------------------


def run(guest: Any, name: str, *arguments: Any) -> str:
    """Execute: the host path of the program that runs then."""
    with pytest.raises(Leave):
        guest.call(name, *arguments)
    return str(guest.kernel.process.path)


def test_execveat_runs_what_lies_in_the_renamed_directory(
    guest: Any, home: Path, moved: int
) -> None:
    shutil.copy(GUESTS / "hello.elf", home / "new" / "prog")
    shutil.copy(GUESTS / "spin.elf", home / "other" / "prog")
    assert run(guest, "execveat", moved, "prog", 0, 0, 0) == str(home / "new" / "prog")
    assert guest.kernel.process.name == b"prog"


def test_execveat_of_a_removed_file(guest: Any, home: Path) -> None:
    shutil.copy(GUESTS / "hello.elf", home / "prog")
    fd = guest.call("open", "prog", O_RDONLY, 0)
    (home / "link").symlink_to("prog")
    nofollow = 0x100
    assert guest.call("execveat", AT_FDCWD, "link", 0, 0, nofollow) == -errno.ELOOP
    assert guest.call("unlink", "prog") == 0
    (home / "prog").write_text("another")
    run(guest, "execveat", fd, "", 0, 0, AT_EMPTY_PATH)


def test_the_program_is_followed(guest: Any, home: Path) -> None:
    shutil.copy(GUESTS / "hello.elf", home / "prog")
    guest.kernel.load(str(home / "prog"), [b"prog"], [])
    guest.kernel.space.map(Area(guest.end - 0x10000, guest.end, READ | WRITE))
    (home / "prog").rename(home / "renamed")
    (home / "prog").write_text("another")
    assert link_text(guest, "/proc/self/exe") == os.fsencode(home / "renamed")
    assert guest.call("unlink", "renamed") == 0
    assert link_text(guest, "/proc/self/exe") == os.fsencode(home / "renamed") + b" (deleted)"
    content = text(guest, "/proc/self/exe")
    assert isinstance(content, bytes)
    assert content.startswith(b"\x7fELF")
    assert guest.call("truncate", "/proc/self/exe", 0) == -errno.EROFS
    run(guest, "execve", "/proc/self/exe", 0, 0)


def test_what_was_looked_up_is_what_runs(
    guest: Any, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exchanging the file between look-up and loading changes nothing."""
    shutil.copy(GUESTS / "hello.elf", home / "prog")
    real = guest.kernel.paths.readable

    def racing(*arguments: Any, **options: Any) -> Any:
        found = real(*arguments, **options)
        (home / "prog").rename(home / "moved")
        (home / "prog").write_text("another")
        return found

    monkeypatch.setattr(guest.kernel.paths, "readable", racing)
    assert run(guest, "execve", "prog", 0, 0) == str(home / "moved")

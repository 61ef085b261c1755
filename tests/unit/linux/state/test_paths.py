"""The sandbox: what a guest path means, and that nothing leads out."""

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dbt.linux.state import objects
from dbt.linux.state.layers import DEVICES

O_RDONLY, O_WRONLY, O_RDWR, O_CREAT, O_TRUNC = 0, 1, 2, 0o100, 0o1000
O_EXCL, O_DIRECTORY, O_PATH = 0o200, 0o40000, 0o10000000  # ARM's numbers
O_NOFOLLOW = 0o100000
AT_FDCWD = -100

Make = Callable[..., Any]


def read_all(guest: Any, path: str) -> bytes | int:
    fd = guest.call("open", path, O_RDONLY, 0)
    if fd < 0:
        return int(fd)
    buffer = guest.room(4096)
    count = guest.call("read", fd, buffer, 4096)
    guest.call("close", fd)
    return bytes(guest.memory.read(buffer, count))


# -- without a root -----------------------------------------------------------------------------------


def test_the_host_is_read_only(guest: Any, home: Path) -> None:
    secret = home.parent / "outside" / "secret"
    assert read_all(guest, str(secret)) == b"secret"
    for flags in (O_WRONLY, O_RDWR, O_RDONLY | O_TRUNC):
        assert guest.call("open", secret, flags, 0) == -errno.EROFS
    assert guest.call("open", secret.parent / "new", O_CREAT | O_WRONLY, 0o644) == -errno.EROFS
    assert secret.read_text() == "secret"
    assert os.listdir(secret.parent) == ["secret"]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("unlink", ()), ("truncate", (0,)), ("chmod", (0o600,)), ("chown32", (1, 1)),
        ("utimensat", None), ("rmdir", None), ("rename", None), ("access", (2,)),
    ],
)  # fmt: skip
def test_every_change_outside_is_refused(
    guest: Any, home: Path, name: str, arguments: tuple[int, ...] | None
) -> None:
    secret = home.parent / "outside" / "secret"
    before = secret.stat()
    if name == "utimensat":
        result = guest.call(name, AT_FDCWD, secret, 0, 0)
    elif name == "rmdir":
        (secret.parent / "empty").mkdir()
        result = guest.call(name, secret.parent / "empty")
        assert (secret.parent / "empty").is_dir()
    elif name == "rename":
        result = guest.call(name, secret, home / "mine")
    else:
        assert arguments is not None
        result = guest.call(name, secret, *arguments)
    assert result == -errno.EROFS
    assert secret.stat() == before


def test_names_cannot_be_made_outside(guest: Any, home: Path) -> None:
    outside = home.parent / "outside"
    assert guest.call("mkdir", outside / "d", 0o755) == -errno.EROFS
    assert guest.call("mkdir", outside, 0o755) == -errno.EEXIST  # as mkdir -p expects
    assert guest.call("symlink", "x", outside / "l") == -errno.EROFS
    assert guest.call("mknod", outside / "fifo", 0o010600) == -errno.EROFS
    (home / "f").touch()
    assert guest.call("link", "f", outside / "l") == -errno.EROFS
    assert guest.call("rename", "f", outside / "l") == -errno.EROFS
    assert os.listdir(outside) == ["secret"]


def test_links_below_home_do_not_carry_writes_outside(guest: Any, home: Path) -> None:
    outside = home.parent / "outside"
    (home / "file").symlink_to(outside / "secret")
    (home / "directory").symlink_to(outside)
    (home / "relative").symlink_to("../outside/secret")
    for path in (
        "file",
        "directory/secret",
        "relative",
        "../outside/secret",
        "x/../../outside/new",
    ):
        (home / "x").mkdir(exist_ok=True)
        assert guest.call("open", path, O_WRONLY | O_CREAT | O_TRUNC, 0o644) == -errno.EROFS
    assert guest.call("unlink", "directory/secret") == -errno.EROFS
    assert guest.call("mkdir", "directory/new", 0o755) == -errno.EROFS
    assert read_all(guest, "relative") == b"secret"
    assert guest.call("unlink", "file") == 0  # the link itself is the guest's
    assert (outside / "secret").read_text() == "secret"


def test_hard_links_to_the_outside_cannot_be_made(guest: Any, home: Path) -> None:
    secret = home.parent / "outside" / "secret"
    assert guest.call("link", secret, "mine") == -errno.EXDEV
    assert secret.stat().st_nlink == 1


def test_a_descriptor_opened_for_reading_cannot_change_the_file(guest: Any, home: Path) -> None:
    secret = home.parent / "outside" / "secret"
    fd = guest.call("open", secret, O_RDONLY, 0)
    assert guest.call("fchmod", fd, 0o777) == -errno.EROFS
    assert guest.call("utimensat", fd, 0, 0, 0) == -errno.EROFS
    assert guest.call("open", f"/proc/self/fd/{fd}", O_RDWR, 0) == -errno.EROFS
    assert guest.call("linkat", fd, "", AT_FDCWD, "mine", 0x1000) == -errno.EXDEV


def test_a_link_put_in_the_way_is_not_followed(guest: Any, home: Path) -> None:
    (home / "d").mkdir()
    place = guest.kernel.paths.creatable(b"d/new")
    (home / "d").rmdir()
    (home / "d").symlink_to(home.parent / "outside")
    directory, name = place.parent
    with pytest.raises(FileNotFoundError):  # d is gone
        os.mkdir(name, dir_fd=directory)
    assert os.listdir(home.parent / "outside") == ["secret"]


def test_the_same_without_openat2(home: Path) -> None:
    (home / "d" / "e").mkdir(parents=True)
    (home / "link").symlink_to(home.parent / "outside")
    start = objects.open_object(os.fsencode(home))
    assert objects.where(objects.open_by_steps(start, b"d/e"))[0] == os.fsencode(home / "d" / "e")
    with pytest.raises(NotADirectoryError):
        objects.open_by_steps(start, b"link/d")


def test_loops_and_long_names(guest: Any, home: Path) -> None:
    (home / "a").symlink_to("b")
    (home / "b").symlink_to("a")
    assert guest.call("open", "a", O_RDONLY, 0) == -errno.ELOOP
    assert guest.call("open", "n" * 256, O_RDONLY, 0) == -errno.ENAMETOOLONG
    for length, expected in ((4095, 0), (4096, -errno.ENAMETOOLONG), (5000, -errno.ENAMETOOLONG)):
        assert guest.call("mkdir", "d" + "/" * (length - 1), 0o700) == expected
        assert guest.call("rmdir", "d" + "/" * (length - 1)) == expected
    assert guest.call("open", "", O_RDONLY, 0) == -errno.ENOENT
    assert guest.call("open", "nothing/x", O_RDONLY, 0) == -errno.ENOENT
    (home / "file").touch()
    assert guest.call("open", "file/x", O_RDONLY, 0) == -errno.ENOTDIR
    assert guest.call("open", "file/", O_RDONLY, 0) == -errno.ENOTDIR
    assert guest.call("open", "a", O_RDONLY | O_NOFOLLOW, 0) == -errno.ELOOP
    assert guest.call("mknod", "new/", 0o100600) == -errno.ENOENT
    assert guest.call("mkdir", "new/", 0o755) == 0


def test_names_are_bytes(guest: Any, home: Path) -> None:
    name = b"\xff\xfe\x80"
    assert guest.call("open", name + b"\0", O_CREAT | O_WRONLY, 0o600) >= 0
    assert os.listdir(os.fsencode(home)) == [name]
    path = guest.put(b"cut\0off\0")
    assert guest.call("open", path, O_CREAT | O_WRONLY, 0o600) >= 0
    assert (home / "cut").exists()


def test_a_path_that_cannot_be_read_is_efault(guest: Any) -> None:
    for name, arguments in (
        ("open", (0x500000, 0, 0)), ("stat64", (0x500000, 0x10000)), ("unlink", (0,)),
        ("rename", (0x10000, 0x500000)), ("chdir", (0xFFFFFFFF,)), ("readlink", (0, 0x10000, 9)),
    ):  # fmt: skip
        assert guest.call(name, *arguments) == -errno.EFAULT
    guest.memory.poke(guest.end - 3, b"abc")  # no NUL before the end of the mapping
    assert guest.call("open", guest.end - 3, 0, 0) == -errno.EFAULT


def test_allow_write_adds_a_directory(make_guest: Make, home: Path) -> None:
    outside = home.parent / "outside"
    guest = make_guest(cwd=str(home), allow_write=(str(outside),))
    assert guest.call("open", outside / "new", O_CREAT | O_WRONLY, 0o644) >= 0
    assert guest.call("open", home.parent / "new", O_CREAT | O_WRONLY, 0o644) == -errno.EROFS
    assert guest.call("rmdir", outside) == -errno.EBUSY
    assert guest.call("link", outside / "secret", "mine") == 0


def test_allow_read_hides_the_rest(make_guest: Make, home: Path) -> None:
    other = home.parent / "other"
    other.mkdir()
    (other / "f").write_text("f")
    guest = make_guest(cwd=str(home), allow_read=(str(other),))
    assert read_all(guest, str(other / "f")) == b"f"
    assert read_all(guest, str(home.parent / "outside" / "secret")) == -errno.ENOENT
    assert guest.call("open", home.parent, O_RDONLY, 0) == -errno.EACCES  # not to be listed
    (home / "link").symlink_to(home.parent / "outside" / "secret")
    assert read_all(guest, "link") == -errno.ENOENT


# -- with a root --------------------------------------------------------------------------------------


@pytest.fixture
def rooted(make_guest: Make, home: Path) -> Any:
    root = home.parent / "root"
    for name in ("etc", "tmp", "lib"):
        (root / name).mkdir(parents=True)
    (root / "etc" / "passwd").write_text("guest passwd")
    return make_guest(root=str(root), cwd=str(home))


def test_absolute_paths_are_looked_up_in_the_root(rooted: Any, home: Path) -> None:
    assert read_all(rooted, "/etc/passwd") == b"guest passwd"
    assert read_all(rooted, "/etc/hostname") == -errno.ENOENT  # the host's stays hidden
    assert read_all(rooted, "/../../../etc/passwd") == b"guest passwd"
    assert read_all(rooted, str(home.parent / "outside" / "secret")) == -errno.ENOENT
    assert rooted.call("open", "/etc/passwd", O_RDWR, 0) == -errno.EROFS


def test_links_in_the_root_stay_in_it(rooted: Any, home: Path) -> None:
    root = home.parent / "root"
    (root / "absolute").symlink_to("/etc/passwd")
    (root / "up").symlink_to("../../../../../../etc/passwd")
    (root / "lib" / "to-host").symlink_to(home.parent / "outside" / "secret")
    (home / "from-home").symlink_to("/etc/passwd")
    for path in ("/absolute", "/up", "from-home"):
        assert read_all(rooted, path) == b"guest passwd"
    assert read_all(rooted, "/lib/to-host") == -errno.ENOENT


def test_the_working_directory_is_there_and_writable(rooted: Any, home: Path) -> None:
    fd = rooted.call("open", home / "new", O_CREAT | O_RDWR, 0o644)
    assert fd >= 0
    assert (home / "new").exists()
    buffer = rooted.room(4096)
    assert rooted.call("getcwd", buffer, 4096) == len(str(home)) + 1
    assert rooted.memory.cstring(buffer) == os.fsencode(home)


def test_a_directory_of_both_layers(make_guest: Make, home: Path) -> None:
    """New files go to the layer that may be changed; a listing shows both."""
    root = home.parent / "root"
    shared = root / str(home)[1:]
    shared.mkdir(parents=True)
    (shared / "of-root").touch()
    (home / "of-host").touch()
    guest = make_guest(root=str(root), cwd=str(home))
    assert guest.call("open", "new", O_CREAT | O_WRONLY, 0o644) >= 0
    assert (home / "new").exists()
    assert guest.call("unlink", "of-root") == -errno.EROFS
    fd = guest.call("open", ".", O_RDONLY, 0)
    buffer = guest.room(4096)
    data = guest.memory.read(buffer, guest.call("getdents64", fd, buffer, 4096))
    assert all(name in data for name in (b"of-root\0", b"of-host\0", b"new\0"))


def test_a_hidden_link_of_the_lower_layer_is_not_followed(make_guest: Make, home: Path) -> None:
    """ROOT has a directory where the host, below a writable directory, has a link outside."""
    root = home.parent / "root"
    (root / str(home)[1:] / "d").mkdir(parents=True)
    (home / "d").symlink_to(home.parent / "outside")
    guest = make_guest(root=str(root), cwd=str(home))
    assert guest.call("open", "d/new", O_CREAT | O_WRONLY, 0o644) < 0
    assert guest.call("unlink", "d/secret") < 0
    assert os.listdir(home.parent / "outside") == ["secret"]


def test_a_working_directory_inside_the_root_has_its_guest_name(
    make_guest: Make, home: Path
) -> None:
    guest = make_guest(root=str(home.parent), cwd=str(home))
    buffer = guest.room(64)
    guest.call("getcwd", buffer, 64)
    assert guest.memory.cstring(buffer) == b"/home"
    assert guest.call("open", "/home/new", O_CREAT | O_WRONLY, 0o644) >= 0
    assert guest.call("open", "/outside/new", O_CREAT | O_WRONLY, 0o644) == -errno.EROFS


# -- devices and /proc --------------------------------------------------------------------------------


def test_devices(rooted: Any) -> None:
    assert rooted.call("open", "/dev/null", O_RDWR | O_CREAT | O_TRUNC, 0o666) >= 0
    assert read_all(rooted, "/dev/null") == b""
    assert rooted.call("open", "/dev/kmsg", O_RDONLY, 0) == -errno.ENOENT


def test_other_devices_of_the_host_are_refused(guest: Any) -> None:
    there = [path for path in Path("/dev").iterdir() if path.is_char_device()]
    others = [path for path in there if bytes(path) not in DEVICES and not path.is_symlink()]
    if not others:
        pytest.skip("this machine has no other device")
    for path in others[:8]:
        assert guest.call("open", path, O_RDONLY, 0) == -errno.EACCES


def test_proc_shows_the_guest_only(rooted: Any) -> None:
    assert read_all(rooted, "/proc/self/cmdline") == b""  # no program is loaded
    assert rooted.call("open", "/proc/1/environ", O_RDONLY, 0) == -errno.ENOENT
    assert rooted.call("open", "/proc/self/mem", O_RDWR, 0) == -errno.ENOENT
    assert rooted.call("open", "/proc/self/root/etc/passwd", O_RDONLY, 0) >= 0
    assert rooted.call("open", "/proc/self/maps", O_RDWR, 0) == -errno.EACCES
    assert rooted.call("unlink", "/proc/self/maps") == -errno.EROFS


def test_ways_around_names_are_not_offered(guest: Any) -> None:
    assert guest.call("chroot", ".") == -errno.EPERM
    for name in ("mount", "open_by_handle_at", "name_to_handle_at", "io_uring_setup"):
        assert guest.call(name, 0, 0, 0, 0, 0) in (-errno.EPERM, -errno.ENOSYS)


def test_links_in_proc_are_not_followed_when_the_guest_says_so(guest: Any, home: Path) -> None:
    (home / "link").symlink_to("target")
    pair = guest.room(8)
    assert guest.call("pipe", pair) == 0
    pipe = f"/proc/self/fd/{guest.memory.load(pair, 4)}"
    file = f"/proc/self/fd/{guest.call('open', 'file', O_RDWR | O_CREAT, 0o600)}"
    for path in (pipe, file, "/proc/self/cwd", "/proc/self/exe", "/proc/self", "link"):
        assert guest.call("open", path, O_RDONLY | O_NOFOLLOW, 0) == -errno.ELOOP, path
        assert guest.call("open", path, O_NOFOLLOW | O_DIRECTORY, 0) == -errno.ENOTDIR, path
    assert guest.call("open", pipe, O_RDONLY | 0o4000, 0) >= 0


def test_a_descriptor_of_a_link_itself(guest: Any, home: Path) -> None:
    (home / "link").symlink_to("target")
    inherited = f"/proc/{os.getpid()}/fd/0"
    for path in ("link", "/proc/self", "/proc/self/root", "/proc/self/cwd", inherited):
        expected, found = guest.room(256), guest.room(256)
        size = guest.call("readlink", path, expected, 256)
        fd = guest.call("open", path, O_PATH | O_NOFOLLOW | O_CREAT, 0)
        assert guest.call("readlinkat", fd, "", found, 256) == size > 0, path
        assert guest.memory.read(found, size) == guest.memory.read(expected, size)
        status = guest.room(104)
        assert guest.call("fstat64", fd, status) == 0
        assert stat.S_ISLNK(guest.memory.load(status + 16, 4))
        assert guest.call("read", fd, found, 1) == -errno.EBADF
        again = f"/proc/self/fd/{fd}"
        assert guest.call("stat64", again, status) == 0
        assert stat.S_ISLNK(guest.memory.load(status + 16, 4))
        for flags in (O_RDONLY, O_RDWR):
            assert guest.call("open", again, flags, 0) == -errno.ELOOP, path
        assert guest.call("fchdir", fd) == -errno.ENOTDIR
    directory = guest.call("open", ".", O_DIRECTORY, 0)
    for fd in (AT_FDCWD, directory):
        assert guest.call("readlinkat", fd, "", found, 256) == -errno.ENOENT
    assert guest.call("readlinkat", 99, "", found, 256) == -errno.EBADF


@pytest.mark.parametrize(
    ("target", "error"),
    [
        ("new/", errno.EISDIR), ("file/", errno.EISDIR), ("directory/", errno.EISDIR),
        ("directory/.", errno.EISDIR), ("directory/./", errno.EISDIR), ("new/.", errno.ENOENT),
        ("missing/new/", errno.ENOENT), ("file/.", errno.ENOTDIR), ("file/new/", errno.ENOTDIR),
    ],
)  # fmt: skip
def test_a_file_cannot_be_made_where_a_directory_is_named(
    target: str, error: int, guest: Any, home: Path
) -> None:
    """The same errors as the host's kernel's, for a path and for a link that leads to it."""
    (home / "directory").mkdir()
    (home / "file").touch()
    (home / "link").symlink_to(target)
    for path in (target, "link"):
        assert guest.call("open", path, O_RDWR | O_CREAT, 0o600) == -error, path
        with pytest.raises(OSError, match=os.strerror(error)):
            os.open(f"{home}/{path}", os.O_RDWR | os.O_CREAT)
    assert guest.call("open", "link", O_RDWR | O_CREAT | O_EXCL, 0o600) == -errno.EEXIST
    assert not (home / "new").exists()


def test_proc_fd_gives_no_more_access_than_the_descriptor(guest: Any) -> None:
    pair = guest.room(8)
    assert guest.call("pipe", pair) == 0
    reader = guest.memory.load(pair, 4)
    assert guest.call("open", f"/proc/self/fd/{reader}", O_RDWR, 0) == -errno.EACCES
    assert guest.call("open", f"/proc/self/fd/{reader}", O_RDONLY | 0o4000, 0) >= 0
    assert guest.call("open", "/proc/self/fd/99", O_RDONLY, 0) == -errno.ENOENT

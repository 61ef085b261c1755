"""The sandbox: the one place that decides which host file a guest path means, and what is allowed.

The guest sees layers. With a root (-L ROOT) an absolute path is looked up in ROOT first, then on
the host, but there only below the working directory at start, the --allow-read and --allow-write
directories, and a few devices. Without a root the guest sees the host. ``/proc`` is made up in both
cases (``procfs.py``).

Changes (create, write, rename, chmod, ...) are possible below the working directory at start and
the --allow-write directories. Everything else behaves like a file system mounted read-only: EROFS.
Devices and files that the host keeps from its user stay EACCES; what no layer shows is ENOENT.

Links are followed here, component by component and in the guest's view: an absolute link in ROOT
leads into ROOT, ``..`` ends at the guest's ``/``. A host path that comes out has no links left, so
the calls that use it refuse to follow any: its directory is opened with RESOLVE_NO_SYMLINKS
(openat2), and the last component is used relative to that. A link that another process puts in the
way between look-up and use leads to ELOOP, not out of the sandbox.
"""

import errno
import os
import stat
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import attrs

from dbt.linux import host

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel, LinuxOptions

AT_FDCWD = -100
PATH_MAX = 4096
NAME_MAX = 255
MAX_LINKS = 40

DEVICES = frozenset(
    b"/dev/" + name for name in (b"null", b"zero", b"full", b"tty", b"urandom", b"random")
)
_STANDARD = {b"/dev/stdin": b"0", b"/dev/stdout": b"1", b"/dev/stderr": b"2"}

_OPENAT2 = 437  # the same number on every architecture
_RESOLVE_NO_SYMLINKS = 0x04


def failure(code: int) -> OSError:
    """An OSError for an errno that Linux would return here."""
    return OSError(code, os.strerror(code))


@attrs.frozen
class Virtual:
    """A file that no host file stands for (``procfs.py``).

    Exactly one of the four is set: ``content`` makes its bytes, ``names`` lists a directory,
    ``link`` is where a link leads, ``descriptor`` is what /proc/self/fd/N stands for.
    """

    mode: int
    content: Callable[[], bytes] | None = None
    names: Callable[[], list[bytes]] | None = None
    link: bytes | None = None
    descriptor: int | None = None


@attrs.frozen
class Place:
    """What a guest path means: ``guest`` is absolute and without links, except perhaps the last.

    ``host`` is the host's path, existing or (``status`` None) about to be created. ``changeable``:
    the policy lets the guest change it. ``readable``: False for the directories above an allowed
    one, which may be passed through only.
    """

    guest: bytes
    host: bytes
    status: os.stat_result | None
    changeable: bool = False
    readable: bool = True
    virtual: Virtual | None = None
    device: bool = False
    must_be_directory: bool = False

    @property
    def exists(self) -> bool:
        return self.status is not None or self.virtual is not None

    @property
    def mode(self) -> int:
        """st_mode, 0 when there is no such file."""
        if self.virtual is not None:
            return self.virtual.mode
        return self.status.st_mode if self.status is not None else 0

    @property
    def is_directory(self) -> bool:
        return stat.S_ISDIR(self.mode)

    def require_change(self) -> None:
        """Raise EROFS unless the guest may change this file."""
        if not self.changeable:
            raise failure(errno.EROFS)


def _below(path: bytes, directory: bytes) -> bool:
    return directory in (b"/", path) or path.startswith(directory + b"/")


class Paths:
    """The guest's view of files. ``cwd`` is its working directory, as the guest sees it.

    A working directory that is renamed or moved keeps its old name here.
    """

    def __init__(self, options: "LinuxOptions") -> None:
        start = os.path.realpath(os.fsencode(options.cwd or os.getcwd()))
        self.root = os.path.realpath(os.fsencode(options.root)) if options.root else None
        writable = [os.fsencode(directory) for directory in options.allow_write]
        readable = [os.fsencode(directory) for directory in options.allow_read]
        if self.root is None and not readable:
            readable = [b"/"]
        self._writable = [start, *map(os.path.realpath, writable)]
        named = [start, *writable, *readable]
        directories = {os.path.abspath(d) for d in named} | {os.path.realpath(d) for d in named}
        self._visible = directories | DEVICES
        self.cwd = self.guest_of(start)
        self._kernel: Kernel | None = None
        self._procfs: Callable[[bytes], Virtual | bytes | None] = lambda _: None

    def attach(self, kernel: "Kernel", procfs: Callable[[bytes], "Virtual | bytes | None"]) -> None:
        """Connect the descriptor table (for ``dirfd``) and what answers for paths below /proc."""
        self._kernel = kernel
        self._procfs = procfs

    # -- policy ------------------------------------------------------------------------------------

    def _may_change(self, host_path: bytes) -> bool:
        return any(_below(host_path, directory) for directory in self._writable)

    def may_remove(self, place: Place) -> None:
        """Raise unless a name may vanish: EROFS, or EBUSY for an allowed directory itself."""
        place.require_change()
        if place.host in self._writable:
            raise failure(errno.EBUSY)

    def _sees_host(self, path: bytes) -> bool:
        return b"/" in self._visible or any(_below(path, directory) for directory in self._visible)

    def _passes_host(self, path: bytes) -> bool:
        return any(_below(directory, path) for directory in self._visible)

    # -- layers ------------------------------------------------------------------------------------

    def _candidates(self, guest: bytes) -> Iterator[tuple[bytes, bool]]:
        """Host paths that may stand for a guest path, best first, and whether more than passing
        through is allowed."""
        if self.root is not None:
            yield self.root + guest if guest != b"/" else self.root, True
        if self._sees_host(guest):
            yield guest, True
        elif self._passes_host(guest):
            yield guest, False

    def _look(self, guest: bytes) -> Place | None:
        """The file at a guest path whose directory part has no links; None when there is none."""
        special = self._special(guest)
        if special is not None:
            return special
        if _below(guest, b"/proc"):
            return None
        for path, readable in self._candidates(guest):
            try:
                status = os.lstat(path)
            except (FileNotFoundError, NotADirectoryError):
                continue
            return Place(guest, path, status, readable and self._may_change(path), readable)
        return None

    def _special(self, guest: bytes) -> Place | None:
        if guest.startswith(b"/dev/"):
            if guest in DEVICES:
                return Place(guest, guest, os.lstat(guest), device=True)
            if guest in _STANDARD:
                link = b"/proc/self/fd/" + _STANDARD[guest]
                return Place(guest, b"", None, virtual=Virtual(stat.S_IFLNK | 0o777, link=link))
            if guest == b"/dev/fd":
                link = b"/proc/self/fd"
                return Place(guest, b"", None, virtual=Virtual(stat.S_IFLNK | 0o777, link=link))
        if _below(guest, b"/proc"):
            found = self._procfs(guest)
            if isinstance(found, Virtual):
                return Place(guest, b"", None, virtual=found)
            if found is not None:
                return Place(guest, found, os.lstat(found))
        return None

    def layers(self, guest: bytes) -> list[bytes]:
        """Every host directory that shows files at a guest directory, best first."""
        return [
            path
            for path, readable in self._candidates(guest)
            if readable and os.path.isdir(path) and not os.path.islink(path)
        ]

    def _missing(self, guest: bytes) -> Place:
        """Where a file that is not there would be created: a changeable layer if there is one."""
        parents = []
        for path, readable in self._candidates(guest):
            if readable and os.path.isdir(os.path.dirname(path)):
                parents.append(Place(guest, path, None, self._may_change(path)))
        for place in parents:
            if place.changeable:
                return place
        return parents[0] if parents else Place(guest, b"", None)

    # -- resolution --------------------------------------------------------------------------------

    def base(self, dirfd: int) -> bytes:
        """The guest directory that ``dirfd`` names. EBADF, ENOTDIR."""
        if dirfd == AT_FDCWD:
            return self.cwd
        if self._kernel is None:
            raise failure(errno.EBADF)
        return self._kernel.files.directory_path(dirfd)

    def resolve(self, path: bytes, dirfd: int = AT_FDCWD, *, follow: bool = True) -> Place:
        """Find what a guest path means. A missing last component is no error (``Place.exists``);
        ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG and EACCES are raised as Linux does."""
        if not path:
            raise failure(errno.ENOENT)
        if len(path) >= PATH_MAX:
            raise failure(errno.ENAMETOOLONG)
        here: list[bytes] = []
        if not path.startswith(b"/"):
            here = [name for name in self.base(dirfd).split(b"/") if name]
        slash = path.rstrip(b"/") != path or path.endswith((b"/.", b"/.."))
        return self._walk(here, path, follow or slash, slash)

    def _walk(self, here: list[bytes], path: bytes, follow: bool, slash: bool) -> Place:
        pending = _components(path)
        links = 0
        place: Place | None = None
        while pending:
            name = pending.pop()
            if name == b"..":
                here = here[:-1]
                place = None
                continue
            if len(name) > NAME_MAX:
                raise failure(errno.ENAMETOOLONG)
            guest = b"/" + b"/".join([*here, name])
            place = self._look(guest)
            if place is None:
                if pending:
                    raise failure(errno.ENOENT)
                return attrs.evolve(self._missing(guest), must_be_directory=slash)
            target = self.link_target(place) if pending or follow else None
            if target is not None:
                links += 1
                if links > MAX_LINKS:
                    raise failure(errno.ELOOP)
                here = [] if target.startswith(b"/") else here
                pending += _components(target)
                place = None
                continue
            if not place.is_directory and (pending or slash):
                raise failure(errno.ENOTDIR)
            here = [*here, name]
        if place is None:
            place = self._look(b"/" + b"/".join(here))
        if place is None:
            raise failure(errno.ENOENT)
        return place

    def link_target(self, place: Place) -> bytes | None:
        """Where a link leads. None for what is no link, and for a descriptor in /proc that has no
        path to go on from."""
        if not stat.S_ISLNK(place.mode):
            return None
        if place.virtual is not None:
            if place.virtual.descriptor is not None and self._kernel is not None:
                return self._kernel.files.get(place.virtual.descriptor).file.path
            return place.virtual.link
        with self.parent(place) as (directory, name):
            return os.readlink(name, dir_fd=directory)

    def existing(self, path: bytes, dirfd: int = AT_FDCWD, *, follow: bool = True) -> Place:
        """``resolve`` for calls that need the file: ENOENT when it is missing."""
        place = self.resolve(path, dirfd, follow=follow)
        if not place.exists:
            raise failure(errno.ENOENT)
        return place

    def creatable(self, path: bytes, dirfd: int = AT_FDCWD, *, directory: bool = False) -> Place:
        """``resolve`` for calls that make a new name: EEXIST, then EROFS, as Linux orders them.
        Only that of a ``directory`` may end in a slash."""
        stripped = path.rstrip(b"/") or path
        place = self.resolve(stripped, dirfd, follow=False)
        if place.exists:
            raise failure(errno.EEXIST)
        dots = stripped.rpartition(b"/")[2] in (b".", b"..")
        if dots or (stripped != path and not directory) or _below(place.guest, b"/proc"):
            raise failure(errno.ENOENT)
        place.require_change()
        return place

    def host(self, path: bytes | str, dirfd: int = AT_FDCWD, *, follow: bool = True) -> str:
        """The host's path of a file that the guest may read."""
        place = self.existing(os.fsencode(path), dirfd, follow=follow)
        if place.virtual is not None and place.virtual.descriptor is not None and self._kernel:
            return f"/proc/self/fd/{self._kernel.files.host_fd(place.virtual.descriptor)}"
        if place.virtual is not None or not place.readable:
            raise failure(errno.EACCES)
        return os.fsdecode(place.host)

    def guest_of(self, host_path: bytes) -> bytes:
        """The guest's name of a host file: below the root without it."""
        if self.root is not None and _below(host_path, self.root):
            return host_path[len(self.root) :] or b"/"
        return host_path

    @contextmanager
    def parent(self, place: Place) -> Iterator[tuple[int, bytes]]:
        """The directory of a place, opened without following links, and the name in it."""
        if not place.host:
            raise failure(errno.EROFS)
        head, name = os.path.split(place.host)
        directory = open_directory(head or b"/")
        try:
            yield directory, name or b"."
        finally:
            os.close(directory)


def _components(path: bytes) -> list[bytes]:
    """Path components, last first, without the empty ones and the dots."""
    return [name for name in reversed(path.split(b"/")) if name not in (b"", b".")]


def open_directory(path: bytes) -> int:
    """An O_PATH descriptor of a host directory whose path must not contain a link (ELOOP)."""
    flags = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC
    how = struct.pack("=QQQ", flags, 0, _RESOLVE_NO_SYMLINKS)
    try:
        return host.call("syscall", _OPENAT2, AT_FDCWD, path, how, len(how))
    except OSError as error:
        if error.errno not in (errno.ENOSYS, errno.EPERM):
            raise
    return _open_by_steps(path, flags)


def _open_by_steps(path: bytes, flags: int) -> int:
    """``open_directory`` where openat2 is missing: one component at a time."""
    current = os.open(b"/", flags)
    for name in reversed(_components(path)):
        try:
            following = os.open(name, flags | os.O_NOFOLLOW, dir_fd=current)
        finally:
            os.close(current)
        current = following
    return current

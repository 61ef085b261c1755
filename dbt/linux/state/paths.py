"""The sandbox: the one place that decides which host file a guest path means.

The guest sees layers (``layers.py``, ``view.py``). With a root (-L ROOT) an absolute path is looked
up in ROOT first, then on the host, but there only below the working directory at start, the
--allow-read and --allow-write directories, and a few devices. Without a root the guest sees the
host. ``/proc`` is made up in both cases (``procfs.py``).

Changes (create, write, rename, chmod, ...) are possible below the working directory at start and
the --allow-write directories. Everything else behaves like a file system mounted read-only: EROFS.
Devices and files that the host keeps from its user stay EACCES; what no layer shows is ENOENT.

A look-up walks from open directory to open directory and follows links here, in the guest's view:
an absolute link in ROOT leads into ROOT, ``..`` ends at the guest's ``/``. The caller uses the
descriptors that the walk has come to. No name is looked up twice, so what another process renames
or puts in the way in between changes nothing.

The working directory and directory descriptors are open host directories. Their path, and so what
may be seen and changed below them, is asked of the host each time: a renamed directory is followed.
One that has been moved to where the guest sees nothing is ENOENT as a start.
"""

import errno
import os
import stat
from collections.abc import Callable

from dbt.classes import attrs
from dbt.linux.errors import failure
from dbt.linux.guestio import PATH_MAX
from dbt.linux.state.layers import Policy, Tree, below, make_trees
from dbt.linux.state.objects import Handle, open_object, where
from dbt.linux.state.places import Here, Place, Virtual
from dbt.linux.state.view import View
from dbt.stops import UsageError
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel
    from dbt.linux.options import LinuxOptions

__all__ = ["AT_FDCWD", "Here", "Paths", "Place", "Virtual", "failure"]

AT_FDCWD = -100
PROGRAM = -101
"""In place of a descriptor: the running program, as AT_FDCWD is the working directory."""
NAME_MAX = 255
Look = Callable[[bytes], "Virtual | bytes | None"]
MAX_LINKS = 40
DOTS = (b"", b".", b"..")


@attrs.frozen(eq=False)
class Anchor:
    """What a directory descriptor or the working directory is: an open host directory of a
    layer, or a made up one with a fixed path."""

    tree: Tree | None
    handle: Handle | None
    made_up: bytes = b""


def _start(options: "LinuxOptions") -> bytes:
    """The host's path of the first working directory. UsageError when it was deleted: what a guest
    may change is what lies below it."""
    try:
        return os.path.realpath(os.fsencode(options.cwd or os.getcwd()))
    except FileNotFoundError:
        raise UsageError("the working directory was deleted: change to another one") from None


class Paths:
    """The guest's view of files, and its working directory."""

    def __init__(self, options: "LinuxOptions") -> None:
        start = _start(options)
        self.root = os.path.realpath(os.fsencode(options.root)) if options.root else None
        policy = Policy(options, start)
        self.view = View(make_trees(self.root, policy), policy)
        self.run_directory = self.view.run_directory
        self._kernel: Kernel | None = None
        self._working = Anchor(None, None, b"/")
        try:
            self.enter(self._first_directory(start))
        except OSError as error:
            self.close()
            raise UsageError(f"the working directory: {error.strerror}") from None

    def _first_directory(self, start: bytes) -> Place:
        """The first working directory: what the guest sees at its path, or if ROOT has something
        else there, the host's directory itself."""
        try:
            place = self.existing(self.guest_of(start))
            if place.is_directory:
                return place
        except OSError:
            pass
        handle = open_object(start)
        return Place(start, self.view.trees[-1], handle=handle, status=handle.status())

    def attach(self, kernel: "Kernel", procfs: Look, terminals: Look) -> None:
        """Connect the descriptor table (for ``dirfd``), and what answers for paths below /proc and
        /dev/pts."""
        self._kernel = kernel
        self.view.made_up, self.view.terminals = procfs, terminals

    def close(self) -> None:
        """Give the descriptors of directories back: no path can be followed any more."""
        self.view.close()
        self._working = Anchor(None, None, b"/")

    # -- where things lie --------------------------------------------------------------------------

    def enter(self, place: Place) -> None:
        """Make a directory the working directory."""
        handle = None
        if place.handle is not None:
            handle = self.view.policy.held(place.handle) or place.handle.keep()
        self._working = Anchor(place.tree, handle, place.guest)

    @property
    def cwd(self) -> bytes:
        """The working directory as /proc/self/cwd shows it."""
        return self.shown(AT_FDCWD)

    def _anchor(self, descriptor: int) -> Anchor | None:
        """The anchor of an open file; None when it has no place (a pipe, something inherited).
        EBADF."""
        if descriptor == AT_FDCWD:
            return self._working
        if self._kernel is None:
            raise failure(errno.EBADF)
        if descriptor == PROGRAM:
            return Anchor(None, self._kernel.process.program)
        found = self._kernel.files.get(descriptor)
        if found.file.tree is not None:
            return Anchor(found.file.tree, Handle(found.host, borrowed=True))
        return Anchor(None, None, found.file.made_up) if found.file.made_up else None

    def _is_directory(self, fd: int) -> bool:
        return self._kernel is not None and self._kernel.files.get(fd).file.entries is not None

    def shown(self, descriptor: int) -> bytes:
        """Where an open file lies now, as a link in /proc/self shows it: with ``(deleted)`` if its
        name was removed. EBADF."""
        anchor = self._anchor(descriptor)
        if anchor is None:
            assert self._kernel is not None
            return os.readlink(Handle(self._kernel.files.host_fd(descriptor), borrowed=True).reach)
        if anchor.handle is None:
            return anchor.made_up
        self.view.afresh()
        path, gone = where(anchor.handle)
        guest = self.view.shown(path, anchor.tree)
        if guest is None:
            return b"(unreachable)"
        return guest + b" (deleted)" if gone else guest

    def getcwd(self) -> bytes:
        """The path of the working directory. ENOENT when it was removed or is out of sight."""
        anchor = self._working
        if anchor.tree is None or anchor.handle is None:
            return anchor.made_up
        self.view.afresh()
        path, gone = where(anchor.handle)
        guest = anchor.tree.guest_path(path)
        if guest is None or gone:
            raise failure(errno.ENOENT)
        return guest

    def guest_of(self, host_path: bytes) -> bytes:
        """The guest's name of a host file at the start: below the root without it."""
        own = self.run_directory.made
        if own is not None and (guest := own.guest_path(host_path)) is not None:
            return guest
        if self.root is not None and below(host_path, self.root):
            return host_path[len(self.root) :] or b"/"
        return host_path

    def base(self, dirfd: int) -> Here:
        """The directory that ``dirfd`` means. EBADF, ENOTDIR, ENOENT."""
        anchor = self._anchor(dirfd)
        if anchor is None or (dirfd != AT_FDCWD and not self._is_directory(dirfd)):
            raise failure(errno.ENOTDIR)
        if anchor.tree is None or anchor.handle is None:
            return Here(anchor.made_up)
        return self.view.stand(anchor.tree, anchor.handle)

    # -- resolution --------------------------------------------------------------------------------

    def resolve(
        self,
        path: bytes,
        dirfd: int = AT_FDCWD,
        *,
        follow: bool = True,
        create: bool = False,
        new: bool = True,
    ) -> Place:
        """Find what a guest path means. A missing last component is no error (``Place.exists``);
        ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG and EACCES are raised as Linux does. For what may
        ``create`` a file a last name with a slash behind it is EISDIR. ``new``: see
        ``View.down``."""
        if not path:
            raise failure(errno.ENOENT)
        if len(path) >= PATH_MAX:
            raise failure(errno.ENAMETOOLONG)
        self.view.afresh()
        here = self.view.top() if path.startswith(b"/") else self.base(dirfd)
        slash = _ends_in_directory(path)
        return self._walk(here, path, follow or slash, slash, create, new)

    def _walk(
        self, here: Here, path: bytes, follow: bool, slash: bool, create: bool, new: bool
    ) -> Place:
        pending = _components(path)
        refused = create and _names_directory(path)
        links = 0
        place: Place | None = None
        here = self.view.leap(here, pending) or here
        while pending:
            name = pending.pop()
            if name == b"..":
                here, place = self.view.up(here), None
                continue
            if len(name) > NAME_MAX:
                raise failure(errno.ENAMETOOLONG)
            if refused and not pending:
                raise failure(errno.EISDIR)
            place = self.view.down(here, name, new=new and not pending)
            if not place.exists and not pending and not slash:
                return place
            if stat.S_ISLNK(place.mode) and (pending or follow):
                target = self._target(place)
                if isinstance(target, bytes):
                    links += 1
                    if links > MAX_LINKS:
                        raise failure(errno.ELOOP)
                    slash = slash or (not pending and _ends_in_directory(target))
                    refused = refused or (create and not pending and _names_directory(target))
                    here = self.view.top() if target.startswith(b"/") else here
                    pending += _components(target)
                    here, place = self.view.leap(here, pending) or here, None
                    continue
                place = target
            if not place.exists:
                raise failure(errno.ENOENT)
            if place.is_directory:
                here = place.here
            elif pending or slash:
                raise failure(errno.ENOTDIR)
        return place if place is not None else self._place_of(here)

    def _place_of(self, here: Here) -> Place:
        """The place of a directory that a walk ended in without a name."""
        if not here.layers:
            place = self.view.special(here.guest)
            if place is None or not place.exists:
                raise failure(errno.ENOENT)
            return place
        tree, handle = here.layers[0]
        status = handle.status()
        return Place(here.guest, tree, handle=handle, status=status, below=here.layers[1:])

    def _target(self, link: Place) -> bytes | Place:
        """Where a link leads: a path, or for those in /proc/self the open file itself. For an open
        file without a place, a pipe for example, it is the link, with the file's mode."""
        virtual = link.virtual
        if virtual is None:
            return os.readlink(b"", dir_fd=link.object.fd)
        if virtual.descriptor is None:
            return virtual.link or b""
        anchor = self._anchor(virtual.descriptor)
        if anchor is None:
            assert self._kernel is not None
            mode = os.fstat(self._kernel.files.host_fd(virtual.descriptor)).st_mode
            return attrs.evolve(link, virtual=attrs.evolve(virtual, mode=mode))
        if anchor.handle is None:
            return self._place_of(Here(anchor.made_up))
        status = anchor.handle.status()
        if anchor.tree is None:
            shown = self.shown(virtual.descriptor)
            return Place(shown, handle=anchor.handle, status=status)
        if stat.S_ISDIR(status.st_mode):
            return self._place_of(self.view.stand(anchor.tree, anchor.handle))
        guest = anchor.tree.guest_path(where(anchor.handle)[0])
        if guest is None or not anchor.tree.sight(guest):
            raise failure(errno.ENOENT)
        return Place(guest, anchor.tree, handle=anchor.handle, status=status)

    def itself(self, dirfd: int) -> Place:
        """The place of the link that a descriptor was opened on, which is what an empty path names.
        EBADF; ENOENT for other descriptors and the working directory."""
        if dirfd != AT_FDCWD and self._kernel is not None:
            found = self._kernel.files.get(dirfd)
            if found.file.made_up:
                place = self.existing(found.file.made_up, follow=False)
            else:
                handle = Handle(found.host, borrowed=True)
                place = Place(b"", found.file.tree, handle=handle, status=handle.status())
            if stat.S_ISLNK(place.mode):
                return place
        raise failure(errno.ENOENT)

    def link_text(self, link: Place) -> bytes:
        """What readlink gives."""
        virtual = link.virtual
        if virtual is not None and virtual.descriptor is not None:
            return self.shown(virtual.descriptor)
        target = self._target(link)
        assert isinstance(target, bytes)
        return target

    def existing(self, path: bytes, dirfd: int = AT_FDCWD, *, follow: bool = True) -> Place:
        """``resolve`` for calls that need the file: ENOENT when it is missing."""
        place = self.resolve(path, dirfd, follow=follow, new=False)
        if not place.exists:
            raise failure(errno.ENOENT)
        return place

    def entry(self, path: bytes, dirfd: int = AT_FDCWD) -> Place:
        """What a name means to calls that change names: a link itself, even if slashes follow
        (``must_be_directory``), or one of the names that cannot be changed (``is_dots``)."""
        stripped = path.rstrip(b"/")
        last = stripped.rpartition(b"/")[2]
        if path and last in DOTS:
            return attrs.evolve(self.existing(path, dirfd), name=last, directory=None, is_dots=True)
        place = self.resolve(stripped, dirfd, follow=False)
        return attrs.evolve(place, must_be_directory=stripped != path)

    def creatable(self, path: bytes, dirfd: int = AT_FDCWD, *, directory: bool = False) -> Place:
        """``entry`` for calls that make a new name: EEXIST, then EROFS, as Linux orders them.
        Only that of a ``directory`` may end in a slash."""
        place = self.entry(path, dirfd)
        if place.exists:
            raise failure(errno.EEXIST)
        if (place.must_be_directory and not directory) or below(place.guest, b"/proc"):
            raise failure(errno.ENOENT)
        place.require_change()
        return place

    def readable(self, path: bytes, dirfd: int = AT_FDCWD, *, follow: bool = True) -> Handle:
        """A host file that the guest may read, a program for example. EACCES."""
        place = self.existing(path, dirfd, follow=follow)
        if stat.S_ISLNK(place.mode):
            raise failure(errno.ELOOP)
        if place.descriptor is not None and self._kernel:
            return Handle(self._kernel.files.host_fd(place.descriptor), borrowed=True)
        if not place.readable:
            raise failure(errno.EACCES)
        return place.object


def _components(path: bytes) -> list[bytes]:
    """Path components, last first, without the empty ones and the dots."""
    return [name for name in reversed(path.split(b"/")) if name not in (b"", b".")]


def _names_directory(path: bytes) -> bool:
    """Whether a path ends in a name with a slash behind it."""
    return path.endswith(b"/") and path.rstrip(b"/").rpartition(b"/")[2] not in DOTS


def _ends_in_directory(path: bytes) -> bool:
    """Whether the end of a path says that it means a directory."""
    return path.endswith((b"/", b"/.", b"/..")) or path in (b".", b"..")

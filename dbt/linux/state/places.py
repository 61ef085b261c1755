"""What a path means: made up files, the directories on a walk, and the result."""

import errno
import os
import stat
from collections.abc import Callable

from dbt.classes import attrs
from dbt.linux.errors import failure
from dbt.linux.state.layers import Sight, Tree
from dbt.linux.state.objects import Handle


@attrs.frozen
class Sink:
    """Takes what is written to a made up file, of each write at most so many bytes; ``write``
    returns what is in the file then."""

    write: Callable[[bytes], bytes]
    most: int


@attrs.frozen
class Virtual:
    """A made up file, which is no file of the host (``procfs.py``).

    Exactly one of the four is set: ``content`` makes its bytes, ``names`` lists a directory with
    each name's type (S_IFLNK and so on), ``link`` is where a link leads, ``descriptor`` is the open
    file that a link in /proc/self leads to: a number, or AT_FDCWD for the working directory.
    ``sink`` takes what is written to a file; without it, none is.
    """

    mode: int
    content: Callable[[], bytes] | None = None
    names: Callable[[], list[tuple[bytes, int]]] | None = None
    link: bytes | None = None
    descriptor: int | None = None
    sink: Sink | None = None


Layer = tuple[Tree, Handle]


@attrs.define(eq=False)
class Here:
    """A directory that a walk has come to. ``layers`` are the host directories that show it, best
    first; a made up one has none. ``guest`` is its path, absolute and without links."""

    guest: bytes
    layers: tuple[Layer, ...] = ()

    def join(self, name: bytes) -> bytes:
        """The path of a name in it."""
        return self.guest + name if self.guest == b"/" else self.guest + b"/" + name


@attrs.define(eq=False)
class Place:
    """What a guest path means: a host file (``handle``), a made up one, or a name to be created.

    ``guest`` is where the file lies in the guest's view. ``directory`` and ``name`` are set for
    what has been looked up as a name. ``below``: further layers that show the same directory.
    """

    guest: bytes
    tree: Tree | None = None
    directory: Handle | None = None
    name: bytes = b""
    handle: Handle | None = None
    status: os.stat_result | None = None
    below: tuple[Layer, ...] = ()
    virtual: Virtual | None = None
    device: bool = False
    must_be_directory: bool = False
    is_dots: bool = False

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

    @property
    def descriptor(self) -> int | None:
        """The guest's number of the open file that this is, where a followed link in /proc/self
        led to one without a place."""
        followed = self.virtual is not None and not stat.S_ISLNK(self.virtual.mode)
        return self.virtual.descriptor if self.virtual is not None and followed else None

    @property
    def readable(self) -> bool:
        """False for what may only be passed through."""
        return self.tree is None or self.tree.sight(self.guest) is Sight.ALL

    @property
    def changeable(self) -> bool:
        """Whether the policy lets the guest change it."""
        return self.tree is not None and self.tree.may_change(self.guest)

    @property
    def here(self) -> Here:
        """The directory, to walk on from."""
        if self.tree is None or self.handle is None:
            return Here(self.guest)
        return Here(self.guest, ((self.tree, self.handle), *self.below))

    @property
    def parent(self) -> tuple[int, bytes]:
        """The host directory and the name in it, for calls that change names."""
        if self.directory is None:
            raise failure(errno.EROFS)
        return self.directory.fd, self.name

    @property
    def object(self) -> Handle:
        """The host file. EACCES for a made up one."""
        if self.handle is None:
            raise failure(errno.EACCES)
        return self.handle

    def require_change(self) -> None:
        """Raise EROFS unless the guest may change this file."""
        if not self.changeable:
            raise failure(errno.EROFS)

    def require_removal(self) -> None:
        """Raise unless the name may vanish: EROFS, or EBUSY for an allowed directory itself."""
        self.require_change()
        tree = self.tree
        if tree is not None and tree.policy.is_allowed_directory(tree.host_path(self.guest)):
            raise failure(errno.EBUSY)

"""The layers that make up the guest's files, and the policy: what it sees and what it may change.

Directories that were allowed are remembered as objects. Renamed, they stay allowed under their new
name; another directory under the old name is not allowed.
"""

import os

from dbt.classes import attrs
from dbt.enums import IntEnum
from dbt.linux.state.objects import Handle, open_object, where
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.options import LinuxOptions

DEVICES = frozenset(
    b"/dev/" + name for name in (b"null", b"zero", b"full", b"tty", b"urandom", b"random", b"ptmx")
)


def below(path: bytes, directory: bytes) -> bool:
    """Whether a path is the directory or lies in it."""
    return directory in (b"/", path) or path.startswith(directory + b"/")


class Sight(IntEnum):
    """How much of a host directory the guest sees."""

    NOTHING = 0
    PASS = 1
    """It may be passed through on the way to an allowed one."""
    ALL = 2


@attrs.frozen(eq=False)
class Allowed:
    """A directory that the user allowed. ``handle`` is None if it was not there at the start: then
    its name counts."""

    name: bytes
    handle: Handle | None
    writable: bool

    @classmethod
    def named(cls, name: bytes, *, writable: bool) -> "Allowed":
        """The directory that has this name now."""
        try:
            handle = open_object(name).keep()
        except OSError:
            return cls(name, None, writable)
        return cls(name, handle, writable)


def _spelled_start(options: "LinuxOptions", start: bytes) -> list[bytes]:
    """The names of the first working directory that the user knows, perhaps with links: that of the
    option, and PWD, where shells keep it. Programs are given paths that begin so."""
    named = map(os.fsencode, filter(None, (options.cwd, os.environ.get("PWD"))))
    return [path for path in named if os.path.isabs(path) and os.path.realpath(path) == start]


class Policy:
    """What the guest sees of the host's files, and what it may change."""

    def __init__(self, options: "LinuxOptions", start: bytes) -> None:
        writable = [start, *map(os.fsencode, options.allow_write)]
        readable = [os.fsencode(directory) for directory in options.allow_read]
        self._everything = (options.root is None and not readable) or b"/" in readable
        real = {os.path.realpath(d): False for d in readable}
        real |= {os.path.realpath(d): True for d in writable}
        self._allowed = [Allowed.named(d, writable=w) for d, w in real.items()]
        spelled = (*writable, *readable, *_spelled_start(options, start))
        self._spelled = {os.path.abspath(d) for d in spelled} - set(real)
        """Names with links in them, which must be passed to come to an allowed directory."""
        self._first = {d.split(b"/")[1] for d in self._spelled}
        self._now: list[tuple[bytes, bool]] | None = None
        self._places: dict[Handle, tuple[bytes, bool] | None] = {}
        """``where`` of the allowed directories, once it was asked for."""
        self.forget()

    def close(self) -> None:
        """Allow nothing any more, and hold no directory."""
        self._allowed = []
        self.forget()

    def forget(self) -> None:
        """Forget where the allowed directories lie, so that the host is asked again."""
        self._now = None
        self._places = {a.handle: None for a in self._allowed if a.handle is not None}

    def held(self, handle: Handle) -> Handle | None:
        """The handle of an allowed directory that is this one, at the same place: a directory that
        is mounted has several."""
        status = handle.status()
        same = [h for h in self._places if os.path.samestat(h.status(), status)]
        return next((h for h in same if self.where(h) == where(handle)), None)

    def where(self, handle: Handle) -> tuple[bytes, bool]:
        """See ``objects.where``. The host is asked once in a look-up for an allowed directory."""
        found = self._places.get(handle)
        if found is None:
            found = where(handle)
            if handle in self._places:
                self._places[handle] = found
        return found

    def _path(self, allowed: Allowed) -> bytes | None:
        """Where an allowed directory lies now, None once it is removed."""
        if allowed.handle is None:
            return allowed.name
        path, gone = self.where(allowed.handle)
        return None if gone else path

    def _paths(self) -> list[tuple[bytes, bool]]:
        """Where the allowed directories lie, and whether they are writable."""
        if self._now is None:
            places = [(self._path(allowed), allowed.writable) for allowed in self._allowed]
            self._now = [(path, writable) for path, writable in places if path is not None]
        return self._now

    def names_below(self, directory: bytes) -> bool:
        """Whether the user named a directory, or one in it."""
        return any(below(path, directory) for path, _ in self._paths())

    def may_change(self, host_path: bytes) -> bool:
        """Whether a file at this place may be changed."""
        return any(writable and below(host_path, path) for path, writable in self._paths())

    def is_allowed_directory(self, host_path: bytes) -> bool:
        """Whether this is one of the writable directories itself."""
        return (host_path, True) in self._paths()

    def passes_links(self, host_path: bytes) -> bool:
        """Whether a link that leads to an allowed directory may be on the way to this place."""
        return bool(self._first) and host_path.split(b"/", 2)[1] in self._first

    def sight(self, host_path: bytes) -> Sight:
        """How much the guest sees of a file at this place of the host."""
        if self._everything:
            return Sight.ALL
        for path, _ in self._paths():  # asked several times for each look-up
            if below(host_path, path):
                return Sight.ALL
        if host_path in DEVICES:
            return Sight.ALL
        passed = (*(path for path, _ in self._paths()), *self._spelled, b"/dev/null")
        return Sight.PASS if any(below(path, host_path) for path in passed) else Sight.NOTHING


@attrs.define(eq=False)
class Tree:
    """One layer: ``top`` is the host directory that shows the guest's ``/``. Of the host's own
    ``/`` only what the policy says is seen. A layer with a ``mount`` shows that directory in place
    of ``/``, and belongs to the guest."""

    top: Handle
    policy: Policy
    is_host: bool
    mount: bytes = b""
    _now: bytes | None = None

    def forget(self) -> None:
        """Forget where ROOT lies, so that the host is asked again."""
        self._now = None

    def _prefix(self) -> bytes:
        if self._now is None:
            self._now = b"" if self.is_host else where(self.top)[0]
        return self._now

    def host_path(self, guest: bytes) -> bytes:
        """The host's path of a guest path in this layer."""
        return (self._prefix() + guest[len(self.mount) :]).rstrip(b"/") or b"/"

    def guest_path(self, host_path: bytes) -> bytes | None:
        """The guest's path of a host path in this layer, None outside of it."""
        prefix = self._prefix()
        if not below(host_path, prefix or b"/"):
            return None
        return self.mount + host_path[len(prefix) :] or b"/"

    def sight(self, guest: bytes) -> Sight:
        """How much of a file in this layer the guest sees."""
        if self.mount and not below(guest, self.mount):
            return Sight.NOTHING
        return self.policy.sight(guest) if self.is_host else Sight.ALL

    def passes_links(self, guest: bytes) -> bool:
        """Whether there may be links on the way to a place of this layer that is not seen."""
        return self.is_host and self.policy.passes_links(guest)

    def may_change(self, guest: bytes) -> bool:
        """Whether the guest may change the file at this place of the layer."""
        may = self.sight(guest) is Sight.ALL
        return may and (bool(self.mount) or self.policy.may_change(self.host_path(guest)))

    def is_top(self, directory: Handle) -> bool:
        """Whether a directory is the one that the layer begins with."""
        return os.path.samestat(directory.status(), self.top.status())


def make_trees(root: bytes | None, policy: Policy) -> tuple[Tree, ...]:
    """The layers, best first: ROOT if there is one, then the host. OSError."""
    host = Tree(open_object(b"/").keep(), policy, is_host=True)
    if root is None:
        return (host,)
    return Tree(open_object(root).keep(), policy, is_host=False), host

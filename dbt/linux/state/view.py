"""The guest's files as directories to walk in: the layers together, devices, and what is made up.

Every step leads from open host directories to open host files; no step follows a link.
"""

import contextlib
import errno
import os
import stat
from collections.abc import Callable

from dbt.linux.errors import failure
from dbt.linux.state.layers import DEVICES, Policy, Sight, Tree, below
from dbt.linux.state.objects import Handle, open_below, open_object
from dbt.linux.state.places import Here, Layer, Place, Virtual
from dbt.linux.state.run_directory import SHARED_MEMORY, RunDirectory
from dbt.linux.state.terminals import PTS

_LINK = stat.S_IFLNK | 0o777
_SPECIAL = (b"/proc", b"/dev")
"""Where ``special`` is asked."""
_STANDARD = {
    b"/dev/stdin": b"/proc/self/fd/0",
    b"/dev/stdout": b"/proc/self/fd/1",
    b"/dev/stderr": b"/proc/self/fd/2",
    b"/dev/fd": b"/proc/self/fd",
}


class View:
    """The layers, best first, and the steps of a walk in them. ``made_up`` answers for paths below
    /proc, ``terminals`` for those below /dev/pts: a made up file, a host path, or nothing."""

    def __init__(self, trees: tuple[Tree, ...], policy: Policy) -> None:
        self.trees = trees
        self.policy = policy
        self.run_directory = RunDirectory()
        self._own_memory = not policy.names_below(SHARED_MEMORY)
        self.made_up: Callable[[bytes], Virtual | bytes | None] = lambda _: None
        self.terminals: Callable[[bytes], Virtual | bytes | None] = lambda _: None

    def close(self) -> None:
        """Give the descriptors of directories back: no step can be made any more."""
        self.trees = ()
        self.run_directory.close()
        self.policy.close()

    def afresh(self) -> None:
        """Forget where ROOT and the allowed directories lie, once for each look-up."""
        self.policy.forget()
        for tree in self.every():
            tree.forget()

    def every(self) -> tuple[Tree, ...]:
        """All layers: before those of ``/`` what the guest has in places of its own."""
        own = self.run_directory.made
        return self.trees if own is None else (own, *self.trees)

    def shown(self, path: bytes, tree: Tree | None = None) -> bytes | None:
        """The guest's path of a host path, in one layer or the best that has it."""
        trees = self.every() if tree is None else (tree,)
        return next((g for each in trees if (g := each.guest_path(path)) is not None), None)

    def top(self) -> Here:
        """The guest's ``/``."""
        return Here(b"/", tuple((tree, tree.top) for tree in self.trees))

    def stand(self, tree: Tree, directory: Handle, *, first: bool = True) -> Here:
        """The start of a walk at an open directory: its path now, and what other layers show there.
        The directory is ``first``, or has the rank of its layer. ENOENT out of sight."""
        path, gone = self.policy.where(directory)
        guest = tree.guest_path(path)
        if guest is None or not tree.sight(guest):
            raise failure(errno.ENOENT)
        if tree.mount:
            return Here(guest, ((tree, directory),))
        layers: list[Layer] = []
        for other in () if gone else self.trees:
            if other is tree:
                layers.append((tree, directory))
            elif other.sight(guest):
                with contextlib.suppress(OSError):
                    found = _open_directory(other.top, guest)
                    layers += [(other, found)] if found else []
        if first or gone:
            layers = [(tree, directory), *(layer for layer in layers if layer[0] is not tree)]
        return Here(guest, tuple(layers))

    def up(self, here: Here) -> Here:
        """What ``..`` means."""
        if not here.layers:
            head = here.guest.rpartition(b"/")[0]
            return Here(head) if head else self.top()
        tree, directory = here.layers[0]
        if tree.is_top(directory):
            return self._above(tree.mount) if tree.mount else self.top()
        return self.stand(tree, open_object(b"..", directory), first=False)

    def _above(self, mount: bytes) -> Here:
        """The directory that a mount lies in, as the layers of ``/`` show it."""
        guest = mount.rpartition(b"/")[0]
        layers: list[Layer] = []
        for tree in self.trees:
            if tree.sight(guest):
                with contextlib.suppress(OSError):
                    found = open_below(tree.top, guest[1:])
                    layers += [(tree, found)] if found else []
        return Here(guest, tuple(layers))

    def down(self, here: Here, name: bytes, *, new: bool = True) -> Place:
        """What a name in a directory means. Where a missing one would be made is told if it may be
        ``new``."""
        guest = here.join(name)
        special = self.special(guest) if guest.startswith(_SPECIAL) else None
        if special is not None:
            return special
        found: list[tuple[Layer, Handle, os.stat_result]] = []
        for layer in here.layers:
            if not layer[0].sight(guest):
                continue
            try:
                handle = open_object(name, layer[1])
            except OSError as error:
                if found or error.errno in (errno.ENOENT, errno.ENOTDIR):
                    continue
                raise
            status = handle.status()
            if not found or stat.S_ISDIR(status.st_mode):
                found.append((layer, handle, status))
            if not stat.S_ISDIR(found[0][2].st_mode):
                break
        if not found:
            return self.vacant(here, name) if new else Place(guest, name=name)
        (tree, directory), handle, status = found[0]
        rest = tuple((layer[0], handle) for layer, handle, _ in found[1:])
        return Place(guest, tree, directory, name, handle, status, rest)

    def vacant(self, here: Here, name: bytes) -> Place:
        """Where a name that is not there would be made: in a changeable layer if there is one."""
        guest = here.join(name)
        seen = [layer for layer in here.layers if layer[0].sight(guest) is Sight.ALL]
        if len(seen) > 1:
            seen.sort(key=lambda layer: not layer[0].may_change(guest))
        if not seen:
            return Place(guest, name=name)
        tree, directory = seen[0]
        return Place(guest, tree, directory, name)

    def special(self, guest: bytes) -> Place | None:
        """Devices, and what is made up."""
        if guest in DEVICES:
            handle = open_object(guest)
            return Place(guest, handle=handle, status=handle.status(), device=True)
        if guest == SHARED_MEMORY and self._own_memory:
            tree = self.run_directory.tree(self.policy)
            return Place(guest, tree, handle=tree.top, status=tree.top.status())
        if guest in _STANDARD:
            return Place(guest, virtual=Virtual(_LINK, link=_STANDARD[guest]))
        device = below(guest, PTS)
        if not device and not below(guest, b"/proc"):
            return None
        found = self.terminals(guest) if device else self.made_up(guest)
        if found is None:
            return Place(guest)
        if isinstance(found, Virtual):
            return Place(guest, virtual=found)
        handle = open_object(found)
        return Place(guest, handle=handle, status=handle.status(), device=device)

    def leap(self, here: Here, pending: list[bytes]) -> Here | None:
        """Take all steps but the last at once, and remove them from ``pending``. None when they
        must be taken one by one: something is special, or a link. ENOENT when no layer has such a
        directory."""
        if len(pending) < 2 or b".." in pending:
            return None
        steps = b"/".join(reversed(pending[1:]))
        guest = here.join(steps)
        if guest.startswith(_SPECIAL):
            return None
        layers: list[Layer] = []
        linked = not here.layers
        for tree, directory in here.layers:
            if not tree.sight(guest):
                linked = linked or tree.passes_links(guest)
                continue
            try:
                found = open_below(directory, steps)
            except OSError:
                return None
            layers += [(tree, found)] if found else []
        if not layers:
            if linked:
                return None
            raise failure(errno.ENOENT)
        del pending[1:]
        return Here(guest, tuple(layers))


def _open_directory(top: Handle, guest: bytes) -> Handle | None:
    return top if guest == b"/" else open_below(top, guest[1:])

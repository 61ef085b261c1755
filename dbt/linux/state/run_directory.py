"""The directory on the host that the processes of one run share, and which goes with the last."""

import contextlib
import os

from dbt.linux.state.layers import Policy, Tree
from dbt.linux.state.objects import open_object

SHARED_MEMORY = b"/dev/shm"


class RunDirectory:
    """What the guest sees as /dev/shm: a directory of the run's own, not the host's. It is made
    when a process first looks at it. Its name is chosen before, so that forked processes agree."""

    def __init__(self) -> None:
        parent = SHARED_MEMORY if os.access(SHARED_MEMORY, os.W_OK | os.X_OK) else b"/tmp"
        self._path = parent + b"/armdbt-" + os.urandom(12).hex().encode()
        self._tree: Tree | None = None

    @property
    def made(self) -> Tree | None:
        """Its layer, when this process has looked at it."""
        return self._tree

    def tree(self, policy: Policy) -> Tree:
        """Its layer. OSError."""
        if self._tree is None:
            inner = self._path + b"/shm"
            with contextlib.suppress(FileExistsError):
                os.mkdir(self._path, 0o700)  # nobody else passes
            try:
                os.mkdir(inner)
                os.chmod(inner, 0o1777)
            except FileExistsError:
                pass
            self._tree = Tree(open_object(inner).keep(), policy, False, SHARED_MEMORY)
        return self._tree

    def is_there(self) -> bool:
        """Whether a process of the run has made it."""
        return os.path.isdir(self._path)

    def close(self) -> None:
        """Hold it no longer."""
        self._tree = None

    def remove(self) -> None:
        """Remove it: no process of the run is left. Errors are ignored."""
        self._tree = None
        if not self.is_there():
            return
        import shutil  # few programs have one

        shutil.rmtree(self._path, ignore_errors=True)

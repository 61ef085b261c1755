"""The guest's mask of file modes, which is the host process's while the guest runs."""

import os


class FileMask:
    """Gives the host's process the guest's mask while the guest runs, so that files which the host
    makes in between have the modes that the host chose."""

    def __init__(self) -> None:
        self._guests: int | None = None
        self._hosts: int | None = None

    def set(self, mask: int) -> int:
        """Change the guest's mask; the old one."""
        before = os.umask(mask)
        if self._hosts is None:
            self._hosts = before
        self._guests = mask
        return before

    def resume(self) -> None:
        """The guest begins to run: set its mask."""
        if self._guests is not None and self._hosts is None:
            self.set(self._guests)

    def pause(self) -> None:
        """The guest has stopped running: the host has its mask back."""
        if self._hosts is not None:
            os.umask(self._hosts)
            self._hosts = None

"""The guest's mask of file modes, which is the host process's while the guest runs."""

import os


class FileMask:
    """Files that the host makes between runs of the guest have the modes that the host chose."""

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
        """The guest runs."""
        if self._guests is not None and self._hosts is None:
            self.set(self._guests)

    def pause(self) -> None:
        """The guest does not run: the host has its mask back."""
        if self._hosts is not None:
            os.umask(self._hosts)
            self._hosts = None

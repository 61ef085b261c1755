"""Which of a run's processes is the last to leave."""

import os
import select


class RunMembers:
    """The processes of one run: each has a pipe's writing end, until it leaves or is killed."""

    def __init__(self) -> None:
        self._reader = self._writer = -1

    def begin(self) -> None:
        """Make the pipe. Called before the first fork."""
        if self._writer < 0:
            self._reader, self._writer = os.pipe2(os.O_CLOEXEC)

    def leave(self) -> bool:
        """Leave the run. Returns whether nobody is left; two that leave at once may both be told
        so."""
        if self._writer < 0:
            return True
        os.close(self._writer)
        ended = select.poll()
        ended.register(self._reader, 0)
        last = any(event & select.POLLHUP for _, event in ended.poll(0))
        os.close(self._reader)
        self._reader = self._writer = -1
        return last

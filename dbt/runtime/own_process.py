"""The id of this process, without a system call each time it is asked for."""

import os


class OwnProcess:
    """``id`` is what ``os.getpid`` returns, also in a forked child."""

    id = os.getpid()

    @classmethod
    def renew(cls) -> None:
        """This is a forked child."""
        cls.id = os.getpid()


os.register_at_fork(after_in_child=OwnProcess.renew)

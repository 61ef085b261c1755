"""How a system call ends that has no result: with an error, or elsewhere in the guest."""

import os

from dbt.stops import Stop


def failure(code: int) -> OSError:
    """An OSError for an errno that Linux would return here."""
    return OSError(code, os.strerror(code))


class Leave(Exception):
    """Raised by a handler that does not return a result: ``outcome`` is the location at which the
    guest continues (exec, sigreturn), or how it ended."""

    def __init__(self, outcome: int | Stop) -> None:
        super().__init__(outcome)
        self.outcome = outcome

"""The errors that system calls return."""

import os


def failure(code: int) -> OSError:
    """An OSError for an errno that Linux would return here."""
    return OSError(code, os.strerror(code))

"""Where the report goes: what goes wrong there is told as everywhere."""

import io

import pytest

from dbt.spy.report import print_report, write_report
from dbt.stops import UsageError


class Broken(io.StringIO):
    """A pipe that nobody reads."""

    def write(self, text: str) -> int:
        raise BrokenPipeError


def test_a_broken_pipe_is_told() -> None:
    with pytest.raises(BrokenPipeError):
        print_report([], Broken())


def test_a_full_disk_is_an_error_of_usage() -> None:
    with pytest.raises(UsageError, match=r"^/dev/full: No space left"):
        write_report([], "/dev/full")

"""Every system call of ARM Linux is served, or is not for a reason that the page tells."""

import pytest
from support.syscall_page import PAGE, section, split

from dbt.linux.absent import ABSENT, _parse
from dbt.linux.kernel import load_families
from dbt.linux.table import SYSCALLS
from frontends.arm.syscall_names import OABI

load_families()


def test_every_call_is_served_or_has_a_reason() -> None:
    assert set(OABI.values()) - set(SYSCALLS) == set(ABSENT)
    assert not set(ABSENT) & set(SYSCALLS)


def test_the_page_is_made_from_the_tables() -> None:
    """``make syscalls`` rewrites it."""
    assert split(PAGE.read_text())[1] == section()


def test_a_call_has_one_reason() -> None:
    with pytest.raises(ValueError, match="two reasons for b"):
        _parse("one\n    a b\nanother\n    b\n")

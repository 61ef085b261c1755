"""Robust locks in shared memory: the next one to take them learns that the owner has died."""

from pathlib import Path

import pytest
from support import thread_programs
from support.runs import command

pytestmark = pytest.mark.oracle  # needs a cross compiler

OWN = """\
kill: -9, Owner died
raise: -9, Owner died
abort: -6, Owner died
fault: -11, Owner died
exit: 5, Owner died
exec: 6, Owner died
overflow: -11, Owner died
other, kill: -9, Owner died
other, abort: -6, Owner died
other, fault: -11, Owner died
other, exit: 5, Owner died
other, exec: 6, Owner died
second, kill: -9, Owner died
second, kill first: -9, Owner died
second, SIGTERM: -15, Owner died
second, exec: 6, Owner died
second, exit: 5, Owner died
"""
"""How processes end by what they do themselves, and what their lock's next owner is told. Behind a
signal that kills, no thread of the process goes on."""
OTHERS = """\
SIGKILL: -9, Owner died
SIGKILL, busy: -9, Owner died
SIGTERM: -15, Owner died
SIGTERM, busy: -15, Owner died
SIGRTMIN: -35, Owner died
mapped later, SIGKILL: -9, Owner died
"""


def test_owners_that_end_themselves(tmp_path: Path) -> None:
    built = thread_programs.build(tmp_path, "robust_deaths", "-w")
    outcome = command("run", built, cwd=tmp_path)
    assert (outcome.stdout.decode(), outcome.status) == (OWN, 0)


def test_owners_that_another_process_ends(tmp_path: Path) -> None:
    """The host's kernel knows nothing of the guest's locks: their owner has to mark them."""
    built = thread_programs.build(tmp_path, "robust_deaths", "-w")
    outcome = command("run", built, "others", cwd=tmp_path)
    assert (outcome.stdout.decode(), outcome.stderr, outcome.status) == (OTHERS, b"", 0)

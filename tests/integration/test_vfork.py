"""A child of vfork and its parent share memory until the child executes a program or ends."""

from pathlib import Path

import pytest
from support.guests import guest
from support.runs import command

EXPECTED = b"""\
parent
exit: 1, status 300
pages 1 1025 2049 3073
signal: 25, status f
signal: 19, status 9
from outside: 41, status f
fault: 50, status b
failed exec: 2, status 7f00
exec: 60, status 600
a mapping of the child's: 8
nested: 76, status 0
clone without memory: 76, status 0
clone with memory: 80, status 0
"""


@pytest.mark.parametrize("backend", ["reference", "numba_jit"])
def test_however_the_child_ends_its_parent_has_what_it_stored(backend: str, tmp_path: Path) -> None:
    outcome = command("run", "--backend", backend, str(guest("vfork")), cwd=tmp_path)
    assert outcome.stdout == EXPECTED
    assert outcome.status == 0

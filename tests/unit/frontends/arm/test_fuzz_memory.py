"""Every row of the memory, branch and system tables means what Unicorn says, on random words."""

from collections import Counter

import pytest
from support.arm_fuzz_memory import campaign

from frontends.arm.encodings import A32, branch, memory, system

ROWS = [
    line.split()[0]
    for table in (memory, branch, system)
    for line in table.A32.splitlines()
    if line and not line.startswith("#")
]
NEVER_RUN = {"BKPT"}


@pytest.mark.parametrize("name", ROWS)
def test_row_agrees_with_unicorn(name: str) -> None:
    kinds: Counter[str] = Counter()
    for finish, difference in campaign(A32.by_name[name], 40):
        kinds[finish.kind] += 1
        assert difference is None, str(difference)
    assert kinds["ran"] > 0 or name in NEVER_RUN

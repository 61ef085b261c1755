"""Code that changes while it is compiled on another core."""

import pytest
from support.guests import guest

from dbt.interfaces import BackendOptions
from dbt.process import Process
from dbt.stops import Exited


@pytest.mark.parametrize("unit", ["block", "loop", "function"])
def test_a_branch_is_retargeted_whenever_it_is_hot(unit: str) -> None:
    options = BackendOptions(hot=20, unit=unit)
    with Process(str(guest("retargeted")), env={}, options=options) as process:
        assert process.run() == Exited(0)

"""Passes that report code are ``Local``, ``AtHeads`` or neither, and never two of these."""

from typing import Any

import pytest

from dbt.hooks.points import code_reports as c
from dbt.interfaces import is_at_heads, is_local


@pytest.mark.parametrize(
    ("kind", "local", "heads"),
    [
        (c.ReportAllBlocks, False, True),
        (c.ReportSomeBlocks, True, True),
        (c.ReportAllInstructions, False, False),
        (c.ReportSomeInstructions, True, False),
    ],
)
def test_what_backends_and_the_engine_take_it_for(kind: Any, local: bool, heads: bool) -> None:
    pass_ = kind("name", range(0x8000, 0x9000))
    assert (is_local(pass_), is_at_heads(pass_)) == (local, heads)
    assert not (local and hasattr(pass_, "at_heads")), "AtHeads is what is not Local"

"""The before/after pictures in the docstrings of the mechanisms' passes are true."""

import inspect
from typing import Any

import pytest
from support.pictures import assert_true, pictures

from dbt.hooks.follow.watch_stack import WatchStack
from dbt.hooks.mechanisms.entry import MarkCalls
from dbt.hooks.mechanisms.jump import CheckJumps, RedirectJumps
from dbt.hooks.mechanisms.shadow import ShadowCalls
from dbt.hooks.points.access_reports import ALL, ReportAccesses
from dbt.hooks.points.code_reports import ReportBlocks, ReportInstructions
from dbt.hooks.points.helpers import CallHelpers, Helpers
from dbt.interfaces import Pass
from dbt.ir.block import BlockKey
from dbt.runtime.functions import Functions
from dbt.runtime.resume import Resume
from frontends.arm.keys import key_of


def _helpers() -> Helpers:
    resume = Resume(BlockKey(0))
    helpers = Helpers(Functions(0), lambda: 0, lambda pc, present: None, lambda: None, resume)
    helpers.add(0x8000, lambda: None, first=False)
    return helpers


PASSES: list[Any] = [
    MarkCalls("r13"),
    ShadowCalls("r13", key_of, 0xFFFF2000, 0xFFFF2004, 0xFFFF2008),
    CheckJumps(0xFFFE0000, 0xFFFF2000),
    RedirectJumps({0x9000: 0xFFFF2004}),
    CallHelpers(_helpers()),
    WatchStack("r13"),
    ReportAccesses("name", ALL, (0, 1)),
    ReportBlocks("name", ALL),
    ReportInstructions("name", ALL),
]
PICTURES = [
    pytest.param(pass_, *picture, id=f"{type(pass_).__name__}-{number}")
    for pass_ in PASSES
    for number, picture in enumerate(pictures(inspect.cleandoc(type(pass_).__doc__ or "")))
]


def test_every_pass_has_a_picture() -> None:
    assert {type(parameters.values[0]) for parameters in PICTURES} == set(map(type, PASSES))


@pytest.mark.parametrize(("pass_", "before", "after"), PICTURES)
def test_picture_is_true(pass_: Pass, before: str, after: str) -> None:
    assert_true(pass_, before, after)

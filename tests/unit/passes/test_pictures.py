"""The before/after pictures in the docstrings of the optimisations are true."""

import inspect

import pytest
from support.pictures import assert_true, pictures

from dbt.interfaces import Pass
from dbt.passes.pipeline import DEFAULT

PICTURES = [
    (pass_, *picture)
    for pass_ in DEFAULT
    for picture in pictures(inspect.getmodule(pass_).__doc__ or "")
]


def test_every_pass_has_a_picture() -> None:
    assert {pass_ for pass_, _, _ in PICTURES} == set(DEFAULT)


@pytest.mark.parametrize(("pass_", "before", "after"), PICTURES)
def test_picture_is_true(pass_: type[Pass], before: str, after: str) -> None:
    assert_true(pass_(), before, after)

"""The before/after pictures in the docstrings of the optimisations are true."""

import inspect
from collections.abc import Iterator

import pytest

from dbt.interfaces import Pass
from dbt.ir.block import Block
from dbt.ir.parser import parse_block
from dbt.ir.printer import print_block
from dbt.passes.pipeline import DEFAULT

EXITS = ("goto", "branch", "jump", "return", "call")


def _block(lines: list[str]) -> Block:
    """The lines as a block; one that shows no exit goes on anywhere."""
    body = [line.strip() for line in lines if line.strip()]
    if not body or not body[-1].startswith(EXITS):
        body.append("goto 0x9000")
    return parse_block("\n".join(["block 0x8000 {", *body, "}"]))


def _pictures() -> Iterator[tuple[type[Pass], list[str], list[str]]]:
    for pass_ in DEFAULT:
        doc = inspect.getmodule(pass_).__doc__ or ""
        for paragraph in doc.split("\n\n"):
            lines = paragraph.splitlines()
            column = lines[0].find("=>") if lines else -1
            if column > 0:
                after = [line[column + 2 :] for line in lines]
                yield pass_, [line[:column] for line in lines], after


PICTURES = list(_pictures())


def test_every_pass_has_a_picture() -> None:
    assert {pass_ for pass_, _, _ in PICTURES} == set(DEFAULT)


@pytest.mark.parametrize(("pass_", "before", "after"), PICTURES)
def test_picture_is_true(pass_: type[Pass], before: list[str], after: list[str]) -> None:
    block = _block(before)
    pass_().run(block)
    assert print_block(block) == print_block(_block(after))

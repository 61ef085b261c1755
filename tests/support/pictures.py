"""Before/after pictures in docstrings: two columns of IR with ``=>`` between them."""

from collections.abc import Iterator

from dbt.interfaces import Pass
from dbt.ir.parser import parse_block
from dbt.ir.printer import print_block

EXITS = ("goto", "branch", "jump", "return", "call")


def pictures(doc: str) -> Iterator[tuple[str, str]]:
    """The two sides of each picture in a docstring, as texts of blocks."""
    for paragraph in doc.split("\n\n"):
        lines = paragraph.splitlines()
        column = max((line.find("=>") for line in lines), default=-1)
        if column > 0:
            after = [line[column:].removeprefix("=>") for line in lines]
            yield _block([line[:column] for line in lines]), _block(after)


def _block(lines: list[str]) -> str:
    """The lines as a block; one that shows no exit goes on anywhere."""
    body = [line.strip() for line in lines if line.strip()]
    if not body or not body[-1].startswith(EXITS):
        body.append("goto 0x9000")
    return "\n".join(["block 0x8000 {", *body, "}"])


def assert_true(pass_: Pass, before: str, after: str) -> None:
    """What the pass makes of the left side is the right side."""
    block = parse_block(before)
    pass_.run(block)
    assert print_block(block) == print_block(parse_block(after))

"""Progress: one line on a terminal, from a second on, and nothing elsewhere."""

import io

import pytest

from dbt.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("out", [Terminal(), io.StringIO()])
def test_a_line_that_is_replaced_and_goes(out: io.StringIO) -> None:
    times = iter([0.0, 0.5, 1.5, 9.0])
    with Progress("round 1 of 2", 11, out, lambda: next(times)) as progress:
        for _ in range(2):
            progress.advance()
        if out.isatty():
            assert out.getvalue() == "\rarmdbt: round 1 of 2: 2 of 11"
        progress.advance(9)
    if out.isatty():
        line = "armdbt: round 1 of 2: 11 of 11"
        assert out.getvalue().split("\r")[2:] == [line, " " * len(line), ""]
    else:
        assert out.getvalue() == ""


def test_what_is_quick_shows_nothing() -> None:
    out = Terminal()
    with Progress("judging", 2, out, lambda: 0.0) as progress:
        progress.advance(2)
    assert out.getvalue() == ""

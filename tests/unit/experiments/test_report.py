"""Tables as text."""

import io
from pathlib import Path

import pytest

from dbt.experiments.report import Table, cell, markdown, print_tables, write_markdown
from dbt.stops import UsageError

TABLE = Table("Costs", ("what", "s"), [{"what": "a", "s": 1.25}, {"what": "b"}])


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "-"), (True, "yes"), (1234567, "1,234,567"), (0.012345, "0.0123"), (12345.6, "12,346"),
     ("x", "x")],
)  # fmt: skip
def test_cells(value: object, text: str) -> None:
    assert cell(value) == text


def test_markdown() -> None:
    assert markdown(TABLE) == "**Costs**\n\n| what | s |\n| --- | ---: |\n| a | 1.25 |\n| b | - |\n"


def test_terminal() -> None:
    out = io.StringIO()
    print_tables([TABLE, TABLE], out)
    assert out.getvalue().count("Costs") == 2
    assert "1.25" in out.getvalue()


def test_markdown_file(tmp_path: Path) -> None:
    path = tmp_path / "result.md"
    write_markdown(str(path), [TABLE], "armdbt bench x")
    assert path.read_text().startswith("```sh\narmdbt bench x\n```\n\n**Costs**\n")
    assert list(tmp_path.iterdir()) == [path], "no temporary file is left"
    with pytest.raises(UsageError, match="nowhere"):
        write_markdown(str(tmp_path / "nowhere" / "x.md"), [], "")

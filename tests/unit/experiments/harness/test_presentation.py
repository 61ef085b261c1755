"""Tables as text."""

import io
import os
import stat
from pathlib import Path

import pytest

from dbt.experiments.harness.presentation import (
    Results,
    Table,
    cell,
    markdown,
    print_tables,
)
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
    write("markdown", path)
    assert path.read_text().startswith("```sh\narmdbt bench x\n```\n\n**Costs**\n")
    assert list(tmp_path.iterdir()) == [path], "no temporary file is left"
    with pytest.raises(UsageError, match="nowhere"), Results() as results:
        results.open("markdown", str(tmp_path / "nowhere" / "x.md"))


def test_text_of_a_program_is_no_markup() -> None:
    out = io.StringIO()
    print_tables([Table("on 's/[/]/x/ a[i]=1'", ("what",), [{"what": "[/] [bold] :smile:"}])], out)
    assert "on 's/[/]/x/ a[i]=1'" in out.getvalue()
    assert "[/] [bold] :smile:" in out.getvalue()


KINDS = ("json", "markdown")


def write(kind: str, path: Path) -> None:
    """One file of results."""
    with Results() as results:
        results.open(kind, str(path))
        results.write_json({"rows": [1]})
        results.write_markdown([TABLE], "armdbt bench x")


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_has_the_mode_of_others_and_stands_behind_the_link(
    kind: str, tmp_path: Path
) -> None:
    (tmp_path / "link").symlink_to("file")
    before = os.umask(0o027)
    try:
        write(kind, tmp_path / "link")
    finally:
        os.umask(before)
    assert (tmp_path / "link").is_symlink()
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o640


@pytest.mark.parametrize("kind", KINDS)
def test_a_pipe_stays_a_pipe(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    write(kind, path)
    assert os.read(reader, 9)
    os.close(reader)
    assert path.is_fifo()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("name", "why"), [("directory", "Is a directory"), ("full", "No space left on device")]
)
def test_what_cannot_be_written_leaves_nothing(
    kind: str, name: str, why: str, tmp_path: Path
) -> None:
    (tmp_path / "directory").mkdir()
    (tmp_path / "full").symlink_to("/dev/full")
    with pytest.raises(UsageError, match=f"{name}: {why}"):
        write(kind, tmp_path / name)
    assert sorted(os.listdir(tmp_path)) == ["directory", "full"]
    assert (tmp_path / "full").is_symlink()


def test_a_result_that_cannot_be_written_takes_no_other_with_it(tmp_path: Path) -> None:
    with Results() as results:
        results.open("json", str(tmp_path / "r.json"))
        results.open("markdown", "/dev/full")
        results.write_json([1])
        with pytest.raises(UsageError, match="/dev/full: No space left"):
            results.write_markdown([TABLE], "armdbt bench x")
    assert os.listdir(tmp_path) == ["r.json"]


def test_two_results_share_a_stream_and_no_file(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("file")
    with Results() as results:
        results.open("json", "/dev/null")
        results.open("markdown", "/dev/null")
    with Results() as results:
        results.open("json", str(tmp_path / "file"))
        with pytest.raises(UsageError, match="link: two results for one file"):
            results.open("markdown", str(tmp_path / "link"))
    assert os.listdir(tmp_path) == ["link"]

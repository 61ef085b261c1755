"""What is shown on a terminal, and elsewhere: escape sequences and spaces at the ends of lines."""

import contextlib
import io
import os
import pty
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table
from rich.text import Text

from dbt.experiments.harness.presentation import print_table
from dbt.hooks.outputs import NAMES, Program
from dbt.streams import plain_console

ESCAPE = "\x1b"


def show(console: Console) -> None:
    table = Table("a", "b", title="title", box=None)
    table.add_row("1", "2")
    console.print(table)
    console.print(Text("bold", "bold red"))


def on_a_terminal(monkeypatch: pytest.MonkeyPatch, **variables: str) -> str:
    """What is written to a terminal whose host has these variables."""
    for name in ("NO_COLOR", "FORCE_COLOR", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"TERM": "xterm-256color", **variables}.items():
        monkeypatch.setenv(name, value)
    ours, theirs = pty.openpty()
    with open(theirs, "w", encoding="utf-8") as out:
        show(plain_console(out, 80))
    text = b""
    with contextlib.suppress(OSError):  # EIO: the other end is closed
        while piece := os.read(ours, 1 << 16):
            text += piece
    os.close(ours)
    return text.decode()


def test_headings_are_bold_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ESCAPE in on_a_terminal(monkeypatch)
    assert ESCAPE in on_a_terminal(monkeypatch, NO_COLOR="")  # as if it were not set


@pytest.mark.parametrize(
    ("name", "value"), [("NO_COLOR", "1"), ("NO_COLOR", "0"), ("TERM", "dumb")]
)
def test_no_escapes_when_none_are_wanted(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = on_a_terminal(monkeypatch, **{name: value})
    assert "title" in text
    assert "bold" in text
    assert ESCAPE not in text


def _table(out: io.StringIO) -> None:
    print_table("title", ("name", "figure"), [{"name": "a", "figure": 1}], out)


def _profile(out: io.StringIO) -> None:
    program = Program(("prog",), list, list, lambda call, result: "", 0)
    NAMES["profile"].make(out, program).finish(10)


@pytest.mark.parametrize("forced", [False, True])
@pytest.mark.parametrize("write", [lambda out: show(plain_console(out, 80)), _table, _profile])
def test_elsewhere_there_is_neither_colour_nor_padding(
    write: Callable[[io.StringIO], None], forced: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if forced:
        monkeypatch.setenv("FORCE_COLOR", "1")
    out = io.StringIO()
    write(out)
    assert out.getvalue().strip()
    assert ESCAPE not in out.getvalue()
    assert not [line for line in out.getvalue().splitlines() if line != line.rstrip()]


def test_a_file_is_no_terminal(tmp_path: Path) -> None:
    with (tmp_path / "out").open("w") as out:
        show(plain_console(out, 80))
    assert ESCAPE not in (tmp_path / "out").read_text()

"""The commands of ``docs/outputs.md`` print what the page shows. ``pytest --bless`` rewrites it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.pages import CONSOLE, DOCS, played

PAGE = DOCS / "outputs.md"
BLOCKS = CONSOLE.findall(PAGE.read_text())


@pytest.mark.parametrize("block", BLOCKS, ids=range(1, len(BLOCKS) + 1))
def test_the_page_shows_what_happens(
    block: str, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    now = played(block, tmp_path)
    if pytestconfig.getoption("--bless"):
        PAGE.write_text(PAGE.read_text().replace(block, now))
    else:
        assert now == block


def test_the_reader_shown_reads(tmp_path: Path) -> None:
    (script,) = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    played(BLOCKS[-1], tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("call say_number 0 ")


def test_every_format_has_a_section() -> None:
    from dbt.hooks.outputs import NAMES

    headings = re.findall(r"^## (\w+)$", PAGE.read_text(), re.MULTILINE)
    assert headings == list(NAMES)

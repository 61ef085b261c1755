"""The tutorial's programs, run. Run this file itself to have the page say what they print."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "tutorial.md"
GUEST = re.compile(r"armdbt demo, |helper \d+$|fib \d+$|table ")
"""What the demo program itself prints."""
PROGRAM = re.compile(r"```python\n(.*?)```\n\n```text\n(.*?)```", re.DOTALL)


def output(program: str) -> str:
    """What a program prints on its standard output, without what the guest does."""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    return "".join(line for line in done.stdout.splitlines(True) if not GUEST.match(line))


@pytest.mark.parametrize(
    ("program", "printed"),
    [pytest.param(*found, id=str(n)) for n, found in enumerate(PROGRAM.findall(PAGE.read_text()))],
)
def test_it_prints_what_the_page_says(program: str, printed: str) -> None:
    assert output(program) == printed


def test_all_programs_were_found() -> None:
    assert len(PROGRAM.findall(PAGE.read_text())) == PAGE.read_text().count("```python") == 8


if __name__ == "__main__":
    text = PROGRAM.sub(
        lambda found: f"```python\n{found[1]}```\n\n```text\n{output(found[1])}```",
        PAGE.read_text(),
    )
    PAGE.write_text(text)

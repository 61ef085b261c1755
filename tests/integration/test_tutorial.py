"""The programs of the tutorial and of recipes, run. Run this file itself to have the pages say what
they print."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TUTORIAL = ROOT / "docs" / "tutorial.md"
PAGES = [
    TUTORIAL,
    *sorted((ROOT / "docs" / "recipes").glob("run-*.md")),
    ROOT / "docs" / "recordings.md",
]
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
    [
        pytest.param(*found, id=f"{page.stem}-{n}")
        for page in PAGES
        for n, found in enumerate(PROGRAM.findall(page.read_text()))
    ],
)
def test_it_prints_what_the_page_says(program: str, printed: str) -> None:
    assert output(program) == printed


def test_all_programs_were_found() -> None:
    counts = {page.stem: len(PROGRAM.findall(page.read_text())) for page in PAGES}
    assert counts == {page.stem: page.read_text().count("```python") for page in PAGES}
    assert counts == {
        "tutorial": 8, "run-a-function-many-times": 4, "run-with-many-parameters": 2,
        "recordings": 5,
    }  # fmt: skip


if __name__ == "__main__":
    for page in PAGES:
        text = PROGRAM.sub(
            lambda found: f"```python\n{found[1]}```\n\n```text\n{output(found[1])}```",
            page.read_text(),
        )
        page.write_text(text)

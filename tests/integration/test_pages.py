"""The programs and commands of the tutorial, of recipes and of other pages, run.

``pytest --bless`` has the pages say what they print: read the diff.
"""

from pathlib import Path

import pytest
from support.pages import CONSOLE, PROGRAM, blocks, output, pages_to_run, played

PAGES = pages_to_run()


@pytest.mark.parametrize(
    ("page", "program", "printed"),
    [
        pytest.param(page, *found, id=f"{page.stem}-{n}")
        for page in PAGES
        for n, found in enumerate(PROGRAM.findall(page.read_text()))
    ],
)
def test_it_prints_what_the_page_says(
    page: Path, program: str, printed: str, pytestconfig: pytest.Config
) -> None:
    before, after = (f"```python\n{program}```\n\n```text\n{x}```" for x in (printed, ""))
    now = output(program)
    if pytestconfig.getoption("--bless"):
        after = after.removesuffix("```") + f"{now}```"
        page.write_text(page.read_text().replace(before, after))
    else:
        assert now == printed


@pytest.mark.parametrize(
    ("page", "block"),
    [
        pytest.param(page, block, id=f"{page.stem}-{n}")
        for page in PAGES
        for n, block in enumerate(CONSOLE.findall(page.read_text()))
    ],
)
def test_its_commands_print_what_it_says(
    page: Path, block: str, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    now = played(block, tmp_path)
    if pytestconfig.getoption("--bless"):
        page.write_text(page.read_text().replace(block, now))
    else:
        assert now == block


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_all_of_its_programs_were_found(page: Path) -> None:
    languages = [language for language, _ in blocks(page)]
    assert len(PROGRAM.findall(page.read_text())) == languages.count("python")
    assert len(CONSOLE.findall(page.read_text())) == languages.count("console")

"""The files and folders that pages and docstrings name are there."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("dbt", "frontends", "backends", "tests", "benchmarks", "docs")
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("docs/*/*.md")]
NAMED = re.compile(rf"`((?:{'|'.join(FOLDERS)})/[\w./-]+)(?:::\w+)?`")
TEST = re.compile(r"`[\w./]*::(test_\w+)`")
LINK = re.compile(r"\]\((?!\w+:)([^)#\s]+)")


def missing(text: str, beside: Path) -> Iterator[str]:
    """Paths in backticks from the root, and targets of links from the page, that are not there."""
    for path in NAMED.findall(text):
        if "NAME" not in path and not (ROOT / path).exists():
            yield path
    for path in LINK.findall(text):
        if not (beside / path).exists():
            yield path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_pages_name_what_is_there(page: Path) -> None:
    assert list(missing(page.read_text(), page.parent)) == []


def test_pages_name_tests_that_are_there() -> None:
    text = "".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    defined = set(re.findall(r"^def (test_\w+)\(", text, re.MULTILINE))
    named = {name for page in PAGES for name in TEST.findall(page.read_text())}
    assert named
    assert named - defined == set()


def test_docstrings_name_what_is_there() -> None:
    found = {}
    for folder in ("dbt", "frontends", "backends"):
        for path in (ROOT / folder).rglob("*.py"):
            wrong = [name for name in NAMED.findall(path.read_text()) if not (ROOT / name).exists()]
            if wrong:
                found[str(path)] = wrong
    assert found == {}


def test_what_is_found() -> None:
    text = "`dbt/cli.py` `dbt/none.py` `backends/NAME/` [a](design.md) [b](none.md#x) [c](http://d)"
    assert list(missing(text, ROOT / "docs")) == ["dbt/none.py", "none.md"]

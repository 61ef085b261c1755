"""The pages of the experiments belong to the results beside them."""

import json
import re
import shlex
from pathlib import Path

import pytest

from benchmarks import tables
from benchmarks.experiments import EXPERIMENTS, SECOND
from benchmarks.pages import fill
from dbt.cli import main

DOCS = Path(__file__).parents[2] / "docs" / "experiments"
RUNS = (SECOND, tables.OTHER, tables.ANOTHER_DAY)
RESULTS = sorted(DOCS.glob("*.json"))
AGAIN = [path for run in RUNS for path in sorted((DOCS / run).glob("*.json"))]
PAGES = sorted(DOCS.glob("*.md"))


def test_every_experiment_has_the_results_of_all_runs() -> None:
    names = {one.name for one in EXPERIMENTS}
    assert {path.stem for path in RESULTS} == names
    twice = {one.name for one in EXPERIMENTS if one.again}
    for run in RUNS:
        assert {path.stem for path in AGAIN if path.parent.name == run} == twice


@pytest.mark.parametrize("path", [*RESULTS, *AGAIN], ids=lambda path: str(path.relative_to(DOCS)))
def test_make_experiments_makes_it(path: Path) -> None:
    """The kind of laboratory, the program and where it was written."""
    (one,) = (one for one in EXPERIMENTS if one.name == path.stem)
    words = shlex.split(json.loads(path.read_text())["command"])
    assert words[1:3] == ["bench", one.kind]
    assert words[words.index("--json") + 1].endswith(f"/{path.name}")
    assert set(one.guest[:1]) <= {*words, "dbt/data/demo.elf"}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_tables_are_those_of_the_results(path: Path) -> None:
    """`python -m benchmarks.pages` was run after the last experiment."""
    text = path.read_text()
    assert fill(text, DOCS) == text


def test_a_second_run_is_compared_with_the_first() -> None:
    page = (DOCS / SECOND / "comparison.md").read_text()
    directory = DOCS.relative_to(DOCS.parents[1])
    command = f"armdbt bench compare {directory} {directory / SECOND}"
    assert page.startswith(f"```sh\n{command}")
    timed = [one.name for one in EXPERIMENTS if one.timed and one.again]
    assert all(f"**{name}, both runs" in page for name in timed)


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.stem)
def test_the_table_shows_the_command_of_its_result(path: Path) -> None:
    result = json.loads(path.read_text())
    assert path.with_suffix(".md").read_text().startswith(f"```sh\n{result['command']}\n```\n")
    assert result["machine"]["load"]


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.stem)
def test_the_command_is_one_that_is_understood(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An unknown option would be refused before --help is answered."""
    words = shlex.split(json.loads(path.read_text())["command"])
    kind = words.index("bench") + 2
    assert main([*words[1:kind], *_options(words[kind:]), "--help"]) == 0


def _options(words: list[str]) -> list[str]:
    """The words before the program, which takes all that follows."""
    programs = {one.guest[0] for one in EXPERIMENTS if one.guest}
    end = next((at for at, word in enumerate(words) if word in programs), len(words))
    return words[:end]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_links_lead_somewhere(path: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)", path.read_text()):
        if "://" not in link:
            assert (DOCS / link).exists(), link

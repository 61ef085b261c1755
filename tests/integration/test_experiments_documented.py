"""The pages of the experiments belong to the results beside them."""

import json
import re
import shlex
from pathlib import Path

import pytest

from dbt.cli import main

DOCS = Path(__file__).parents[2] / "docs" / "experiments"
RESULTS = sorted(DOCS.glob("*.json"))
PAGES = sorted(DOCS.glob("*.md"))


def test_there_are_results() -> None:
    kinds = {json.loads(path.read_text())["experiment"] for path in RESULTS}
    assert {"chaining", "interception", "idioms"} <= kinds


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
    with pytest.raises(SystemExit) as ended:
        main([*words[1:kind], *_options(words[kind:]), "--help"])
    assert ended.value.code == 0


def _options(words: list[str]) -> list[str]:
    """The words before the program, which takes all that follows."""
    end = next((at for at, word in enumerate(words) if word.endswith(".elf")), len(words))
    return words[:end]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_links_lead_somewhere(path: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)", path.read_text()):
        if "://" not in link:
            assert (DOCS / link).exists(), link

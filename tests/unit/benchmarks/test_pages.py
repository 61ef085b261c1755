"""The tables of the experiments' pages: from JSON, between two comments."""

import json
import shutil
from pathlib import Path

import pytest

from benchmarks import speed_tables
from benchmarks.pages import PAGES, SLOT, TABLES, fill, fill_all
from benchmarks.tables import Missing

OURS = ("kinds", "denied", "prices", "frequency", "lengths", "programs", "chaining-machine",
        "interception-machine", "idioms", "interception-one", "interception-all",
        "other-processor", "other-second-run", "another-day", "another-day-differs", "other-figures",
        *speed_tables.TABLES)  # fmt: skip


def page(name: str) -> str:
    return f"before\n<!-- table: {name} -->\nold\n<!-- /table -->\nafter\n"


@pytest.mark.parametrize("name", TABLES)
def test_a_missing_result_is_named_and_the_rest_of_the_page_stays(
    name: str, tmp_path: Path
) -> None:
    filled = fill(page(name), tmp_path)
    assert "No result yet: " in filled
    assert "old" not in filled
    assert filled.startswith(f"before\n<!-- table: {name} -->\n")
    assert filled.endswith("<!-- /table -->\nafter\n")
    with pytest.raises(Missing):
        TABLES[name](tmp_path)


@pytest.mark.parametrize("name", OURS)
def test_filling_twice_changes_nothing(name: str) -> None:
    filled = fill(page(name), PAGES)
    assert "| --- |" in filled
    assert fill(filled, PAGES) == filled


def test_an_unknown_table_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="weather"):
        fill(page("weather"), tmp_path)


def test_a_new_result_changes_the_page(tmp_path: Path) -> None:
    data = json.loads((PAGES / "chaining-fib.json").read_text())
    for row in data["rows"]:
        if (row["series"], row["kinds"]) == ("kinds", "off"):
            row["slowdown"] = 7.77
    (tmp_path / "chaining-fib.json").write_text(json.dumps(data))
    (tmp_path / "page.md").write_text(page("kinds"))
    assert fill_all(tmp_path) == [tmp_path / "page.md"]
    assert "| fib, tier 2 | 7.77 |" in (tmp_path / "page.md").read_text()
    assert fill_all(tmp_path) == []


def test_a_second_run_is_compared(tmp_path: Path) -> None:
    """The same results: no figure differs, no count."""
    (tmp_path / "second-run").mkdir()
    shutil.copy(PAGES / "chaining-fib.json", tmp_path)
    shutil.copy(PAGES / "chaining-fib.json", tmp_path / "second-run")
    (row,) = TABLES["second-run"](tmp_path).rows
    assert (row["experiment"], row["median change"], row["differ"]) == ("chaining-fib", "0.0%", 0)
    assert row["slow-down"] == "27 of 27"
    assert "none.\n" in fill(page("second-run-differs"), tmp_path)


def test_every_table_is_on_a_page() -> None:
    text = "".join(path.read_text() for path in sorted(PAGES.glob("*.md")))
    assert {slot[2] for slot in SLOT.finditer(text)} == set(TABLES)

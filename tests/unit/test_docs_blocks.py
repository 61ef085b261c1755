"""Every block of code in the documentation is run by a test, or compared with what there is."""

import re
from pathlib import Path

import pytest
from support.guests import ROOT
from support.pages import all_pages, blocks, pages_to_run

INTEGRATION = "tests/integration"
RUN = f"{INTEGRATION}/test_pages.py::test_it_prints_what_the_page_says"
PLAYED = f"{INTEGRATION}/test_pages.py::test_its_commands_print_what_it_says"
RECIPES = f"{INTEGRATION}/test_recipes.py"
SPY = f"{INTEGRATION}/test_spy_docs.py"
RUN_BY = {
    "README.md": {
        "python": f"{INTEGRATION}/test_documentation.py::test_the_readme_shows_the_example_itself",
        "sh": f"{RECIPES}::test_the_command_line_of_the_readme_runs",
    },
    "CONTRIBUTING.md": {"sh": f"{RECIPES}::test_targets_that_developers_are_shown_are_there"},
    "docs/debugger.md": dict.fromkeys(
        ("sh", "gdb", "text"),
        f"{INTEGRATION}/test_debugger_page.py::test_gdb_says_what_the_page_shows",
    ),
    "docs/instrumentation.md": {
        "python": f"{INTEGRATION}/test_callbacks_page.py::test_the_pages_code_runs",
    },
    "docs/outputs.md": {
        "console": "tests/unit/test_docs_outputs.py::test_the_page_shows_what_happens",
        "python": "tests/unit/test_docs_outputs.py::test_the_reader_shown_reads",
    },
    "docs/profiling.md": {"sh": f"{RECIPES}::test_what_perf_is_given_runs"},
    "docs/spy.md": {
        "jsonl": f"{SPY}::test_the_record_is_what_a_run_leaves",
        "report": f"{SPY}::test_the_report_is_what_is_shown",
        "python": f"{SPY}::test_the_python_of_the_page_prints_what_it_says",
        "output": f"{SPY}::test_the_python_of_the_page_prints_what_it_says",
        "tool": f"{SPY}::test_the_small_tool_tells_what_it_says",
        "told": f"{SPY}::test_the_small_tool_tells_what_it_says",
        "handler": f"{SPY}::test_the_handler_of_the_page_works",
    },
    "docs/syscalls.md": {
        "console": f"{INTEGRATION}/test_syscalls_page.py::test_command",
        "python": f"{INTEGRATION}/test_syscalls_page.py::test_program",
        "text": f"{INTEGRATION}/test_syscalls_page.py::test_program",
    },
    "docs/recipes/run-with-many-parameters.md": {
        "python": RUN, "text": RUN, "sh": f"{RECIPES}::test_the_laboratory_is_one",
    },
    "docs/recipes/add-a-mechanism.md": {
        "python": f"{RECIPES}::test_the_mechanism_of_the_recipe_finds_calls",
    },
    "docs/recipes/add-a-pass.md": {
        "python": f"{RECIPES}::test_the_pass_of_the_recipe_counts",
        "toml": f"{RECIPES}::test_the_pass_of_the_recipe_counts",
    },
    "docs/recipes/add-a-system-call.md": {
        "python": f"{RECIPES}::test_the_handler_of_the_recipe_is_one",
        "text": f"{RECIPES}::test_the_code_of_the_recipe_is_the_code",
    },
    "docs/recipes/add-an-instruction.md": {
        "python": f"{RECIPES}::test_the_code_of_the_recipe_is_the_code",
    },
}  # fmt: skip
"""By page and language, the test that runs the blocks."""
PAGE = {"python": RUN, "text": RUN, "console": PLAYED}
"""What is run of any other page."""
EXPERIMENT = {
    "sh": f"{INTEGRATION}/test_experiments_documented.py::test_the_command_is_one_that_is_understood",
}
OF_THE_SITE = {"toctree", "eval"}
"""What looks like a language is Sphinx's."""


def runners(page: Path) -> dict[str, str]:
    name = str(page.relative_to(ROOT))
    if name in RUN_BY:
        return RUN_BY[name]
    if name.startswith("docs/experiments/"):
        return EXPERIMENT
    return PAGE if page in pages_to_run() else {}


@pytest.mark.parametrize("page", all_pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_block_is_run(page: Path) -> None:
    languages = {language for language, _ in blocks(page)} - {""} - OF_THE_SITE
    assert languages <= {*runners(page)}


@pytest.mark.parametrize("name", sorted(RUN_BY))
def test_nothing_is_said_to_be_run_that_is_not_there(name: str) -> None:
    assert {*RUN_BY[name]} <= {language for language, _ in blocks(ROOT / name)}


def test_the_tests_are_there() -> None:
    tables = [*RUN_BY.values(), PAGE, EXPERIMENT]
    for test in {test for table in tables for test in table.values()}:
        path, _, name = test.partition("::")
        assert re.search(rf"^def {name}\(", (ROOT / path).read_text(), re.MULTILINE), test


def test_a_block_that_nobody_runs_is_found(tmp_path: Path) -> None:
    page = ROOT / "docs" / "design.md"
    assert runners(page) == {}
    (tmp_path / "page.md").write_text("1. text\n\n   ```python\n   print(1)\n   ```\n")
    assert blocks(tmp_path / "page.md") == [("python", "   print(1)\n")]

"""The section on hooks on memory, blocks and instructions: its code is run."""

import re
from pathlib import Path

import pytest

import dbt

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "instrumentation.md").read_text()


def test_the_pages_code_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    code = re.search(r"```python\n(with dbt.Process\(\"quicksort.elf\".*?)```", PAGE, re.DOTALL)
    assert code
    monkeypatch.chdir(ROOT / "benchmarks" / "guests")
    names: dict[str, object] = {"dbt": dbt}
    exec(code[1], names)
    seen, blocks = names["seen"], names["blocks"]
    assert isinstance(seen, list)
    assert isinstance(blocks, list)
    assert len(seen) > 2
    assert seen[0][1] == 0
    assert [before for _, before, _ in seen[1:]] == [value for _, _, value in seen[:-1]]
    assert {symbol.partition("+")[0] for symbol, _, _ in seen} == {"main", "sort"}
    assert min(blocks)
    assert len(blocks) > 100_000

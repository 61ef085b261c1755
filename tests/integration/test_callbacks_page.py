"""The section on callbacks: its code is run, its example prints the same cells four times."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import dbt
from dbt.hooks import Callback

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "instrumentation.md").read_text()


def test_the_pages_code_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code = re.search(r"```python\n(def hit.*?)```", PAGE, re.DOTALL)
    assert code
    monkeypatch.chdir(ROOT / "benchmarks" / "guests")
    exec(code[1], {"dbt": dbt, "Callback": Callback})
    (shown,) = re.findall(r"\[(\d+), (\d+)\]", capsys.readouterr().out)
    # fib(20) is called 21,891 times and returns as often; start-up does the rest.
    assert 2 * 21_891 < int(shown[0]) < 2 * 21_891 + 100
    assert 0 < int(shown[1]) < 100


def test_the_example_prints_the_same_cells_at_every_price() -> None:
    done = subprocess.run(
        [sys.executable, "docs/examples/price_of_a_callback.py"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    found = re.findall(r"(?m)^([\w-]+) +(\[\d+, \d+\]) ", done.stdout)
    assert [price for price, _ in found] == ["inline", "numba-linked", "numba-pointer", "python"]
    assert len({cells for _, cells in found}) == 1

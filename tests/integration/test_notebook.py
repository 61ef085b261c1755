"""The notebook of the tutorial runs, and shows results and what the guest writes in its cells."""

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from support.guests import ROOT

NOTEBOOK = ROOT / "docs" / "tutorial.ipynb"
WROTE = "armdbt demo, process alive\nhelper "


def executed(cells: list[str]) -> list[list[Any]]:
    """The outputs of each cell, executed one after the other in the repository."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    where = {"metadata": {"path": str(ROOT)}}
    NotebookClient(notebook, timeout=120, kernel_name="python3", resources=where).execute()
    return [cell.outputs for cell in notebook.cells]


def written(outputs: list[Any], stream: str = "stdout") -> str:
    return "".join(one.text for one in outputs if one.get("name") == stream)


def html(outputs: list[Any]) -> str:
    (result,) = [one for one in outputs if one.output_type == "execute_result"]
    return str(result.data["text/html"])


OURS = [
    # Output comes while the guest runs, from a fork and from a replay, too, and each byte once.
    "import dbt, sys\nwith dbt.Process('tests/guests/processes.elf') as p:\n    stop = p.run()",
    "with dbt.Process('benchmarks/guests/fib.elf', ['5']) as p:\n"
    "    p.run(max_insns=50)\n    there = p.snapshot()\n    p.run()\n    p.restore(there)\n    p.run()\n"
    "    print(p.stdout, p.stderr)",
    "with dbt.Process('benchmarks/guests/fib.elf', ['5'], stderr=-2, stdout=dbt.CAPTURE) as p:\n"
    "    p.run()\np.stdout",
]  # fmt: skip


@pytest.fixture(scope="module")
def outputs() -> list[list[Any]]:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    tutorial = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    return executed([*OURS, *tutorial])


def test_the_notebook_and_its_cells(outputs: list[list[Any]]) -> None:
    first, second, third, *tutorial = outputs
    assert written(first).startswith("read 15: from the child\n")
    assert written(first).endswith("executed again KEY=value\n")
    assert written(first, "stderr").startswith("guest killed by SIGSEGV")
    assert written(second) == "fib 5\nfib 5\nNone None\n"
    assert written(third) == ""
    assert third[0].data["text/plain"] == "b'fib 5\\n'"

    made, ran, figures, closed, hooked, profile, record, arrays, block, again = tutorial
    assert "ready to run" in html(made)
    assert written(ran).startswith(WROTE)
    assert "Exited(status=0)" in html(ran)
    assert "<th>instructions</th>" in html(figures)
    assert closed == []
    assert written(hooked).startswith("465 calls of fib\n")
    assert "['write', 'getpid', " in written(hooked)
    assert "guest instructions</caption>" in html(profile)
    assert '<td style="text-align: left">fib</td>' in html(record)
    assert arrays[-1].data["text/plain"] == "True"
    assert written(block).startswith("in_asm ir ir_instr ir_opt ")
    (ends,) = again
    assert ends.data["text/plain"].count("Exited(status=0)") == 2


def test_the_notebook_is_kept_without_outputs() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(not cell.outputs and cell.execution_count is None for cell in code)
    assert Path(NOTEBOOK).stat().st_size < 10_000

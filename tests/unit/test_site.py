"""The site can be made, without a warning, and its reference has what users reach."""

import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.pages import DOCS, ROOT

import dbt
import dbt.hooks

API = sorted((DOCS / "api").glob("*.md"))
REFERENCE = "".join(page.read_text() for page in API)
NAMED = re.findall(
    r"^\.\. auto(?:class|exception|function|data):: ([\w.]+)", REFERENCE, re.MULTILINE
)
EACH_AN_OP = {"dbt.ir.builder.Builder"}
"""Classes of whose methods a page of its own tells."""


def found(name: str) -> object:
    module, _, attribute = name.rpartition(".")
    return getattr(importlib.import_module(module), attribute)


def undocumented(name: str) -> list[str]:
    """The public members of a class that have no docstring, and the class if it has none."""
    documented = found(name)
    without = [] if inspect.getdoc(documented) else [name]
    if inspect.isclass(documented) and name not in EACH_AN_OP:
        for member, value in vars(documented).items():
            written = getattr(value, "fget", None) or getattr(value, "__func__", value)
            if not member.startswith("_") and inspect.isfunction(written) and not written.__doc__:
                without.append(f"{name}.{member}")
    return without


def test_it_is_made_without_a_warning(tmp_path: Path) -> None:
    """Links between pages and to files, names in the reference, types in signatures."""
    pytest.importorskip("sphinx", reason="the site needs sphinx (extra docs)")
    command = ["-m", "sphinx", "-q", "-W", "-c", "docs", "-b", "dummy", ".", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_reference_has_all_public_names() -> None:
    public = {f"dbt.{name}" for name in dbt.__all__} - {"dbt.__version__"}
    public |= {f"dbt.hooks.{name}" for name in dbt.hooks.__all__} - {"dbt.hooks.StopRequested"}
    assert public - {*NAMED} == set()


def test_what_the_reference_has_is_described() -> None:
    assert len(NAMED) > 80
    assert [one for name in NAMED if name != "dbt.CAPTURE" for one in undocumented(name)] == []


def test_the_reference_has_all_mechanisms_and_passes() -> None:
    from dbt.hooks.mechanisms import NAMES

    modules = re.findall(r"^\.\. automodule:: ([\w.]+)", REFERENCE, re.MULTILINE)
    assert {f"dbt.hooks.mechanisms.{name}" for name in NAMES} <= {*modules}
    passes = {path.stem for path in (ROOT / "dbt" / "instrument").glob("[a-z]*.py")}
    assert {f"dbt.instrument.{name}" for name in passes} <= {*modules}


def test_nobody_is_sent_to_an_address_that_is_made_up() -> None:
    """The project has no public address: links of its own are relative."""
    own = re.compile(r"https?://\S*armdbt")
    files = [ROOT / name for name in ("README.md", "pyproject.toml", "CITATION.cff")]
    assert [x for x in (*files, *DOCS.rglob("*.md")) if own.search(x.read_text())] == []


def test_the_citation_has_the_version() -> None:
    assert f"\nversion: {dbt.__version__}\n" in (ROOT / "CITATION.cff").read_text()

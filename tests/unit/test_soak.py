"""What ``make soak`` prints of a run."""

import subprocess
import sys
from pathlib import Path

import pytest
from support.soak import warnings_in

WARNS = "import warnings\ndef test_it(): warnings.warn('a leak')\n"


@pytest.mark.parametrize(("code", "warned"), [(WARNS, True), ("def test_it(): pass\n", False)])
def test_the_summary_of_warnings_is_found(tmp_path: Path, code: str, warned: bool) -> None:
    (tmp_path / "test_one.py").write_text(code)
    command = (sys.executable, "-m", "pytest", "-q", "-ra", "-p", "no:cacheprovider", tmp_path)
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    found = warnings_in(done.stdout.splitlines())
    assert bool(found) == warned
    assert any("UserWarning: a leak" in line for line in found) == warned
    assert not any("passed" in line for line in found)

"""What a command writes when the guest has ended does not follow a link that the guest has left."""

import subprocess
import sys
from pathlib import Path

import pytest
from support.guests import guest

CODE = """
import os, sys
from dbt.cli import main
from dbt.process import Process

run = Process.run

def run_and_link(process, *limits):
    stop = run(process, *limits)
    os.symlink("outside", "figures")  # the guest may do that: it changes nothing outside
    return stop

Process.run = run_and_link
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize(
    "words", [("run", "--stats-json"), ("spy", "--report"), ("spy", "-o"), ("calls", "--format")]
)
def test_a_link_that_was_left_is_replaced(words: tuple[str, ...], tmp_path: Path) -> None:
    outside, file = tmp_path / "outside", tmp_path / "figures"
    outside.write_text("as it was")
    name = "jsonl:figures" if words[0] == "calls" else "figures"
    done = subprocess.run(
        [sys.executable, "-c", CODE, *words, name, str(guest("hello"))],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert outside.read_text() == "as it was"
    assert file.is_file()
    assert not file.is_symlink()

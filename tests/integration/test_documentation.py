"""What the README shows is what happens."""

import os
import re
import subprocess
import sys
from pathlib import Path

from dbt.parser import COMMANDS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
EXAMPLE = ROOT / "docs" / "examples" / "count_calls.py"


def test_the_example_prints_what_the_readme_says() -> None:
    done = subprocess.run(
        [sys.executable, str(EXAMPLE)], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert "\n".join(done.stdout.splitlines()[-2:]) in README


def test_the_readme_shows_the_example_itself() -> None:
    shown = re.search(r"```python\n(.*?)```", README, re.DOTALL)
    assert shown
    assert shown[1] in EXAMPLE.read_text()


def test_every_option_the_readme_names_exists() -> None:
    helped = ""
    for name in COMMANDS:
        done = subprocess.run(
            [sys.executable, "-m", "dbt", name, "--help"],
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
            env={**os.environ, "COLUMNS": "200"},
        )
        helped += done.stdout
    text = README.split("## How fast")[0]
    named = set(re.findall(r"(?<=[ `])--?[a-z][a-z-]*", text))
    assert len(named) > 10
    others = {"-c"}  # of the guest's shell
    assert {option for option in named - others if option not in helped} == set()


def test_links_lead_somewhere() -> None:
    for link in re.findall(r"\]\(([^)]+)\)", README):
        if "://" not in link:
            assert (ROOT / link.partition("#")[0]).exists(), link

"""The commands of ``docs/outputs.md`` print what the page shows.

In a ``console`` block ``$`` marks a command; the lines below it are what it prints, both streams.
Addresses of the stack, process numbers and paths differ from run to run and are left out.
``pytest --bless`` rewrites the page.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.guests import BENCHMARKS, DEMO, ROOT
from support.oracle import lacking

PAGE = ROOT / "docs" / "outputs.md"
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.DOTALL | re.MULTILINE)
BLOCKS = BLOCK.findall(PAGE.read_text())
NAMED = ("callgrind_annotate",)
VARYING = (
    (re.compile(r"0xbe[0-9a-f]{6}"), "0xbefff000"),
    (re.compile(r"\b32044\d{5}\b"), "3204446000"),
    (re.compile(r'"(tid|thread)": \d+'), r'"\1": 1000'),
    (re.compile(r"guest thread \d+"), "guest thread 1000"),
    (re.compile(r"(?<=[ \[])/\S*/demo\.elf"), "/home/you/demo.elf"),
)


def settled(text: str) -> str:
    """A text without what differs from run to run, and without spaces at the ends of lines."""
    for pattern, instead in VARYING:
        text = pattern.sub(instead, text)
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())


def played(block: str, home: Path) -> str:
    """A block with what its commands print now."""
    for program in (DEMO, BENCHMARKS / "fib.elf"):
        shutil.copy(program, home)
    binaries = Path(sys.executable).parent
    environment = {"PATH": f"{binaries}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8"}
    lines = []
    for command in re.findall(r"^\$ (.*)$", block, re.MULTILINE):
        for name in NAMED:
            if name in command and shutil.which(name) is None:
                lacking(f"needs {name} (Debian: valgrind)")
        done = subprocess.run(
            command, shell=True, cwd=home, env=environment, check=True, text=True,
            errors="replace", stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        lines.append(f"$ {command}\n{settled(done.stdout)}")
    return "".join(lines)


@pytest.mark.parametrize("block", BLOCKS, ids=range(1, len(BLOCKS) + 1))
def test_the_page_shows_what_happens(
    block: str, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    now = played(block, tmp_path)
    if pytestconfig.getoption("--bless"):
        PAGE.write_text(PAGE.read_text().replace(block, now))
    else:
        assert now == block


def test_the_reader_shown_reads(tmp_path: Path) -> None:
    (script,) = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    played(BLOCKS[-1], tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("call say_number 0 ")


def test_every_format_has_a_section() -> None:
    from dbt.hooks.outputs import NAMES

    headings = re.findall(r"^## (\w+)$", PAGE.read_text(), re.MULTILINE)
    assert headings == list(NAMES)

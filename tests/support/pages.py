"""Pages of the documentation: their blocks of code, and what these print.

A program is a block ``python`` and a block ``text`` behind it, with what it prints. In a block
``console``, ``$`` marks a command of a shell, and the lines below it are what it prints, both
streams. Addresses of the stack, process numbers and paths differ from run to run and are left out.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from support.guests import BENCHMARKS, DEMO, ROOT
from support.oracle import lacking

DOCS = ROOT / "docs"
OWN = {"debugger", "instrumentation", "outputs", "profiling", "spy", "syscalls"}
"""Pages with tests of their own."""
FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
PROGRAM = re.compile(r"^```python\n(.*?)^```\n\n```text\n(.*?)^```$", re.DOTALL | re.MULTILINE)
CONSOLE = re.compile(r"^```console\n(.*?)^```$", re.DOTALL | re.MULTILINE)
GUEST = re.compile(r"armdbt demo, |helper \d+$|fib \d+$|table ")
"""What the demo program itself prints."""
NAMED = ("callgrind_annotate",)
VARYING = (
    (re.compile(r"0xbe[0-9a-f]{6}"), "0xbefff000"),
    (re.compile(r"\b32044\d{5}\b"), "3204446000"),
    (re.compile(r'"(tid|thread)": \d+'), r'"\1": 1000'),
    (re.compile(r"guest thread \d+"), "guest thread 1000"),
    (re.compile(r"(?<=[ \[])/\S*/demo\.elf"), "/home/you/demo.elf"),
)


def all_pages() -> list[Path]:
    """What people read: of the experiments, the pages that are written by hand, too."""
    return [*sorted(ROOT.glob("*.md")), *sorted(DOCS.rglob("*.md"))]


def pages_to_run() -> list[Path]:
    """The pages for users whose programs and commands print what is behind them."""
    recipes = [page for page in sorted((DOCS / "recipes").glob("*.md")) if "add-" not in page.stem]
    others = [page for page in sorted(DOCS.glob("*.md")) if page.stem not in OWN]
    runs = {"python", "console"}
    return [page for page in (*others, *recipes) if runs & {name for name, _ in blocks(page)}]


def blocks(page: Path) -> list[tuple[str, str]]:
    """The fenced blocks of a page: language and text."""
    return FENCE.findall(page.read_text())


def output(program: str) -> str:
    """What a program prints on its standard output, without what the demo program does."""
    with tempfile.NamedTemporaryFile("w", suffix=".py") as script:  # numba and inline read it
        script.write(program)
        script.flush()
        done = subprocess.run(
            [sys.executable, script.name], capture_output=True, text=True, check=False, cwd=ROOT
        )
    assert done.returncode == 0, done.stderr
    return "".join(line for line in done.stdout.splitlines(True) if not GUEST.match(line))


def settled(text: str) -> str:
    """A text without what differs from run to run, and without spaces at the ends of lines."""
    for pattern, instead in VARYING:
        text = pattern.sub(instead, text)
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())


def played(block: str, home: Path) -> str:
    """A console block with what its commands print now, in a directory with two programs."""
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

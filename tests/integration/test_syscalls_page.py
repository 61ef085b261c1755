"""docs/syscalls.md: its commands and programs do what it says they do."""

import re
import subprocess
import sys

import pytest
from support.guests import ROOT

PAGE = (ROOT / "docs" / "syscalls.md").read_text()
COMMANDS = re.findall(r"```console\n\$ armdbt (.*?)\n(.*?)```", PAGE, re.DOTALL)
PROGRAMS = re.findall(r"```python\n(.*?)```.*?```text\n(.*?)```", PAGE, re.DOTALL)


def output(argv: list[str] | str) -> list[str]:
    """The lines a command writes, both streams, without process ids."""
    shell = isinstance(argv, str)
    done = subprocess.run(
        argv, shell=shell, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        check=False, timeout=60,
    )  # fmt: skip
    return [re.sub(r"^\d+ (?=\w+\()", "PID ", line) for line in done.stdout.splitlines()]


def test_the_page_has_examples() -> None:
    assert len(COMMANDS) >= 3
    assert len(PROGRAMS) == 2


@pytest.mark.parametrize(("command", "expected"), COMMANDS)
def test_command(command: str, expected: str) -> None:
    shown = expected.splitlines()
    # The two streams may come in either order.
    assert sorted(output(f"{sys.executable} -m dbt {command}")) == sorted(shown)


@pytest.mark.parametrize(("program", "expected"), PROGRAMS)
def test_program(program: str, expected: str) -> None:
    shown = expected.splitlines()
    assert output([sys.executable, "-c", program])[-len(shown) :] == shown


def test_the_program_is_the_example() -> None:
    example = (ROOT / "docs" / "examples" / "short_reads.py").read_text()
    assert PROGRAMS[1][0] in example


def test_links_and_files_exist() -> None:
    for path in re.findall(r"`((?:tests|docs|dbt)/[\w/.]+\.\w+)`", PAGE):
        assert (ROOT / path).exists(), path

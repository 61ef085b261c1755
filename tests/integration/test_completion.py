"""What ``armdbt completion`` prints completes command lines in the shells themselves."""

import contextlib
import os
import pty
import select
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from support.oracle import lacking
from support.runs import command

from dbt.commands.bench import KINDS
from dbt.commands.completion import SHELLS
from dbt.interfaces import TIERS
from dbt.parser import COMMANDS

LINES = {
    "armdbt ": set(COMMANDS),
    "armdbt ru": {"run"},
    "armdbt run --ti": {"--tier", "--time-passes", "--timeout"},
    "armdbt run --tier ": set(TIERS),
    "armdbt run --tier 0 -one": {"-one-insn-per-tb"},
    "armdbt run -p blo": {"block-count"},
    "armdbt run -p block-count prog.e": {"prog.elf"},
    "armdbt run -L roo": {"rootfs"},
    "armdbt bench ": set(KINDS),
    "armdbt bench chaining --un": {"--units"},
    "armdbt calls --format dr": {"drcov"},
}
"""Lines, and what they may be completed with."""
BASH = """
source ./completion
words=($1); [[ $1 == *" " ]] && words+=("")
COMP_LINE=$1 COMP_POINT=${#1} COMP_WORDS=("${words[@]}") COMP_CWORD=$((${#words[@]} - 1))
$(complete -p armdbt | sed 's/.*-F \\([^ ]*\\).*/\\1/')
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "prog.elf").touch()
    (tmp_path / "rootfs").mkdir()
    (tmp_path / "roofs.txt").touch()
    return tmp_path


def shell(name: str, directory: Path) -> str:
    """The path of a shell, with its completion in the directory."""
    path = shutil.which(name)
    if path is None:
        lacking(f"needs {name} (Debian: {name})")
    assert path is not None
    outcome = command("completion", name, cwd=directory)
    assert (outcome.status, outcome.stderr) == (0, b"")
    (directory / "completion").write_bytes(outcome.stdout)
    return path


def run(directory: Path, *words: str) -> set[str]:
    done = subprocess.run(words, cwd=directory, capture_output=True, text=True, check=False,
                          timeout=60, env={**os.environ, "HOME": str(directory)})  # fmt: skip
    assert done.stderr == ""
    return {line.partition("\t")[0].rstrip("/ ") for line in done.stdout.splitlines()}


def test_bash(directory: Path) -> None:
    bash = shell("bash", directory)
    for line, expected in {**LINES, "armdbt run -str": {"-strace"}}.items():
        assert run(directory, bash, "--norc", "-c", BASH, "bash", line) == expected, line


def test_fish(directory: Path) -> None:
    fish = shell("fish", directory)
    for line, expected in LINES.items():
        script = f"source completion; complete -C '{line}'"
        found = run(directory, fish, "--no-config", "-c", script)
        assert expected <= found, line
        if line.split()[-1].startswith("-"):  # options alone
            assert found == expected, line


class Zsh:
    """A zsh that somebody types at."""

    def __init__(self, path: str, directory: Path) -> None:
        pid, self._terminal = pty.fork()
        if not pid:
            os.chdir(directory)
            os.execve(path, [path, "-f"], {"TERM": "dumb", "HOME": str(directory), "PS1": "$ "})
        self._pid = pid

    def type(self, text: str, awaited: str) -> str:
        """Type, and wait for a text to appear. Returns all that has."""
        os.write(self._terminal, text.encode())
        seen, deadline = "", time.monotonic() + 60
        while awaited not in seen:
            assert time.monotonic() < deadline, seen
            if select.select([self._terminal], [], [], 1)[0]:
                seen += os.read(self._terminal, 1 << 16).decode(errors="replace")
        return seen

    def close(self) -> None:
        os.close(self._terminal)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self._pid, 0)


@pytest.mark.parametrize(
    ("line", "awaited"),
    [
        ("armdbt ru", "armdbt run "),
        ("armdbt run --ti", "--timeout"),
        ("armdbt run -p blo", "block-count"),
        ("armdbt bench chaining --un", "--units"),
        ("armdbt run -L roo", "rootfs/"),
    ],
)
def test_zsh(line: str, awaited: str, directory: Path) -> None:
    zsh = Zsh(shell("zsh", directory), directory)
    try:
        (directory / "completion").rename(directory / "_armdbt")
        zsh.type(
            "fpath=($PWD $fpath); autoload -Uz compinit; compinit -u -D; echo read''y\n", "ready"
        )
        shown = zsh.type(f"{line}\t", awaited)
        assert "error" not in shown
    finally:
        zsh.close()


def test_every_shell_is_tested_and_no_other_is_known(tmp_path: Path) -> None:
    assert SHELLS == ("bash", "zsh", "fish")
    outcome = command("completion", "bsh", cwd=tmp_path)
    assert outcome.status == 2
    assert b"no shell 'bsh'; did you mean 'bash'?" in outcome.stderr

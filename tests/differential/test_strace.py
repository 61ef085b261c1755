"""-strace prints the calls, arguments and results that ``qemu-arm -strace`` prints.

``support/straces.py`` says what is made the same before the comparison.
"""

import difflib
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.busybox_cases import BUSYBOX, prepare_files
from support.guests import ROOT, guest
from support.oracle import BASE_ENV, QEMU, REQUIRED, need_qemu, need_root
from support.rotation import FULL
from support.straces import Normal, Trace, normal, record

pytestmark = pytest.mark.oracle

ARMDBT = (sys.executable, "-m", "dbt", "run", "-strace", "-U", "PYTHONPATH")
QEMU_PATH = shutil.which(QEMU) or QEMU

SCRIPTS = {
    "echo": "echo hello",
    "pipeline": "echo one two | $BB tr a-z A-Z",
    "three-stages": "$BB cat text.txt | $BB sort | $BB head -n 3",
    "long-pipeline": "$BB cat words.txt | $BB tr a-z A-Z | $BB sort | $BB uniq -c | $BB sort -rn | head -n 3",
    "substitution": "x=$(echo hi | $BB rev); y=`echo $x`; echo $x $y",
    "nested": "echo $(echo $(echo $(echo deep)))",
    "forks": "(echo a); (echo b; (echo c)); { echo d; } | $BB cat",
    "status": "$BB true; echo $?; $BB false; echo $?; (exit 3); echo $?; ! $BB true; echo $?",
    "redirections": "echo one > made; echo two >> made; $BB wc < made; read x < made; echo $x; exec 3< made; $BB cat <&3",
    "files": "mkdir d; cd d; : > f; ../busybox ls f; ../busybox mv f g; ../busybox ln -s g h; ../busybox rm g; cd ..; $BB rm -r d",
    "missing": "[ -e missing ] || echo none; command -v no-such; $BB test -r missing; echo $?; $BB grep -s x missing; echo $?",
    "loop": "for i in 1 2 3; do $BB basename /x/$i; done > made; $BB tac < made",
    "background": "$BB sleep 1 & wait; echo done",
    "here-document": "$BB cat <<END\na $((1 + 2))\nEND",
    "trap": "trap 'echo got' USR1; kill -USR1 $$; echo on",
    "exec": "exec $BB echo replaced",
    "umask": "umask 027; umask; : > f; $BB stat -c %a f; $BB chmod 600 f; $BB touch -d @1000 f",
    "archive": "$BB tar cf - tree | $BB tar tf - | $BB wc -l",
    "find": "$BB find tree -name '*.txt' | $BB sort | $BB xargs -n 6 $BB echo",
}

QUICK = ("pipeline", "substitution", "forks")
"""Run by `make test`; all of them where oracles are required."""

GUESTS = {
    "hello": [],
    "files": ["file"],
    "signals": [],
    "start_stack": [],
    "oabi": [],
    "traced": [],
}


# Standard error is the trace: a script may not write or redirect it. Nor may several processes write to one pipe: how many of their writes a read finds is chance. An applet that busybox runs by an execve of /proc/self/exe is called through $BB: qemu-user 7.2
# hands that path to the host, which refuses it.


def write_script(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def qemu_shell(script: str, work: Path) -> Trace:
    prepare_files(work)
    write_script(work / "busybox", f'exec {QEMU_PATH} -strace {BUSYBOX} "$@"')
    env = {**BASE_ENV, "BB": "./busybox"}
    argv = [QEMU_PATH, "-strace", str(BUSYBOX), "sh", "-c", script]
    return record(argv, cwd=work, env=env)


def armdbt_shell(script: str, work: Path) -> Trace:
    prepare_files(work)
    (work / "busybox").symlink_to(BUSYBOX)
    env = {**BASE_ENV, "BB": "./busybox", "PYTHONPATH": str(ROOT)}
    argv = [*ARMDBT, str(BUSYBOX), "sh", "-c", script]
    return record(argv, cwd=work, env=env)


def assert_same(expected: Trace, actual: Trace) -> None:
    assert actual.stdout == expected.stdout
    assert actual.status % 256 == (
        expected.status if expected.status >= 0 else 128 - expected.status
    )
    wanted, found = normal(expected), normal(actual)
    assert len(wanted.calls) > 1
    if found.flat() != wanted.flat():
        pytest.fail("\n".join(difference(wanted, found)), pytrace=False)
    # Two children that end at once may be one signal: which there are is compared, not how many.
    assert set(found.taken()) == set(wanted.taken())


def difference(wanted: Normal, found: Normal) -> list[str]:
    return list(
        difflib.unified_diff(wanted.flat(), found.flat(), "qemu-arm", "armdbt", lineterm="")
    )


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Callable[[], Path]]:
    """A fresh directory, always the same: its name is among the arguments of calls."""
    path = tmp_path / "work"

    def fresh() -> Path:
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir()
        return path

    yield fresh
    shutil.rmtree(path, ignore_errors=True)


@pytest.mark.parametrize("name", SCRIPTS if FULL or REQUIRED else QUICK)
def test_shell(name: str, work: Callable[[], Path]) -> None:
    need_qemu()
    need_root()
    assert_same(qemu_shell(SCRIPTS[name], work()), armdbt_shell(SCRIPTS[name], work()))


def test_terminal(work: Callable[[], Path]) -> None:
    """Terminal settings, read and changed."""
    need_qemu()
    need_root()
    traces = []
    for command in ([QEMU_PATH, "-strace"], [*ARMDBT]):
        master, terminal = os.openpty()
        argv = [*command, str(BUSYBOX), "stty", "-echo", "-onlcr", "-icanon", "rows", "40"]
        env = {**BASE_ENV, "PYTHONPATH": str(ROOT)} if command[0] != QEMU_PATH else BASE_ENV
        traces.append(record(argv, cwd=work(), env=env, stdin=terminal))
        os.close(terminal)
        os.close(master)
    assert "TCSETSW,{c_iflag = ICRNL|IXON,c_oflag = OPOST,c_cflag = B38400,CS8," in "".join(
        normal(traces[1]).calls
    )
    assert_same(*traces)


@pytest.mark.parametrize("name", GUESTS)
def test_guest(name: str, work: Callable[[], Path]) -> None:
    need_qemu()
    program = [str(guest(name)), *GUESTS[name]]
    expected = record([QEMU_PATH, "-strace", *program], cwd=work(), env=BASE_ENV)
    env = {**BASE_ENV, "PYTHONPATH": str(ROOT)}
    assert_same(expected, record([*ARMDBT, *program], cwd=work(), env=env))

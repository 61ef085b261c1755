"""Calls that wait in one thread while another one goes on: what they give in the end."""

import functools
import json
import subprocess
from pathlib import Path

import pytest
from support.guests import GUESTS
from support.random_calls import compiler
from support.runs import command

pytestmark = pytest.mark.oracle  # needs a cross compiler

CASES = {
    "fifos": """\
fifo-read: 0
fifo-write: 0
fifo-briefly: 1120
fifo-both: 1
fifo-ends: 0
fifo-enxio: -6
fifo-nonblock: 1
fifo-read-eintr: -4
fifo-write-eintr: -4
fifo-read-restart: 0
fifo-write-restart: 0
fifo-child: 0
""",
    "sockets": """\
waitall: 12
waitall-message: 12107
waitall-peek: 606
waitall-peek-closed: 606
waitall-tcp: 12
waitall-peek-tcp: 1212
waitall-peek-tcp-closed: 606
waitall-closed: 6
waitall-signal: 6
recv-eintr: -4
recv-other-takes: 6
recv-restart: 6
recv-timeout: -11
read-timeout: -11
waitall-timeout: 6
timeout-eintr: -4
send-timeout: -11
write-timeout: -11
send-big: 4194304
accept: 1
accept-timeout: -11
connect-full: 0
datagram-full: 100
recvmmsg: 2
""",
    "locks and children": """\
flock: 0
ofd-lock: 0
record-lock: 0
waitid: 5
waitpid: 5
""",
    "pipes": """\
sendfile: 10
splice-out: 6
tee: 6
splice-in: 10
vmsplice: 10
write: 5000
writev: 6010
pwritev2: 10
read: 6
preadv2: 6
""",
    "readiness": """\
poll: 1
poll-eintr: -4
ppoll: -4
pselect: 1
epoll: 1
eventfd-read: 3
eventfd-write: 0
timerfd: 1
inotify: 1
""",
    "signals": """\
pause: -4
sigsuspend: -4
sigwaitinfo: 10
sigwaitinfo-signalfd: 10
signalfd: 10001
signalfd-queued: 10771
signalfd-before: 10771
signalfd-thread: 10001
signalfd-other: 10001
signalfd-poll: 110771
signalfd-epoll: 1910771
signalfd-child: 17005
signalfd-empty: -11
signalfd-small: -22
""",
    "System V objects": """\
semop: 0
semop-eintr: -4
semop-mixed: 0
semop-mixed-fails: -1090
semop-mixed-later: -1090
semop-mixed-other-takes: 0
semop-zero-mixed: 0
msgrcv: 3
kind 3: -42
kind 2: 8
msgsnd: 0
msgrcv-removed: -43
msgsnd-removed: -43
semop-removed: -43
semop-removed-by-child: -43
semop-mixed-removed: -4311
semtimedop-removed: -43
""",
}
"""What the cases of ``thread_waits.c`` print, by the family of calls: the kernel's answers."""


@functools.cache
def program(home: Path) -> str:
    built = str(home / "thread_waits")
    source = GUESTS / "libc" / "thread_waits.c"
    flags = ["-O1", "-static", "-pthread", "-w"]
    subprocess.run([compiler(), *flags, "-o", built, source], check=True)
    return built


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("waits")


@pytest.mark.parametrize("family", CASES)
def test_a_thread_that_waits_lets_others_run(home: Path, tmp_path: Path, family: str) -> None:
    """In a process of its own: where the host has other threads, one of them may take a signal that
    a signalfd waits for."""
    expected = CASES[family]
    names = [line.partition(":")[0] for line in expected.splitlines()]
    outcome = command("run", "--allow-net", str(program(home)), *names, cwd=tmp_path)
    assert (outcome.stdout.decode(), outcome.stderr, outcome.status) == (expected, b"", 0)


def test_the_last_thread_sleeps_while_it_waits(home: Path, tmp_path: Path) -> None:
    """It is parked in ``open`` when the others end. (It asked for its FIFO again and again.)"""
    figures = tmp_path / "figures.json"
    arguments = ("run", "--stats-json", str(figures), str(program(home)), "alone")
    outcome = command(*arguments, cwd=tmp_path)
    assert (outcome.stdout, outcome.stderr, outcome.status) == (b"alone: 0\n", b"", 0)
    assert json.loads(figures.read_text())["syscalls"]["openat"] < 200

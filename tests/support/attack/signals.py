"""Attack: signals from outside, at random times, to guests that compute, sleep, wait and fork.

The guest has handlers; it must come to the right end when it is asked to. A guest that has none of
its own for a signal dies of it, and says so.
"""

import os
import random
import select
import signal
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import attrs
from support.attack.frame import Finding, Plan, Report, trace_in
from support.guests import GUESTS, ROOT

NAME = "signals"
STORMED = str(GUESTS / "stormed.elf")
STATES = ("compute", "read", "poll", "futex", "sleep", "fork", "vfork")
OPTIONS = (
    ("--tier", "0"),
    ("--tier", "2"),
    ("--hot", "50"),
    ("--hot", "50", "-strace"),
    ("--chain", "off"),
    ("--backend", "reference"),
    ("--tier", "0", "-d", "in_asm", "-D", "/dev/null"),
)
HOOKED = ("calls", "--only", "count", "--format", "profile:/dev/null")
STORM = (1, 2, 10, 13, 14, 15, 17, 23, 28, 34, 40)
"""SIGHUP INT USR1 PIPE ALRM TERM CHLD URG WINCH and two real-time signals: all have handlers."""
DEADLY = (1, 2, 3, 6, 10, 14, 15, 24, 26, 34)
ASK_SECONDS = 0.05
HANG_SECONDS = 60.0


@attrs.frozen
class Storm:
    """One round: what the guest does, and which signals it gets after which pauses (seconds)."""

    words: tuple[str, ...]
    signals: tuple[tuple[int, float], ...]
    deadly: int = 0


def storm(seed: int, number: int) -> Storm:
    """The round of that number."""
    draw = random.Random(f"{seed}/{number}")
    options = ("run", *draw.choice(OPTIONS)) if draw.random() < 0.8 else HOOKED
    restart = ("restart",) if draw.random() < 0.5 else ()
    if draw.random() < 0.15:
        words = ("run", *draw.choice(OPTIONS), str(GUESTS / "waiting.elf"), "pause")
        return Storm(words, (), draw.choice(DEADLY))
    pause = draw.choice((0.0, 0.0005, 0.004, 0.02))
    sent = tuple(
        (draw.choice((*STORM, signal.SIGSTOP)), draw.random() * pause)
        for _ in range(draw.randrange(10, 80))
    )
    return Storm((*options, STORMED, draw.choice(STATES), *restart), sent)


def check(seed: int, number: int) -> Finding | None:
    """Make one round."""
    one = storm(seed, number)
    with tempfile.TemporaryDirectory(prefix="armdbt-attack-") as home:
        errors = Path(home) / "stderr"
        with errors.open("wb") as stderr:
            what = _weather(one, home, stderr.fileno())
        shown = errors.read_bytes()
    if not what and trace_in(shown):
        what = "a traceback"
    return Finding(number, f"{what} of {one}", shown.decode(errors="replace")) if what else None


def _weather(one: Storm, home: str, stderr: int) -> str:
    """Start the guest, send what it is to get, and see how it ends: what is wrong with that."""
    # A shell starts what runs in the background with SIGINT and SIGQUIT ignored, and so would the
    # guest be.
    process = subprocess.Popen(
        ["env", "--default-signal", sys.executable, "-m", "dbt", *one.words],
        stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, stderr=stderr, cwd=home,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, start_new_session=True,
    )  # fmt: skip
    over = threading.Timer(HANG_SECONDS, _kill, [process])
    over.start()
    assert process.stdout is not None
    try:
        if one.deadly:
            return _strike(process, one.deadly)
        if process.stdout.readline() != b"ready\n":
            return f"not ready ({process.wait()})"
        for number, pause in one.signals:
            threading.Event().wait(pause)
            process.send_signal(number)
            if number == signal.SIGSTOP:
                process.send_signal(signal.SIGCONT)
        asked = False  # once may be too early: just before it begins to wait
        while not asked or not select.select([process.stdout], [], [], ASK_SECONDS)[0]:
            process.send_signal(signal.SIGUSR2)
            asked = True
        said = process.stdout.read()
        process.wait()
        return "" if (process.returncode, said) == (0, b"over\n") else _ended(process, said)
    finally:
        over.cancel()
        _kill(process)
        process.stdout.close()


def _strike(process: "subprocess.Popen[bytes]", number: int) -> str:
    """A signal without a handler, when the guest sleeps (it has a pipe then)."""
    while process.poll() is None and not _sleeps(process.pid):
        threading.Event().wait(ASK_SECONDS)
    process.send_signal(number)
    status = process.wait()
    return "" if status in (-number, 128 + number) else f"status {status} after signal {number}"


def _sleeps(pid: int) -> bool:
    """Whether the guest has got as far as its pipe, and waits."""
    try:
        found = {os.readlink(f"/proc/{pid}/fd/{fd}")[:5] for fd in os.listdir(f"/proc/{pid}/fd")}
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return "pipe:" in found and state == "S"


def _ended(process: "subprocess.Popen[bytes]", said: bytes) -> str:
    how = "hang" if process.returncode == -signal.SIGKILL else f"status {process.returncode}"
    return f"{how}, {said[:200]!r},"


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """End it and its children, if they are still there."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def run(plan: Plan) -> Report:
    """Run storms on every processor until the plan is over."""
    findings: list[Finding] = []
    done = 0
    lanes = os.cpu_count() or 1
    with ThreadPoolExecutor(lanes) as pool:
        while not plan.over(done):
            numbers = range(plan.first + done, plan.first + done + 2 * lanes)
            if plan.rounds is not None:
                numbers = numbers[: plan.rounds - done]
            found = pool.map(check, [plan.seed] * len(numbers), numbers)
            findings += [finding for finding in found if finding is not None]
            done += len(numbers)
    return Report(done, findings)

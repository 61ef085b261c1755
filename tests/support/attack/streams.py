"""Attack: commands whose standard streams and files are closed, full, or read by nobody.

Each ends by itself, with a status that means something and at most one line of its own.
"""

import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import attrs
from support.attack.frame import Finding, Plan, Report, trace_in
from support.guests import BENCHMARKS, GUESTS

NAME = "streams"
SECONDS = 120.0
HELLO, FIB = str(GUESTS / "hello.elf"), str(BENCHMARKS / "fib.elf")
FAULTS = str(GUESTS / "faults.elf")

COMMANDS = (
    ("run", HELLO),
    ("run", "-strace", HELLO),
    ("run", "--stats", HELLO),
    ("run", "-d", "in_asm,ir,exec", HELLO),
    ("run", "-strace", "-D", "/dev/full", HELLO),
    ("run", "--stats-json", "/dev/full", HELLO),
    ("run", "--max-insns", "20", HELLO),
    ("run", FAULTS, "read"),
    ("run", "no-such-program"),
    ("run", "--help"),
    ("explain", HELLO, "_start"),
    ("passes",),
    ("calls", FIB, "5"),
    ("calls", "--format", "profile", FIB, "5"),
    ("calls", "--format", "chrome:/dev/full", FIB, "5"),
    ("calls", "--format", "jsonl:/dev/stdout", FIB, "5"),
    ("spy", HELLO),
    ("spy", "--report", "-", HELLO),
    ("spy", "--report", "/dev/full", HELLO),
    ("bench", "chaining", "--help"),
    ("bench", "compare", "/dev/null", "/dev/null"),
    ("nonsense",),
)
STATES = ("closed", "full", "broken", "null", "deleted")
"""What a stream may be. ``deleted`` is a file that has no name any more."""
MEANT = frozenset({0, 2, 3, 13, 124, 125, 128 + 11, 128 + 13})
"""Statuses that the commands above can have: 13 and 11 are what the guest that faults gives."""


@attrs.frozen
class Case:
    """One command, the states of its descriptors 0, 1 and 2, and whether its directory is gone."""

    words: tuple[str, ...]
    states: tuple[str, str, str]
    homeless: bool = False

    def __str__(self) -> str:
        where = " in a deleted directory" if self.homeless else ""
        words = " ".join(os.path.basename(word) for word in self.words)
        return f"armdbt {words} with {'/'.join(self.states)}{where}"


def case(seed: int, number: int) -> Case:
    """The round of that number."""
    draw = random.Random(f"{seed}/{number}")
    states = [draw.choice(STATES) if draw.random() < 0.6 else "null" for _ in range(3)]
    return Case(draw.choice(COMMANDS), (states[0], states[1], states[2]), draw.random() < 0.2)


def run_case(one: Case) -> tuple[int | None, bytes]:
    """Run it: the exit status (negative: a signal; None: it did not end), and what standard error
    shows (when its state is ``null``)."""
    with (
        tempfile.TemporaryFile() as shown,
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home,
    ):
        script = _script(one, home)
        words = [sys.executable, "-c", script, *one.words]
        try:
            done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                  stderr=shown, timeout=SECONDS, check=False)  # fmt: skip
        except subprocess.TimeoutExpired:
            return None, b""
        shown.seek(0)
        return done.returncode, shown.read()


def _script(one: Case, home: str) -> str:
    """Python that becomes the command, with descriptors 0 to 2 as they are to be."""
    lines = ["import os, sys, tempfile"]
    for fd, state in enumerate(one.states):
        access = "os.O_RDONLY" if fd == 0 else "os.O_WRONLY"
        if state == "full":
            lines.append(f"os.dup2(os.open('/dev/full', {access}), {fd})")
        elif state == "broken":
            lines.append(f"r, w = os.pipe(); os.dup2({'r' if fd == 0 else 'w'}, {fd})")
            lines.append("os.close(r); os.close(w)")
        elif state == "deleted":
            lines.append(f"t = tempfile.TemporaryFile(); os.dup2(t.fileno(), {fd})")
    lines += [f"os.close({fd})" for fd, state in enumerate(one.states) if state == "closed"]
    lines.append(f"os.chdir({home!r})")
    if one.homeless:
        lines.append(f"os.rmdir({home!r})")
    root = str(GUESTS.parents[1])
    lines.append(f"os.environ['PYTHONPATH'] = {root!r}")
    lines.append("os.execv(sys.executable, [sys.executable, '-m', 'dbt', *sys.argv[1:]])")
    return "\n".join(lines)


def wrong(one: Case, status: int | None, shown: bytes) -> str:
    """What is wrong with how a case has ended, if anything."""
    if status is None:
        return "hang"
    if status not in MEANT:
        return f"status {status}"
    if trace_in(shown):
        return "a traceback"
    return ""


def check(seed: int, number: int) -> Finding | None:
    """Make one round."""
    one = case(seed, number)
    status, shown = run_case(one)
    what = wrong(one, status, shown)
    return Finding(number, f"{what} of {one}", shown.decode(errors="replace")) if what else None


def run(plan: Plan) -> Report:
    """Run drawn cases on every processor until the plan is over."""
    findings: list[Finding] = []
    done = 0
    lanes = os.cpu_count() or 1
    with ThreadPoolExecutor(lanes) as pool:
        while not plan.over(done):
            numbers: Sequence[int] = range(plan.first + done, plan.first + done + 2 * lanes)
            if plan.rounds is not None:
                numbers = numbers[: plan.rounds - done]
            found = pool.map(check, [plan.seed] * len(numbers), numbers)
            findings += [finding for finding in found if finding is not None]
            done += len(numbers)
    return Report(done, findings)

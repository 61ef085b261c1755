"""Attack: every system call with garbage, boundary and almost right arguments.

No exception that stands for no errno, no hang, no crash, no leaked descriptor; nothing outside the
guest's directory read or changed, no other process touched, nothing of the host's process changed.
"""

import contextlib
import mmap
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import attrs
from support.attack.frame import Finding, Plan, Report
from support.attack.host_state import differences, files, other_process
from support.attack.syscall_batch import BATCH, Batch, become, make_scene, progress_of

NAME = "syscalls"
POKE_SECONDS = 0.03
HANG_SECONDS = 10.0


def run(plan: Plan) -> Report:
    """Run batches on every processor until the plan is over."""
    findings: list[Finding] = []
    done = 0
    lanes = os.cpu_count() or 1
    first = plan.first // BATCH
    with ProcessPoolExecutor(lanes, mp_context=get_context("fork")) as pool:
        while not plan.over(done):
            numbers = range(first + done // BATCH, first + done // BATCH + 4 * lanes)
            left = numbers if plan.rounds is None else numbers[: -(-(plan.rounds - done) // BATCH)]
            for found in pool.map(_batch, [(plan.seed, number) for number in left]):
                findings += found
                done += BATCH
    return Report(done, findings)


def _batch(job: tuple[int, int]) -> list[Finding]:
    """Run one batch in a process of its own; what was found."""
    seed, number = job
    home = Path(tempfile.mkdtemp(prefix="armdbt-attack-"))
    try:
        make_scene(home)
        with _canary() as canary:
            outside, other = files(home / "outside"), other_process(canary)
            shared = mmap.mmap(-1, 4096)
            pid = os.fork()
            if not pid:
                become(Batch(seed, number, home, canary, shared))
            found = _watch(pid, shared, home, number)
            changed = differences(outside, files(home / "outside"))
            touched = differences(other, other_process(canary))
        at = number * BATCH
        found += [Finding(at, "a file outside changed", text) for text in changed]
        return found + [Finding(at, "another process was touched", text) for text in touched]
    finally:
        subprocess.run(["chmod", "-R", "u+rwx", str(home)], check=False, capture_output=True)
        shutil.rmtree(home, ignore_errors=True)


@contextlib.contextmanager
def _canary() -> Iterator[int]:
    """The pid of a process that is none of the guest's."""
    with subprocess.Popen(["sleep", "600"], start_new_session=True) as process:
        try:
            yield process.pid
        finally:
            process.kill()


def _watch(pid: int, shared: mmap.mmap, home: Path, number: int) -> list[Finding]:
    """Wake the batch from calls that block by nature; wait for its end; what it has found."""
    last, since = -1, time.monotonic()
    hung = False
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            break
        count, _ = progress_of(shared)
        if count != last:
            last, since = count, time.monotonic()
        elif time.monotonic() - since > HANG_SECONDS and not hung:
            hung = True
            os.kill(pid, signal.SIGABRT)  # its trace tells where it hung
        elif time.monotonic() - since > 2 * HANG_SECONDS:
            os.kill(pid, signal.SIGKILL)
        elif time.monotonic() - since > POKE_SECONDS:
            os.kill(pid, signal.SIGCONT)
            os.kill(pid, signal.SIGURG)
        time.sleep(POKE_SECONDS / 3)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    count, text = progress_of(shared)
    at = number * BATCH + max(0, count - 1)
    if not os.WIFEXITED(status) or os.WEXITSTATUS(status):
        how = "hang" if hung else f"the host died ({os.waitstatus_to_exitcode(status)})"
        details = "".join(_text(home / name) for name in ("trace", "broken"))
        return [Finding(at, f"{how} in {text}", details)]
    return [Finding(*entry) for entry in _json(home / "findings.json")]


def _text(path: Path) -> str:
    return path.read_text(errors="replace") if path.exists() else ""


def _json(path: Path) -> list[tuple[int, str, str]]:
    import json

    found: list[tuple[int, str, str]] = json.loads(path.read_text())
    return found


def only(plan: Plan, number: int) -> Plan:
    """The plan that repeats one round, and what came before it in its batch."""
    return attrs.evolve(plan, first=number, rounds=BATCH, seconds=None)

"""gdb on a guest program: a script for gdb, and what both have said."""

import functools
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import attrs
from support.guests import GUESTS
from support.oracle import GDB, lacking, need_gdb

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 120.0
COMPILERS = {"armel": "arm-linux-gnueabi-gcc", "armhf": "arm-linux-gnueabihf-gcc"}


@attrs.frozen
class Debugged:
    """What gdb has written, and the outcome of ``armdbt run -g``."""

    said: str
    status: int
    stdout: str
    stderr: str


@functools.cache
def build(home: Path, name: str, architecture: str = "armel", *options: str) -> Path:
    """Compile a source of ``guests/debugged`` with debug information: its path."""
    import shutil

    compiler = COMPILERS[architecture]
    if shutil.which(compiler) is None:
        lacking(f"needs {compiler} (Debian: gcc-arm-linux-gnueabi and -gnueabihf)")
    built = home / "-".join([name, architecture, *options])
    source = GUESTS / "debugged" / f"{name}.c"
    flags = ["-g", "-O0", "-pthread", *options]
    subprocess.run([compiler, *flags, "-o", built, source], check=True, cwd=GUESTS / "debugged")
    return built


def record(program: Path, log: Path) -> Path:
    """Record a run of a program: the log."""
    words = [sys.executable, "-m", "dbt", "run", "--record", str(log), str(program)]
    subprocess.run(words, check=False, cwd=ROOT, stdout=subprocess.DEVNULL)
    return log


def debug(
    program: Path,
    script: str,
    *,
    options: Sequence[str] = (),
    args: Sequence[str] = (),
    command: str = "run",
) -> Debugged:
    """Run a program, or another ``command``, with ``-g``, and gdb with a script, in which TARGET is
    where to connect."""
    need_gdb()
    with tempfile.TemporaryDirectory(prefix="armdbt-gdb-") as home:
        door, commands = Path(home) / "door", Path(home) / "script"
        before = "set pagination off\nset confirm off\nset width 0\nset debuginfod enabled off\n"
        commands.write_text(before + script.replace("TARGET", str(door)))
        words = [sys.executable, "-m", "dbt", command, "-g", str(door), *options, str(program)]
        with subprocess.Popen(
            [*words, *args],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        ) as guest:
            try:
                wait_for(door, guest)
                gdb = subprocess.run(
                    [GDB, "-nx", "-batch", "-x", str(commands)],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                    check=False,
                    timeout=SECONDS,
                )
                stdout, stderr = guest.communicate(timeout=SECONDS)
            finally:
                guest.kill()
        return Debugged(gdb.stdout, guest.returncode, stdout, stderr)


def wait_for(door: Path, guest: "subprocess.Popen[str]") -> None:
    """Wait until the program waits for a debugger."""
    end = time.monotonic() + SECONDS
    while not door.exists():
        assert guest.poll() is None, guest.communicate()
        assert time.monotonic() < end
        time.sleep(0.02)

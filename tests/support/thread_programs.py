"""The programs with threads in ``guests/libc``: how they are built, and what they print."""

import functools
import subprocess
from pathlib import Path

from support.guests import GUESTS
from support.random_calls import compiler

THREADS = """\
condition: 501000 0
barrier: 20 0
rwlock: 0 400 400
once: 88 11
tls: 112 28 7
cancelled: 8 28
async: 8
sem: 80 28
timed: Connection timed out
timedlock: Connection timed out
robust: Owner died
again: 0
pi: 0 0
unlock: 0
sum: 0
lock: 0
pipe: 100000 100028
sleep: 28 1
child: 1
fork: 3
ended: 16
the last one ends
"""
SIGNALS = """\
directed: 1 2 3 4 0
process: 1
another: 1 2
sigwait: 10
sigwait of the process: 1
pending: 1
unblocked: 1
altstack: 6 4
nested: 1 2
faults: 168 4
read: -4
read: 1
ended: -1 -1
no such: -1 0 -1
"""

ARM, THUMB = ("-marm", "-march=armv7-a"), ("-mthumb", "-march=armv7-a")

SETTINGS: dict[str, dict[str, object]] = {
    "chain-off": {"tier": "0", "chain": "off"},
    "compiled": {"tier": "1"},
    "regions": {"tier": "auto", "unit": "function", "hot": 20, "background": False},
    "auto": {"tier": "auto", "hot": 20, "background": False},
    "explicit": {"tier": "0", "memory_checks": "explicit"},
}
"""Ways to run a program, beside tier 0: of what a seed gives, nothing depends on them."""


@functools.cache
def build(home: Path, name: str, *options: str, gcc: str = "") -> str:
    """Compile a program in a directory: its path. ARM state of armel unless options and the
    compiler say otherwise."""
    built = str(home / "-".join([name, *options, gcc]))
    source = GUESTS / "libc" / f"{name}.c"
    chosen = options if options or gcc else ARM
    flags = ["-O2", "-static", "-pthread", "-w", *chosen]
    subprocess.run([gcc or compiler(), *flags, "-o", built, source], check=True)
    return built

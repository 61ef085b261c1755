"""Command lines for Debian's programs that start threads."""

import shutil
from pathlib import Path

from support.debian_root import ARMHF_ROOT
from support.oracle import Case

SCRIPTS = Path(__file__).parents[1] / "guests/python"
COMMANDS = {
    "python-sockets": ("/usr/bin/python3.11", "-I", "socket_threads.py"),
    "python-threads": ("/usr/bin/python3.11", "-I", "threads.py"),
    "xz": ("/usr/bin/xz", "--threads=2", "--block-size=65536", "-0", "--keep", "numbers.txt"),
    "zstd": ("/usr/bin/zstd", "-q", "-T2", "-B65536", "--keep", "numbers.txt"),
}


def prepare(directory: Path) -> None:
    """The scripts, and something to compress."""
    for script in SCRIPTS.glob("*.py"):
        shutil.copy(script, directory)
    (directory / "numbers.txt").write_text("\n".join(map(str, range(60000))))


def case(name: str, root: Path = ARMHF_ROOT) -> Case:
    program, *words = COMMANDS[name]
    options = ("-L", str(root))
    path = str(root) + program
    label = name if root == ARMHF_ROOT else f"{name}-armel"
    return Case(label, (path, *words), prepare, options=options, qemu_options=options)

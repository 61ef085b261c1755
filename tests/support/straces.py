"""Run a program under ``-strace``, keep each process's lines apart, and make traces comparable.

qemu-arm writes the head of a call before it runs and the result behind it, all processes to one
stream. Standard error is therefore a datagram socket that tells who wrote what.

What is made the same, and why, is all in ``normal``: addresses and process ids; the times that a
clock gave; when a signal arrives, which is a race; and five things that qemu-user 7.2 does not do
as a kernel does, numbered there.
"""

import array
import re
import socket
import struct
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import attrs

from dbt.linux.typed import qemu
from dbt.linux.typed.rows import SIGNATURES
from frontends.arm.syscall_names import EABI

_CREDENTIALS = struct.Struct("=iII")
_LOWEST_ADDRESS = 0x3F000000
"""Stacks and mappings lie above this, programs and their heaps, which do not differ, below."""
_HIGHEST_ADDRESS = 0xFFFFF000


@attrs.define
class Trace:
    """What each process wrote, by pid, the first process's pid, and the guest's own output."""

    first: int
    texts: dict[int, str]
    stdout: bytes
    status: int


def record(
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    stdin: int = subprocess.DEVNULL,
    timeout: float = 60,
) -> Trace:
    """Run a command whose standard error is a trace; ``stdin`` is a descriptor."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    texts: dict[int, bytes] = {}

    def collect() -> None:
        while True:
            data, ancillary, _, _ = ours.recvmsg(1 << 16, socket.CMSG_SPACE(_CREDENTIALS.size))
            if data == b"\0":
                return
            pid = _CREDENTIALS.unpack(array.array("B", ancillary[0][2]).tobytes())[0]
            texts[pid] = texts.get(pid, b"") + data

    reader = threading.Thread(target=collect)
    reader.start()
    try:
        process = subprocess.Popen(
            argv,
            cwd=cwd,
            env=env,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=theirs,
            start_new_session=True,
        )
        stdout, _ = process.communicate(timeout=timeout)
    finally:
        theirs.send(b"\0")
        reader.join()
        ours.close()
        theirs.close()
    decoded = {pid: _escaped(text) for pid, text in texts.items()}
    return Trace(process.pid, decoded, stdout, process.returncode)


def _escaped(text: bytes) -> str:
    """qemu-arm writes the bytes of strings as they are; armdbt writes unprintable ones in octal."""
    return re.sub(r"[^\n -~]", lambda match: f"\\{ord(match[0]):o}", text.decode("latin-1"))


_TRACED = re.compile(r"\w+\(|\(forked\)|--- \w+ \{|Unknown syscall ")
"""Other lines are reports of a guest that was killed."""

# -- Lines -----------------------------------------------------------------------------------------


def lines(trace: Trace, pid: int) -> list[str]:
    """The lines of one process, without its pid. The child of a fork begins with ``(forked)``."""
    text = trace.texts.get(pid, "")
    if text.startswith(" = 0\n"):  # qemu-arm's child: its parent wrote the head
        text = f"{pid} (forked) = 0\n" + text.removeprefix(" = 0\n")
    # An execve that succeeds has no result and no newline: the new program's lines follow it.
    text = re.sub(rf"(?<=\)){pid} ", f"\n{pid} ", text)
    whole = (line.removeprefix(f"{pid} ") for line in text.split("\n"))
    found = [line for line in whole if _TRACED.match(line)]
    if pid != trace.first and found and re.match(r"(clone|v?fork)\(.*\) = 0$", found[0]):
        found[0] = "(forked) = 0"
    return found


def children(trace: Trace, pid: int) -> list[int]:
    """The processes that a process started, in order."""
    started = (re.fullmatch(r"(?:clone|v?fork)\(.*\) = (\d+)", line) for line in lines(trace, pid))
    return [int(match[1]) for match in started if match and int(match[1])]


@attrs.frozen
class Normal:
    """One process's trace without what may differ."""

    calls: list[str]
    signals: list[str]
    """The signals it took, without the times that a child used."""
    children: list["Normal"]

    def flat(self, indent: str = "") -> list[str]:
        """As lines, children indented, for a readable difference."""
        out = [indent + call for call in self.calls]
        for child in self.children:
            out += child.flat(indent + "    ")
        return out

    def taken(self) -> list[str]:
        """The signals that all processes took, sorted."""
        return sorted(self.signals + [name for child in self.children for name in child.taken()])


def normal(trace: Trace, pid: int | None = None) -> Normal:
    """The trace of a process and of its children."""
    pid = trace.first if pid is None else pid
    pids = set(trace.texts)
    calls: list[str] = []
    signals: list[str] = []
    for line in lines(trace, pid):
        if line.startswith("--- "):
            text = re.sub(r", si_utime=\d+, si_stime=\d+", "", line)
            # 4. qemu-user calls an undefined instruction ILL_ILLOPN, the kernel ILL_ILLOPC.
            text = text.replace("si_signo=SIGILL, si_code=2", "si_signo=SIGILL, si_code=1")
            signals.append(_NUMBER.sub(lambda match: _number(match, pids), text))
        elif not _is_a_race(line):
            calls += _call(line, pids)
    below = [normal(trace, child) for child in children(trace, pid)]
    return Normal(calls, signals, below)


def _is_a_race(line: str) -> bool:
    """A handler's end, and a call that a signal interrupted and that runs again."""
    return line.startswith(("sigreturn(", "rt_sigreturn(")) or "errno=512 (" in line


def _call(line: str, pids: set[int]) -> list[str]:
    unknown = re.fullmatch(r"Unknown syscall (\d+)", line)
    if unknown:  # 1. newer than qemu-user 7.2: it shows neither arguments nor result
        return [f"{EABI[int(unknown[1])]}(...)"]
    name = line.partition("(")[0]
    if name.startswith("ARM_"):  # 2. qemu-arm serves these without tracing them
        return []
    if not qemu.known(name):
        return [f"{name}(...)"]
    if name in SIGNATURES and SIGNATURES[name].wide:  # 5. it shows half of 64 bits, or registers
        line = f"{name}(...) = {line.rpartition(' = ')[2]}"
    if name == "set_robust_list":  # 3. qemu-user has none (ENOSYS); the kernel has
        line = line.partition(" = ")[0]
    line = re.sub(r"tv_(sec|usec|nsec) = -?\d+", r"tv_\1 = T", line)
    return [_NUMBER.sub(lambda match: _number(match, pids), line)]


_NUMBER = re.compile(r'"[^"]*"|(?<![\w.])(?:0x[0-9a-f]+|-?\d+)(?!\w)')


def _number(match: re.Match[str], pids: set[int]) -> str:
    text = match[0]
    if text.startswith('"'):
        return text
    value = int(text, 0 if text.startswith("0x") else 10)
    if _LOWEST_ADDRESS <= value & 0xFFFFFFFF < _HIGHEST_ADDRESS:
        return "ADDRESS"
    return "PID" if value in pids else text

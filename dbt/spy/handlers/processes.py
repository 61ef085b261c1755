"""Calls that make, change, end and wait for processes."""

import os

from dbt.spy.tap import Call, Tap, after, before, signed

STOPPED, CONTINUED = 0x7F, 0xFF
"""The low byte of a status that is not that of an end."""
CLD_EXITED = 1
CLD_KILLED, CLD_DUMPED = 2, 3
"""Of the other codes (trapped, stopped, continued) none is an end."""


@after("fork", "vfork", "clone", "clone3")
def fork(tap: Tap, call: Call) -> None:
    """Recorded by the parent; the child continues with copies of both tables."""
    if call.value:
        child = {} if call.failed else {"child": call.value}
        tap.tell("fork", call.began, syscall=call.name, **child, **call.error)


@before("execve", "execveat")
def execute(tap: Tap, call: Call) -> None:
    """Read the arguments before the call: a successful execve discards them."""
    tap.executing = call
    tap.asked = tap.path(call), [os.fsdecode(word) for word in call.content("argv") or ()]


@after("execve", "execveat")
def exec_failed(tap: Tap, call: Call) -> None:
    """execve returns only when it fails."""
    tap.executing = None
    path, argv = tap.asked
    tap.tell("exec", call.ended, syscall=call.name, path=path, argv=argv, **call.error)


@before("exit", "exit_group")
def exit_(tap: Tap, call: Call) -> None:
    tap.tell("exit", call.began, syscall=call.name, status=call["status"] & 0xFF)


@after("wait4")
def wait4(tap: Tap, call: Call) -> None:
    if call.value <= 0:
        return
    status = call.content("status")
    how: dict[str, int] = {}
    if status is not None and status & 0xFF not in (STOPPED, CONTINUED):
        signal = status & 0x7F
        how = {"signal": signal} if signal else {"status": status >> 8 & 0xFF}
    tap.tell("wait", call.ended, syscall=call.name, child=call.value, **how)


@after("waitid")
def waitid(tap: Tap, call: Call) -> None:
    """siginfo_t: signal, errno, code, pid, uid, status."""
    info = 0 if call.failed else call["info"]
    _, _, code, child, _, status = tap.guest.words(info, 6) if info else (0,) * 6
    if child:
        how: dict[str, int] = {}
        if code == CLD_EXITED:
            how = {"status": status}
        elif code in (CLD_KILLED, CLD_DUMPED):
            how = {"signal": status}
        tap.tell("wait", call.ended, syscall=call.name, child=child, **how)


@after("kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo")
def kill(tap: Tap, call: Call) -> None:
    target = signed(call["tid" if call.has("tid") else "pid"])
    number = call["signal"]
    tap.tell("kill", call.began, syscall=call.name, target=target, signal=number, **call.error)

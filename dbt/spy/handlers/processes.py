"""Calls that make, change, end and wait for processes."""

from dbt.spy.tap import Call, Tap, after, before, signed

STOPPED = 0x7F
CLD_EXITED = 1


@after("fork", "vfork", "clone", "clone3")
def fork(tap: Tap, call: Call) -> None:
    """Told by the parent; the child goes on with its copy of everything."""
    if call.value:
        child = {} if call.failed else {"child": call.value}
        tap.tell("fork", call.began, syscall=call.name, **child, **call.error)


@before("execve")
def execve(tap: Tap, call: Call) -> None:
    """Its arguments are gone with the old program when it has worked: they are read before."""
    _asks(tap, call, tap.path(call[0]), call[1])


@before("execveat")
def execveat(tap: Tap, call: Call) -> None:
    path = tap.path(call[1], call.fd(0))
    handle = tap.known(call.fd(0))
    if not path and handle is not None:
        path = handle.thing.path
    _asks(tap, call, path, call[2])


def _asks(tap: Tap, call: Call, path: str, argv: int) -> None:
    tap.executing = call
    tap.asked = path, tap.guest.strings(argv)


@after("execve", "execveat")
def exec_failed(tap: Tap, call: Call) -> None:
    """execve returns only when it fails."""
    tap.executing = None
    path, argv = tap.asked
    tap.tell("exec", call.ended, syscall=call.name, path=path, argv=argv, **call.error)


@before("exit", "exit_group")
def exit_(tap: Tap, call: Call) -> None:
    tap.tell("exit", call.began, syscall=call.name, status=call[0] & 0xFF)


@after("wait4")
def wait4(tap: Tap, call: Call) -> None:
    if call.value <= 0:
        return
    (status,) = tap.guest.words(call[1], 1) if call[1] else (None,)
    how: dict[str, int] = {}
    if status is not None and status & 0xFF != STOPPED:
        signal = status & 0x7F
        how = {"signal": signal} if signal else {"status": status >> 8 & 0xFF}
    tap.tell("wait", call.ended, syscall=call.name, child=call.value, **how)


@after("waitid")
def waitid(tap: Tap, call: Call) -> None:
    """siginfo_t: signal, errno, code, pid, uid, status."""
    words = tap.guest.words(call[2], 6) if call[2] and not call.failed else (0,) * 6
    _, _, code, child, _, status = words
    if child:
        how = {"status": status} if code == CLD_EXITED else {"signal": status}
        tap.tell("wait", call.ended, syscall=call.name, child=child, **how)


@after("kill", "tkill", "rt_sigqueueinfo")
def kill(tap: Tap, call: Call) -> None:
    _killed(tap, call, signed(call[0]), call[1])


@after("tgkill", "rt_tgsigqueueinfo")
def tgkill(tap: Tap, call: Call) -> None:
    _killed(tap, call, signed(call[1]), call[2])


def _killed(tap: Tap, call: Call, target: int, number: int) -> None:
    tap.tell("kill", call.began, syscall=call.name, target=target, signal=number, **call.error)

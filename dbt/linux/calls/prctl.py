"""prctl: values of the process, kept as kernel/sys.c and security/commoncap.c keep them.

Options of other processors, and those that a kernel is built without (seccomp, speculation control,
core scheduling), give EINVAL.
"""

import errno
from collections.abc import Callable

from dbt.linux import host
from dbt.linux.errors import failure
from dbt.linux.state.task import LAST_CAPABILITY, NAME_BYTES
from dbt.linux.table import syscall
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

_SECURE_KEEP_CAPS = 1 << 4
_SIGNALS = 64
_MCE_DEFAULT = 2
_AMBIENT_IS_SET, _AMBIENT_RAISE, _AMBIENT_LOWER, _AMBIENT_CLEAR = 1, 2, 3, 4
_HOST_SET_PDEATHSIG = 1

Arguments = tuple[int, int, int, int]
_Option = Callable[["Kernel", Arguments], int]
_OPTIONS: dict[int, _Option] = {}


def _option(number: int) -> Callable[[_Option], _Option]:
    def register(function: _Option) -> _Option:
        _OPTIONS[number] = function
        return function

    return register


def _require(condition: bool, code: int = errno.EINVAL) -> None:
    if not condition:
        raise failure(code)


@syscall("prctl")
def prctl(kernel: "Kernel", option: int, second: int, third: int, fourth: int, fifth: int) -> int:
    """Set or get a value of the process."""
    found = _OPTIONS.get(option)
    if found is None:
        raise failure(errno.EINVAL)
    return found(kernel, (second, third, fourth, fifth))


@_option(1)
def _set_death_signal(kernel: "Kernel", arguments: Arguments) -> int:
    """PR_SET_PDEATHSIG. Guests' children are the host's children, whose kernel sends it."""
    _require(arguments[0] <= _SIGNALS)
    if kernel.is_child:
        host.call("prctl", _HOST_SET_PDEATHSIG, arguments[0], 0, 0, 0)
    kernel.process.task.death_signal = arguments[0]
    return 0


@_option(2)
def _get_death_signal(kernel: "Kernel", arguments: Arguments) -> int:
    kernel.memory.store(arguments[0], 4, kernel.process.task.death_signal)
    return 0


@_option(3)
def _get_dumpable(kernel: "Kernel", arguments: Arguments) -> int:
    del arguments
    return kernel.process.task.dumpable


@_option(4)
def _set_dumpable(kernel: "Kernel", arguments: Arguments) -> int:
    _require(arguments[0] <= 1)
    kernel.process.task.dumpable = arguments[0]
    return 0


@_option(7)
def _get_keep_capabilities(kernel: "Kernel", arguments: Arguments) -> int:
    del arguments
    return int(kernel.process.task.keep_capabilities)


@_option(8)
def _set_keep_capabilities(kernel: "Kernel", arguments: Arguments) -> int:
    _require(arguments[0] <= 1)
    kernel.process.task.keep_capabilities = bool(arguments[0])
    return 0


@_option(13)
@_option(31)
@_option(32)
def _nothing(kernel: "Kernel", arguments: Arguments) -> int:
    """PR_GET_TIMING is statistical; there are no performance events to switch."""
    del kernel, arguments
    return 0


@_option(14)
def _set_timing(kernel: "Kernel", arguments: Arguments) -> int:
    del kernel
    _require(arguments[0] == 0)
    return 0


@_option(15)
def _set_name(kernel: "Kernel", arguments: Arguments) -> int:
    """At most 15 bytes are read, whatever follows them."""
    name = bytearray()
    while len(name) < NAME_BYTES - 1:
        byte = kernel.memory.load(arguments[0] + len(name), 1)
        if not byte:
            break
        name.append(byte)
    kernel.process.name = bytes(name)
    return 0


@_option(16)
def _get_name(kernel: "Kernel", arguments: Arguments) -> int:
    kernel.memory.write(arguments[0], kernel.process.name.ljust(NAME_BYTES, b"\0"))
    return 0


@_option(23)
def _capability_bound(kernel: "Kernel", arguments: Arguments) -> int:
    """PR_CAPBSET_READ: the bounding set is whole, as that of any user's process."""
    del kernel
    _require(arguments[0] <= LAST_CAPABILITY)
    return 1


@_option(24)
@_option(28)
@_option(57)
@_option(58)
def _privileged(kernel: "Kernel", arguments: Arguments) -> int:
    """PR_CAPBSET_DROP, PR_SET_SECUREBITS, PR_SET_IO_FLUSHER and its reader need capabilities."""
    del kernel, arguments
    raise failure(errno.EPERM)


@_option(27)
def _secure_bits(kernel: "Kernel", arguments: Arguments) -> int:
    del arguments
    return _SECURE_KEEP_CAPS if kernel.process.task.keep_capabilities else 0


@_option(29)
def _set_timer_slack(kernel: "Kernel", arguments: Arguments) -> int:
    """Zero is the value that the process began with."""
    task = kernel.process.task
    task.timer_slack = arguments[0] or task.default_timer_slack
    return 0


@_option(30)
def _get_timer_slack(kernel: "Kernel", arguments: Arguments) -> int:
    del arguments
    return kernel.process.task.timer_slack


@_option(33)
def _set_machine_checks(kernel: "Kernel", arguments: Arguments) -> int:
    command, policy, *rest = arguments
    _require(not any(rest) and command <= 1)
    _require(policy <= _MCE_DEFAULT if command else policy == 0)
    kernel.process.task.machine_checks = policy if command else _MCE_DEFAULT
    return 0


@_option(34)
def _get_machine_checks(kernel: "Kernel", arguments: Arguments) -> int:
    _require(not any(arguments))
    return kernel.process.task.machine_checks


@_option(35)
def _set_memory_map(kernel: "Kernel", arguments: Arguments) -> int:
    """PR_SET_MM needs a capability."""
    del kernel
    _require(not arguments[3])
    raise failure(errno.EPERM)


@_option(36)
def _set_child_subreaper(kernel: "Kernel", arguments: Arguments) -> int:
    kernel.process.task.child_subreaper = bool(arguments[0])
    return 0


@_option(37)
def _get_child_subreaper(kernel: "Kernel", arguments: Arguments) -> int:
    kernel.memory.store(arguments[0], 4, int(kernel.process.task.child_subreaper))
    return 0


@_option(38)
def _set_no_new_privs(kernel: "Kernel", arguments: Arguments) -> int:
    """It cannot be taken back."""
    _require(arguments == (1, 0, 0, 0))
    kernel.process.task.no_new_privs = True
    return 0


@_option(39)
def _get_no_new_privs(kernel: "Kernel", arguments: Arguments) -> int:
    _require(not any(arguments))
    return int(kernel.process.task.no_new_privs)


@_option(40)
def _get_tid_address(kernel: "Kernel", arguments: Arguments) -> int:
    kernel.memory.store(arguments[0], 4, kernel.threads.current.clear_child_tid)
    return 0


@_option(41)
def _set_no_huge_pages(kernel: "Kernel", arguments: Arguments) -> int:
    """PR_SET_THP_DISABLE."""
    _require(not any(arguments[1:]))
    kernel.process.task.no_huge_pages = bool(arguments[0])
    return 0


@_option(42)
def _get_no_huge_pages(kernel: "Kernel", arguments: Arguments) -> int:
    _require(not any(arguments))
    return int(kernel.process.task.no_huge_pages)


@_option(47)
def _ambient_capabilities(kernel: "Kernel", arguments: Arguments) -> int:
    """PR_CAP_AMBIENT: the set is empty, and nothing is permitted that could be raised."""
    del kernel
    command, capability, *rest = arguments
    _require(not any(rest))
    if command == _AMBIENT_CLEAR:
        _require(not capability)
        return 0
    _require(command in (_AMBIENT_IS_SET, _AMBIENT_RAISE, _AMBIENT_LOWER))
    _require(capability <= LAST_CAPABILITY)
    _require(command != _AMBIENT_RAISE, errno.EPERM)
    return 0

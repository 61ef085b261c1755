"""What the user may choose about the guest's world."""

from collections.abc import Callable

from dbt import choices
from dbt.classes import attrs
from dbt.stops import UsageError
from dbt.typing import Any

STACK_GAP = 128 << 20
"""Bytes at the top of a program's memory that are kept for the stack: mappings begin below them
(MIN_GAP)."""
SMALLEST_STACK, LARGEST_STACK = 256 << 10, STACK_GAP - (1 << 20)
"""Bytes: room for arguments (ARG_MAX) and some calls, and what there is below the libraries."""


def _directory(path: Any) -> str | None:
    return None if path is None else choices.directory(path)


def _directories(paths: Any) -> tuple[str, ...]:
    return tuple(choices.directory(path) for path in choices.several("directories", paths))


def _hosts(given: Any) -> tuple[str, ...] | None:
    """The hosts that ``allow_net`` opens: None for no network, else addresses and networks."""
    if given is None or given is False:
        return None
    hosts = () if given is True else choices.words("allow_net", choices.several("hosts", given))
    return tuple(map(_network, hosts))


def _network(text: str) -> str:
    """An address, or a network as ADDRESS/BITS, as a network."""
    import ipaddress

    try:
        return str(ipaddress.ip_network(text))
    except ValueError as error:
        raise UsageError(f"a host is ADDRESS or ADDRESS/BITS: {error}") from None


def _strace(given: Any) -> bool:
    return choices.truth("strace", given)


def _strace_log(given: Any) -> Callable[[str], None] | None:
    return None if given is None else choices.function("strace_log", given, "line")


def _stack_size(given: Any) -> int:
    return choices.whole("stack_size", given, least=SMALLEST_STACK, most=LARGEST_STACK)


def _seed(given: Any) -> int | None:
    return None if given is None else choices.whole("seed", given)


def _sched_seed(given: Any) -> int:
    return choices.whole("sched_seed", given)


def _cpu(given: Any) -> str:
    return choices.word("cpu", given)


def _turn(given: Any) -> int | None:
    return None if given is None else choices.whole("turn", given, least=1)


@attrs.define
class LinuxOptions:
    """What the user may choose about the guest's world. Raises UsageError."""

    root: str | None = attrs.field(default=None, converter=_directory)
    """Where ``/`` of the guest is looked up first (qemu-arm's -L)."""
    allow_read: tuple[str, ...] = attrs.field(default=(), converter=_directories)
    """Host directories that the guest sees beside ``root``, and nothing else if there is no root.
    One alone may be given so, here and below."""
    allow_write: tuple[str, ...] = attrs.field(default=(), converter=_directories)
    """Host directories below which the guest may write, beside the working directory."""
    allow_net: tuple[str, ...] | None = attrs.field(default=None, converter=_hosts)
    """Hosts of the network that the guest may reach beside this one, as addresses or networks
    (``192.0.2.0/24``). None, or False: no network; True: the loopback interface alone."""
    debug_dirs: tuple[str, ...] = attrs.field(default=(), converter=_directories)
    """Where separate debug files are looked for, before ``/usr/lib/debug`` of the guest."""
    cwd: str | None = attrs.field(default=None, converter=_directory)
    """The guest's working directory, below which it may write; None: the host's."""
    strace: bool = attrs.field(default=False, converter=_strace)
    """Show each system call, as qemu-arm does."""
    strace_log: Callable[[str], None] | None = attrs.field(default=None, converter=_strace_log)
    """Where strace lines go; None: standard error."""
    stack_size: int = attrs.field(default=8 << 20, converter=_stack_size)
    """Bytes."""
    seed: int | None = attrs.field(default=None, converter=_seed)
    """Makes AT_RANDOM and getrandom repeatable."""
    cpu: str = attrs.field(default="", converter=_cpu)
    """The processor that the guest is told of, by a name that the frontend knows; empty: the one
    with all that runs."""
    sched_seed: int = attrs.field(default=0, converter=_sched_seed)
    """Decides which thread of several runs when, and for how long."""
    turn: int | None = attrs.field(default=None, converter=_turn)
    """Instructions after which another thread runs, on average; None: 2,750,000."""

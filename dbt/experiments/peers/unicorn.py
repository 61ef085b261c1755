"""The adapter of Unicorn (extra ``peers``): sets hooks in the ways its users do.

- ``code``: one UC_HOOK_CODE on every instruction.
- ``block``: one UC_HOOK_BLOCK on every block. A function that is entered in the middle of a block
  is not seen.
- ``address``: a UC_HOOK_CODE on each function's first instruction, and one on each return address
  when it becomes known. Hooks are compiled into translations: a hook on code that is translated
  already is not called until the code is translated again.
- ``address+flush``: the same, and the translation at the return address is dropped then.

Seconds are the processor time of ``uc_emu_start``, which contains translation. The supported system
calls are write (to descriptors 1 and 2), exit, exit_group, getpid, and ARM's own cacheflush and
set_tls. All others, such as those for signals, return ENOSYS and are listed as unsupported.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from dbt.experiments.peers.image import Image, Seen
from dbt.experiments.peers.tracker import Registers, Tracker
from dbt.hooks.records import Record
from dbt.interfaces import EXEC, PAGE, READ, WRITE

NAME = "unicorn"
MODES = ("none", "code", "block", "address", "address+flush")
VALUES = True
"""Arguments and results can be compared with ours: programs start in the same state."""

SOFTWARE_INTERRUPT = 2
"""QEMU's EXCP_SWI (target/arm/cpu.h), as UC_HOOK_INTR gives it."""
OABI_BASE = 0x900000
ENOSYS = 38


def lacking() -> str | None:
    """Why Unicorn cannot run here, or None."""
    try:
        import unicorn  # noqa: F401
    except ImportError:
        return "needs unicorn: pip install 'armdbt[peers]'"
    return None


def watch(
    image: Image,
    mode: str,
    functions: Mapping[int, str],
    sink: Callable[[Record], None],
    timeout: float = 600.0,
) -> Seen:
    """Run a program to its end or for ``timeout`` seconds, watched in one of MODES."""
    if mode not in MODES:
        raise ValueError(mode)
    machine = _Machine(image)
    tracker = Tracker(functions, machine.registers, sink, image.state_bits)
    if mode != "none":
        _WATCHERS[mode](machine, tracker)
    seconds = machine.run(timeout)
    return Seen(
        seconds, tracker.events, bytes(machine.output), machine.status, tuple(machine.unsupported)
    )


def count_at(image: Image, places: Iterable[int], timeout: float = 600.0) -> Seen:
    """Run a program with a Python hook at some instructions that only counts.

    Unicorn calls the hook at each of these instructions, whether its condition holds or not.
    """
    import unicorn

    machine = _Machine(image)
    cells = [0]

    def hit(_uc: Any, _pc: int, _size: int, cells: list[int]) -> None:
        cells[0] += 1

    for pc in places:
        machine.uc.hook_add(unicorn.UC_HOOK_CODE, hit, cells, pc, pc)
    seconds = machine.run(timeout)
    return Seen(
        seconds, cells[0], bytes(machine.output), machine.status, tuple(machine.unsupported)
    )


def count_blocks(image: Image, timeout: float = 600.0) -> Seen:
    """Run a program with a Python hook on blocks that only counts."""
    import unicorn

    machine = _Machine(image)
    cells = [0]

    def hit(_uc: Any, _pc: int, _size: int, cells: list[int]) -> None:
        cells[0] += 1

    machine.uc.hook_add(unicorn.UC_HOOK_BLOCK, hit, cells)
    seconds = machine.run(timeout)
    return Seen(
        seconds, cells[0], bytes(machine.output), machine.status, tuple(machine.unsupported)
    )


Write: TypeAlias = tuple[int, int, int]
"""Address, bytes and value, unsigned."""


def writes(
    image: Image, counted: range | None = None, timeout: float = 600.0
) -> tuple[Seen, list[Write]]:
    """Run a program with a Python hook on its writes to memory. With ``counted``, it only counts
    those in a range; else the writes are returned, in order."""
    import unicorn

    machine = _Machine(image)
    found: list[Write] = []
    cells = [0]

    def count(_uc: Any, _kind: int, _at: int, _size: int, _value: int, cells: list[int]) -> None:
        cells[0] += 1

    def note(_uc: Any, _kind: int, at: int, size: int, value: int, _: None) -> None:
        found.append((at, size, value & (1 << 8 * size) - 1))

    if counted is None:
        machine.uc.hook_add(unicorn.UC_HOOK_MEM_WRITE, note)
    else:
        first, last = counted.start, counted.stop - 1
        machine.uc.hook_add(unicorn.UC_HOOK_MEM_WRITE, count, cells, first, last)
    seconds = machine.run(timeout)
    seen = Seen(
        seconds, cells[0], bytes(machine.output), machine.status, tuple(machine.unsupported)
    )
    return seen, found


class _Machine:
    """A Unicorn that holds the program, and serves the few system calls."""

    def __init__(self, image: Image) -> None:
        import unicorn
        from unicorn import arm_const as arm

        self.uc: Any = unicorn.Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_ARM)
        self.output = bytearray()
        self.status: int | None = None
        self.unsupported: dict[str, None] = {}
        self._arm = arm
        self._error = unicorn.UcError
        self._location = image.location
        watched = (*image.abi.arguments, image.abi.stack, image.abi.link)
        self._watched = [getattr(arm, f"UC_ARM_REG_{name.upper()}") for name in watched]
        for segment in image.segments:
            self.uc.mem_map(segment.start, len(segment.data), _protection(segment.perms))
            self.uc.mem_write(segment.start, segment.data)
        for name, value in image.registers.items():
            self.uc.reg_write(getattr(arm, f"UC_ARM_REG_{name.upper()}"), value)
        self.hook(unicorn.UC_HOOK_INTR, self._interrupt)

    def hook(self, kind: int, function: Any, begin: int = 1, end: int = 0) -> None:
        """Add a hook; the default range is everywhere."""
        self.uc.hook_add(kind, function, begin=begin, end=end)

    def registers(self) -> Registers:
        """The registers that a tracker reads."""
        *arguments, stack, link = (self.uc.reg_read(number) for number in self._watched)
        return Registers(tuple(arguments), stack, link)

    def run(self, timeout: float) -> float:
        """Run to the end or for ``timeout`` seconds; returns the seconds of processor time."""
        began = time.thread_time()
        try:
            self.uc.emu_start(self._location, 0xFFFFFFFC, int(timeout * 1_000_000))
        except self._error as error:
            self.unsupported[str(error)] = None
        return time.thread_time() - began

    def _interrupt(self, uc: Any, number: int, _data: object) -> None:
        arm = self._arm
        if number != SOFTWARE_INTERRUPT:
            self.unsupported[f"exception {number}"] = None
            uc.emu_stop()
            return
        call = self._number(uc.reg_read(arm.UC_ARM_REG_PC))
        first, second, third = (uc.reg_read(number) for number in self._watched[:3])
        result = self._serve(call, first, second, third)
        uc.reg_write(arm.UC_ARM_REG_R0, result & 0xFFFFFFFF)

    def _number(self, after: int) -> int:
        """The number of the call: in r7, or in an immediate that is not zero (OABI)."""
        if not self.uc.reg_read(self._arm.UC_ARM_REG_CPSR) & 0x20:
            immediate = int.from_bytes(self.uc.mem_read(after - 4, 3), "little")
            if immediate:
                return int(immediate ^ OABI_BASE)
        return int(self.uc.reg_read(self._arm.UC_ARM_REG_R7))

    def _serve(self, call: int, first: int, second: int, third: int) -> int:
        match call:
            case 1 | 248:
                self.status = first & 0xFF
                self.uc.emu_stop()
                return first
            case 4 if first in (1, 2):
                self.output += self.uc.mem_read(second, third)
                return third
            case 20:
                return 1
            case 0xF0002:
                self.uc.ctl_remove_cache(first & ~1, second)
                return 0
            case 0xF0005:
                self.uc.reg_write(self._arm.UC_ARM_REG_C13_C0_3, first)
                return 0
        self.unsupported[f"system call {call}"] = None
        return -ENOSYS


def _protection(perms: int) -> int:
    """UC_PROT_READ, WRITE, EXEC are 1, 2, 4, as ours are."""
    return perms & (READ | WRITE | EXEC)


def _every_instruction(machine: _Machine, tracker: Tracker) -> None:
    import unicorn

    arrive = tracker.arrive
    machine.hook(unicorn.UC_HOOK_CODE, lambda _uc, pc, _size, _data: arrive(pc))


def _every_block(machine: _Machine, tracker: Tracker) -> None:
    import unicorn

    arrive = tracker.arrive
    machine.hook(unicorn.UC_HOOK_BLOCK, lambda _uc, pc, _size, _data: arrive(pc))


def _addresses(machine: _Machine, tracker: Tracker, *, flush: bool = False) -> None:
    import unicorn

    def arrived(_uc: Any, pc: int, _size: int, _data: object) -> None:
        tracker.arrive(pc)

    def learn(site: int) -> None:
        if site in tracker.functions:
            return
        machine.hook(unicorn.UC_HOOK_CODE, arrived, site, site)
        if flush:
            page = site & -PAGE
            machine.uc.ctl_remove_cache(page, page + PAGE)

    tracker.on_site = learn
    for pc in tracker.functions:
        machine.hook(unicorn.UC_HOOK_CODE, arrived, pc, pc)


def _addresses_flushed(machine: _Machine, tracker: Tracker) -> None:
    _addresses(machine, tracker, flush=True)


_WATCHERS: dict[str, Callable[[_Machine, Tracker], None]] = {
    "code": _every_instruction,
    "block": _every_block,
    "address": _addresses,
    "address+flush": _addresses_flushed,
}

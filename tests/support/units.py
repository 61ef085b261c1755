"""A rig that enters compiled units directly, with as much of a dispatcher as tests need."""

import ctypes
import mmap
import struct
from collections.abc import Collection

from support import rig
from support.own_memory import OwnMemory

from backends.numba_jit import abi
from backends.numba_jit.installed import Installed
from backends.numba_jit.records import Record, Records
from backends.numba_jit.units.compiler import UnitCompiler
from dbt.interfaces import CODE, PAGE, WRITE, Context, InstructionLifter, Layout
from dbt.ir.block import Block, BlockKey, exit_targets
from dbt.reservation import Reservation
from dbt.runtime.counters import Counters, Stacks
from dbt.runtime.functions import Functions
from dbt.runtime.memory import GuestMemory
from dbt.runtime.state import GuestState
from dbt.stops import Access, GuestFault

SLOTS = 1024
LOOKUP = 16
SET_EXIT = bytes([0x48, 0xC7, 0x47, abi.EXIT_CODE])  # mov qword [rdi + EXIT_CODE], imm32
LEAVE = bytes([0xFF, 0x67, abi.UNLINKED])  # jmp [rdi + UNLINKED]


class UnitMachine:
    """State, memory and a unit compiler. Links are made when all blocks are compiled."""

    def __init__(
        self,
        layout: Layout = rig.LAYOUT,
        *,
        regions: bool = False,
        lifter: InstructionLifter | None = None,
    ) -> None:
        self.state = GuestState(layout)
        self.memory = GuestMemory()
        self.counters, self.stacks = Counters(self.state, 1 << 10), Stacks(8)
        self.functions = Functions(self.state.address)
        self.context = Context(
            self.state,
            self.memory,
            self.counters,
            self.stacks,
            self.functions,
            rig.key_of,
            rig.location_of,
            lifter=lifter,
        )
        self.records = Records()
        self.compiler = UnitCompiler(self.context, self.records)
        self.regions = regions
        self.links = (ctypes.c_uint64 * SLOTS).from_address(self.state.address + abi.LINKS)
        self._lookups = Reservation(LOOKUP * SLOTS, "exits that are not linked", executable=True)
        no_reserve = 0x4000
        flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | no_reserve
        self._table = mmap.mmap(-1, 8 << 32, flags=flags)
        self.entries = (ctypes.c_uint64 * (1 << 32)).from_buffer(self._table)
        self.targets: dict[int, BlockKey] = {}
        self._ids: dict[BlockKey, int] = {}
        for offset, value in {
            abi.MEM_BASE: self.memory.base,
            abi.UNLINKED: self.compiler.unlinked_address,
            abi.RETURN_TABLE: ctypes.addressof(self.entries),
            abi.JUMP_TABLE: ctypes.addressof(self.entries),
            abi.STACKS: self.stacks.address,
            abi.FUNCTIONS: self.functions.address,
        }.items():
            self.word(offset).value = value
        prototype = ctypes.CFUNCTYPE(ctypes.c_uint64, ctypes.c_uint64, ctypes.c_uint64)
        self._enter = prototype(self.compiler.enter_address)

    def word(self, offset: int) -> ctypes.c_uint64:
        """A word of the control area."""
        return ctypes.c_uint64.from_address(self.state.address + offset)

    def accepted(self, *blocks: Block) -> list[Installed]:
        """Records of blocks with fresh link slots; block ids count from 1, link slots too."""
        made, self.targets, self._ids = [], {}, {}
        for number, block in enumerate(blocks, 1):
            first = len(self.targets) + 1
            self.targets.update(enumerate(exit_targets(block.exit), first))
            slots = tuple(range(first, len(self.targets) + 1))
            self._ids[block.key] = number
            made.append(
                Installed(block.key, number, slots, [], False, False, lambda block=block: block)
            )
        return made

    def compile(
        self,
        *blocks: Block,
        level: str = "quick",
        link: bool = True,
        unlinked: Collection[int] = (),
    ) -> dict[BlockKey, int]:
        """Compile a batch and link it, but for some slots; code pointers by key."""
        accepted = self.accepted(*blocks)
        if self.regions and level == "optimised":
            level = "region"
        linked = {slot: to for slot, to in self.linked.items() if link and slot not in unlinked}
        pointers = self.compiler.compile(accepted, level, linked)
        code = {block.key: pointer for block, pointer in zip(blocks, pointers, strict=True)}
        for slot, key in self.targets.items():
            self.link(slot, code.get(key) if link and slot not in unlinked else None)
        for key, pointer in code.items():
            self.entries[abi.entry_index(rig.location_of(key))] = pointer if link else 0
        return code

    @property
    def linked(self) -> dict[int, int]:
        """The ids of the blocks that slots lead to which are in the batch accepted last."""
        return {s: self._ids[key] for s, key in self.targets.items() if key in self._ids}

    def link(self, slot: int, pointer: int | None) -> None:
        """Link a slot to a unit, or to none. Not for one that a region takes to be linked."""
        self.links[slot] = pointer or self._lookup(slot)

    def _lookup(self, slot: int) -> int:
        """The address of code that leaves by a slot."""
        code = SET_EXIT + struct.pack("<i", abi.X_LINK | slot << abi.KIND_BITS) + LEAVE
        at = LOOKUP * slot
        self._lookups.view[at : at + len(code)] = code
        return self._lookups.address + at

    def enter(self, pointer: int, fuel: int = 1000) -> tuple[int, int, int]:
        """Exit kind, payload, and fuel left."""
        self.word(abi.FUEL).value = fuel
        code = self._enter(pointer, self.state.address)
        left = ctypes.c_int64(self.word(abi.FUEL).value).value
        return code & ((1 << abi.KIND_BITS) - 1), code >> abi.KIND_BITS, left

    def record(self, payload: int) -> Record:
        return self.records[payload]

    def close(self) -> None:
        self.compiler.close()
        self._lookups.close()
        self.memory.close()


class NoCodeWrites(OwnMemory):
    """Guest memory whose stores to pages with translations fault, as units see it."""

    def __init__(self, memory: GuestMemory) -> None:
        self._memory = memory

    def load(self, address: int, size: int) -> int:
        return self._memory.load(address, size)

    def store(self, address: int, size: int, value: int) -> None:
        for at in range(address, address + size):
            perms = self._memory.perms[at // PAGE] if at >> 32 == 0 else 0
            if perms & (CODE | WRITE) != WRITE:
                raise GuestFault(at, Access.WRITE)
        self._memory.store(address, size, value)


def first_forbidden(memory: GuestMemory, address: int, size: int, access: Access) -> int:
    """The first byte of a range that an access may not touch."""
    if access is Access.UNALIGNED:
        return address
    checked = NoCodeWrites(memory)
    try:
        for at in range(address, address + size):
            if access is Access.READ:
                checked.load(at, 1)
            else:
                checked.store(at, 1, memory.load(at, 1))
    except GuestFault as fault:
        return fault.address
    raise AssertionError("nothing in the range is forbidden")

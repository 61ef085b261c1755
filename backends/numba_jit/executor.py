"""The executor: installed blocks, their links and entries, the events the loop comes back with."""

import ctypes
import threading
import time
from bisect import bisect_right, insort
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import attrs

from backends.native.guard import Watched
from backends.numba_jit import abi, tables
from backends.numba_jit.interpreter import opcodes
from backends.numba_jit.interpreter.bytecode import Lowered, Lowerer
from backends.numba_jit.promotion import Promotion
from backends.numba_jit.records import (
    FaultRecord,
    HaltRecord,
    HookRecord,
    Records,
    SwiRecord,
    TrapRecord,
)
from backends.numba_jit.tables import Tables
from dbt.interfaces import (
    CODE,
    PAGE,
    PC_SLOT,
    READ,
    WRITE,
    Context,
    Event,
    FaultHit,
    FuelOut,
    HaltHit,
    HookHit,
    LinkKind,
    LinkRules,
    NotTranslated,
    Reason,
    SyscallHit,
    TablesFull,
    TrapHit,
    WatchHit,
)
from dbt.ir.block import ARRIVED, HOOKED, TAKEN, Block, BlockKey, Hook, Swi, exit_targets
from dbt.stops import Access

PAGES = (1 << 32) // PAGE
SIDES = 2
"""Direct exits that a block has at most."""
LARGEST = 1 << 16
"""Words of bytecode that a block has at most."""
REASON_AT = {reason: index for index, reason in enumerate(Reason)}


@attrs.define(eq=False)
class Installed:
    """One installed block and everything that is to be given back with it."""

    key: BlockKey
    block: Block
    block_id: int
    slots: tuple[int, ...]
    lowered: Lowered
    start: int  # index of its first word
    entries: list[int]  # entry indices of the locations that lead here
    checks: bool = False  # looks itself whether it is flagged
    unit: int = 0  # code pointer


class _Everything:
    """The rules until the first ``apply``: everything may chain."""

    kinds: frozenset[LinkKind] = frozenset(LinkKind)

    def permits(self, pc: int) -> bool:
        return pc >= 0


class NumbaExecutor:
    """Runs blocks in tier 0 and in compiled units."""

    def __init__(self, context: Context, run_loop: Any) -> None:
        self.context = context
        self.records = Records()
        self._loop = run_loop
        self.tables = Tables(context)
        self._control = self.tables.control
        self._lowerer = Lowerer(context, self.records)
        self._ids: dict[BlockKey, int] = {}
        self._blocks: dict[int, Installed] = {}
        self._at: dict[int, set[int]] = {}  # ids of the blocks that begin at a pc
        self._free_ids: list[int] = []
        self._next_id = 1
        self._slot_keys: dict[int, BlockKey] = {}
        self._free_slots: list[int] = []
        self._next_slot = 1
        self._sites: dict[int, int] = {}  # link slot to the index of its u32 in the bytecode
        self._into: dict[BlockKey, set[int]] = {}  # link slots by the key they lead to
        self._free_words: dict[int, list[int]] = {}
        self._next_word = 1
        self._starts: list[int] = []
        self._at_start: dict[int, int] = {}
        self._rules: LinkRules = _Everything()
        self._watched: frozenset[int] = frozenset()
        self._flagged: frozenset[int] = frozenset()
        self._lock = threading.RLock()
        self._waiting: int | None = None
        perms = (ctypes.c_ubyte * PAGES).from_address(context.memory.perms_base)
        self._perms = memoryview(perms).cast("B")
        self._lower_ns = 0
        options = context.options
        self._auto = options.tier == "auto"
        self._hot = min(max(1, options.hot), tables.MOST_HOT)
        self._control[tables.AGAIN // 8] = min(self._hot * 4, tables.MOST_HOT)
        self._promotion = Promotion(self)
        self._watched_memory = Watched(context.memory)

    # -- fuel --------------------------------------------------------------------------------------

    @property
    def fuel(self) -> int:
        """Guest instructions left."""
        return int(self._control[abi.FUEL // 8])

    @fuel.setter
    def fuel(self, value: int) -> None:
        self._control[abi.FUEL // 8] = value

    # -- translations ------------------------------------------------------------------------------

    def install(self, block: Block) -> None:
        """Lower a block and make it findable. Raises TablesFull."""
        self.discard([block.key])
        began = time.perf_counter_ns()
        with self._lock:
            self._require_room()
            block_id = self._free_ids.pop() if self._free_ids else self._next_id
            if block_id == self._next_id:
                self._next_id += 1
            linkable = not isinstance(block.exit, Swi | Hook)
            targets = exit_targets(block.exit) if linkable else ()
            slots = tuple(self._new_slot(target) for target in targets)
            lowered = self._lowerer.lower(block, block_id, slots, self._auto)
            start = self._place(lowered.words)
            entries = self._locations(block.key)
            installed = Installed(
                block.key, block, block_id, slots, lowered, start, entries, self._lowerer.checking
            )
            self._blocks[block_id] = installed
            self._at.setdefault(block.key.pc, set()).add(block_id)
            self._ids[block.key] = block_id
            insort(self._starts, start)
            self._at_start[start] = block_id
            self._publish(installed)
        self._promotion.installed(installed)
        self._lower_ns += time.perf_counter_ns() - began

    def _require_room(self) -> None:
        """Raise TablesFull unless any block finds room in all tables."""
        if not self._blocks:  # then everything is free, whatever the sizes were
            self._free_ids, self._next_id = [], 1
            self._free_slots, self._next_slot = [], 1
            self._free_words, self._next_word = {}, 1
        if (
            (not self._free_ids and self._next_id >= tables.MAX_BLOCKS)
            or (len(self._free_slots) < SIDES and self._next_slot + SIDES > tables.MAX_SLOTS)
            or self._next_word + LARGEST > tables.MAX_WORDS
        ):
            raise TablesFull

    def _new_slot(self, target: BlockKey) -> int:
        slot = self._free_slots.pop() if self._free_slots else self._next_slot
        if slot == self._next_slot:
            self._next_slot += 1
        self._slot_keys[slot] = target
        self._into.setdefault(target, set()).add(slot)
        location = self._location(target)
        t = self.tables
        t.slot_location.view[slot] = location
        t.slot_target.view[slot] = self._ids.get(target, 0) if location < 0 else 0
        return slot

    def _location(self, key: BlockKey) -> int:
        """The location that names a key, or -1."""
        location = self.context.location_of(key)
        return location if self.context.key_of(location) == key else -1

    def _locations(self, key: BlockKey) -> list[int]:
        location = self._location(key)
        return [] if location < 0 else [abi.entry_index(location)]

    def _place(self, words: list[int]) -> int:
        """Copy bytecode to where it will run. Gives the index of its first word."""
        size = len(words)
        free = self._free_words.get(size)
        if free:
            start = free.pop()
        else:
            start = self._next_word
            self._next_word += size
        self.tables.words.view[start : start + size] = (
            memoryview((ctypes.c_uint64 * size)(*words)).cast("B").cast("Q")
        )
        return start

    def _publish(self, installed: Installed) -> None:
        """Enter a block in the tables."""
        t, block_id, start = self.tables, installed.block_id, installed.start
        t.start.view[block_id] = start
        t.unit.view[block_id] = 0
        t.hot.view[block_id] = self._hot
        t.flagged.view[block_id] = self._is_flagged(installed.key)
        denied = t.denied.view[block_id] = self._refusal(installed.key)
        for index in installed.entries:
            t.block_at.view[index] = block_id
            t.entry0.view[index] = 0 if denied else start
        base = t.words.address
        for slot, (word, half) in zip(installed.slots, installed.lowered.sites, strict=True):
            site = (start + word) * 2 + half
            self._sites[slot] = site
            t.slot_site.view[slot] = base + site * 4
            t.link_code.view[slot] = t.unlinked
        if not installed.entries:
            for slot in self._into.get(installed.key, ()):
                t.slot_target.view[slot] = block_id

    def discard(self, keys: Iterable[BlockKey]) -> None:
        """Drop translations and unlink every edge into them."""
        for key in list(keys):
            block_id = self._ids.pop(key, 0)
            if block_id:
                with self._lock:
                    self._forget(self._blocks.pop(block_id))

    def _forget(self, installed: Installed) -> None:
        t = self.tables
        for slot in self._into.get(installed.key, ()):
            self._unlink(slot)
            t.slot_target.view[slot] = 0
        self._promotion.discarded(installed)
        for index in installed.entries:
            t.block_at.view[index] = t.entry0.view[index] = t.entry.view[index] = 0
        for slot in installed.slots:
            into = self._into[self._slot_keys.pop(slot)]
            into.discard(slot)
            del self._sites[slot]
            t.link_code.view[slot] = t.unlinked
        if self._waiting in installed.slots:
            self._waiting = None
        self._free_slots += installed.slots
        there = self._at[installed.key.pc]
        there.discard(installed.block_id)
        if not there:
            del self._at[installed.key.pc]
        self._free_ids.append(installed.block_id)
        self.records.drop(installed.lowered.records)
        start = installed.start
        self._free_words.setdefault(len(installed.lowered.words), []).append(start)
        del self._starts[bisect_right(self._starts, start) - 1], self._at_start[start]

    def installed(self) -> Collection[BlockKey]:
        """Keys of all blocks."""
        return self._ids.keys()

    @property
    def slot_count(self) -> int:
        """Link slots are numbered below this."""
        return self._next_slot

    def installed_block(self, block_id: int) -> Installed | None:
        """A block by id."""
        return self._blocks.get(block_id)

    # -- links -------------------------------------------------------------------------------------

    def _unlink(self, slot: int) -> None:
        site = self._sites.get(slot)
        if site is not None:
            self.tables.words32[site] = 0
            self.tables.link_code.view[slot] = self.tables.unlinked

    def _link(self, slot: int, block_id: int) -> None:
        """Chain a direct exit to a block if the rules permit it."""
        t = self.tables
        with self._lock:
            if LinkKind.DIRECT in self._rules.kinds and not t.denied.view[block_id]:
                t.words32[self._sites[slot]] = t.start.view[block_id]
                t.link_code.view[slot] = t.unit.view[block_id] or t.unlinked
                self._control[tables.LINKS_MADE // 8] += 1

    def compiled(self, installed: Installed, code: int) -> None:
        """A block has a compiled unit from now on: every way into it leads there."""
        t = self.tables
        with self._lock:
            installed.unit = code
            t.unit.view[installed.block_id] = code
            t.words.view[installed.start] = opcodes.TO_UNIT | installed.block_id << 32
            if not t.denied.view[installed.block_id]:
                for index in installed.entries:
                    t.entry.view[index] = code
            for slot in self._into.get(installed.key, ()):
                if t.words32[self._sites[slot]]:
                    t.link_code.view[slot] = code

    def apply(self, rules: LinkRules) -> None:
        """Obey new rules from the next edge on."""
        with self._lock:
            self._rules = rules
            direct = LinkKind.DIRECT in rules.kinds
            self.tables.chain(
                direct=direct,
                returns=LinkKind.RETURN in rules.kinds,
                jumps=LinkKind.INDIRECT in rules.kinds,
            )
            self._refuse(self._blocks.values())
            if not direct:
                for slot in self._sites:
                    self._unlink(slot)

    def watch(self, pcs: Collection[int]) -> None:
        """Come back before a block at one of these pcs is entered."""
        with self._lock:
            before, self._watched = self._watched, frozenset(pcs)
            self._refuse(self._begun_at(before ^ self._watched))

    def check(self, pcs: Collection[int] | None) -> None:
        """Have blocks look themselves whether they are at one of these pcs."""
        self._lowerer.checking = pcs is not None
        before, self._flagged = self._flagged, frozenset(pcs or ())
        for installed in self._begun_at(before ^ self._flagged):
            self.tables.flagged.view[installed.block_id] = self._is_flagged(installed.key)

    def _begun_at(self, pcs: Iterable[int]) -> Iterator[Installed]:
        """The blocks that begin at these pcs."""
        for pc in pcs:
            for block_id in self._at.get(pc, ()):
                yield self._blocks[block_id]

    def _is_flagged(self, key: BlockKey) -> bool:
        return key.pc in self._flagged and not key.mode & ARRIVED

    def _let_pass(self, block_id: int) -> None:
        """The block is entered from here: it was asked about before."""
        self._control[tables.PASS // 8] = block_id if self.tables.flagged.view[block_id] else 0

    def _refusal(self, key: BlockKey) -> int:
        """What DENIED holds for the blocks of a key."""
        if key.pc in self._watched and not key.mode & ARRIVED:
            return tables.REFUSED | tables.WATCHED
        return 0 if self._rules.permits(key.pc) else tables.REFUSED

    def _refuse(self, blocks: Iterable[Installed]) -> None:
        """Ask again whether these may be chained into."""
        for installed in blocks:
            self._set_denied(installed, self._refusal(installed.key))

    def _set_denied(self, installed: Installed, denied: int) -> None:
        t = self.tables
        if t.denied.view[installed.block_id] == denied:
            return
        t.denied.view[installed.block_id] = denied
        for index in installed.entries:
            t.entry0.view[index] = 0 if denied else installed.start
            t.entry.view[index] = 0 if denied else installed.unit
        if denied:
            for slot in self._into.get(installed.key, ()):
                self._unlink(slot)

    # -- running -----------------------------------------------------------------------------------

    def run(self, key: BlockKey) -> Event:
        """Go on at ``key`` until something needs Python."""
        block_id = self._ids.get(key, 0)
        waiting, self._waiting = self._waiting, None
        if not block_id:
            self._count(Reason.NOT_TRANSLATED)
            self._waiting = waiting if waiting and self._slot_keys[waiting] == key else None
            return self._stop(NotTranslated(key), key.pc)
        if waiting and self._slot_keys[waiting] == key:
            self._link(waiting, block_id)
        self._promotion.before_run()
        self._let_pass(block_id)
        self._watched_memory.ensure()
        loop, address = self._loop, self.context.state.address
        while True:
            result = loop(address, block_id)
            kind, payload = result & 255, result >> 8 & 0xFFFFFFFF
            if kind == tables.X_PROMOTE:
                self._promotion.promote()
                block_id = payload
                self._let_pass(block_id)
                continue
            if kind == tables.X_MISSING_AT:
                block_id = self._alias(payload)
                if block_id:
                    continue
            return self._event(kind, payload)

    def _alias(self, location: int) -> int:
        """The block of a location that was not entered under it yet, or 0."""
        block_id = self._ids.get(self.context.key_of(location), 0)
        if block_id:
            installed, t = self._blocks[block_id], self.tables
            index = abi.entry_index(location)
            with self._lock:
                installed.entries.append(index)
                t.block_at.view[index] = block_id
                if not t.denied.view[block_id]:
                    t.entry0.view[index] = installed.start
                    t.entry.view[index] = installed.unit
            t.reasons.view[REASON_AT[Reason.NOT_TRANSLATED]] -= 1
        return block_id

    def _event(self, kind: int, payload: int) -> Event:
        if kind == tables.X_MISSING:
            key = self._slot_keys[payload]
            self._waiting = payload
            return self._stop(NotTranslated(key), key.pc)
        if kind == tables.X_MISSING_AT:
            key = self.context.key_of(payload)
            return self._stop(NotTranslated(key), key.pc)
        if kind == tables.X_WATCH:
            key = self._blocks[payload].key
            if key.pc not in self._watched:  # else the dispatch was counted
                self._count(Reason.HOOK)
            return self._stop(WatchHit(key), key.pc)
        if kind == abi.X_FUEL:
            key = self._blocks[payload].key
            self._count(Reason.BUDGET)
            return self._stop(FuelOut(key), key.pc)
        if kind == tables.X_FAULT:
            return self._fault_at(payload)
        assert kind == abi.X_RECORD
        return self._recorded(payload)

    def _recorded(self, index: int) -> Event:
        match self.records[index]:
            case SwiRecord(number, resume):
                self._count(Reason.SYSCALL)
                return self._stop(SyscallHit(number, resume), resume.pc)
            case HookRecord(resume):
                self._count(Reason.HOOK)
                return self._stop(HookHit(resume), resume.pc)
            case HaltRecord(reason, pc, mode):
                self._count(Reason.HALT)
                return self._stop(HaltHit(reason, pc, mode), pc)
            case TrapRecord(reason, pc, mode, refund):
                self.fuel += refund
                self._count(Reason.TRAP)
                return self._stop(TrapHit(reason, pc, mode), pc)
            case FaultRecord() as record:
                key = self._blocks[record.block_id].key
                self.fuel += record.refund
                return self._fault(key, record.pc, record.access, record.size)

    def _fault_at(self, word: int) -> Event:
        """A refused access in tier 0."""
        start = self._starts[bisect_right(self._starts, word) - 1]
        installed = self._blocks[self._at_start[start]]
        pc, refund = installed.lowered.faults[word - start]
        self.fuel += refund
        text = installed.lowered.words[word - start]
        need, size = opcodes.ACCESS[text & 255]
        access = Access.READ if need == READ else Access.WRITE
        return self._fault(installed.key, pc, access, size or text >> 24 & 255)

    def _fault(self, key: BlockKey, pc: int, access: Access, size: int) -> Event:
        address = self._first_forbidden(access, size)
        bits = self._perms[address // PAGE]
        invalidates = access is Access.WRITE and bits & (WRITE | CODE) == WRITE | CODE
        self._count(Reason.INVALIDATION if invalidates else Reason.FAULT)
        dropped = TAKEN if pc == key.pc else TAKEN | HOOKED
        return self._stop(FaultHit(pc, key.mode & ~dropped, address, access), pc)

    def _first_forbidden(self, access: Access, size: int) -> int:
        """The first byte that may not be accessed; what wraps around is forbidden."""
        address = self._control[abi.FAULT_ADDRESS // 8] & 0xFFFFFFFF
        need, mask = (READ, READ) if access is Access.READ else (WRITE, WRITE | CODE)
        page = address // PAGE
        while page < PAGES and self._perms[page] & mask == need and page * PAGE < address + size:
            page += 1
        return max(address, page * PAGE) & 0xFFFFFFFF

    def _count(self, reason: Reason) -> None:
        self.tables.reasons.view[REASON_AT[reason]] += 1

    def _stop(self, event: Event, pc: int) -> Event:
        self.context.state.set(PC_SLOT, pc)
        return event

    # -- figures -----------------------------------------------------------------------------------

    def dispatches(self) -> Mapping[Reason, int]:
        """Returns to the dispatcher so far, by reason."""
        view = self.tables.reasons.view
        return {reason: int(view[index]) for reason, index in REASON_AT.items()}

    def statistics(self) -> Mapping[str, int]:
        """Blocks, links, bytes and times."""
        words32 = self.tables.words32
        free = sum(size * len(starts) for size, starts in self._free_words.items())
        return {
            "blocks": len(self._blocks),
            "links": sum(1 for site in self._sites.values() if words32[site]),
            "links_made": int(self._control[tables.LINKS_MADE // 8]),
            "bytecode_bytes": 8 * (self._next_word - 1 - free),
            "lower_us": self._lower_ns // 1000,
            **self._promotion.statistics(),
        }

    def explain(self, key: BlockKey) -> Mapping[str, str]:
        """The bytecode of a block, and the texts of its unit."""
        block_id = self._ids.get(key, 0)
        if not block_id:
            return {}
        installed = self._blocks[block_id]
        lines = [
            f"{installed.start + index:6}  {opcodes.text(word)}"
            for index, word in enumerate(installed.lowered.words)
        ]
        return {"bytecode": "\n".join(lines) + "\n", **self._promotion.explain(installed)}

    def close(self) -> None:
        """Release code and tables."""
        self._watched_memory.close()
        self._promotion.close()
        self._perms.release()
        self._control = None
        self.tables.close()

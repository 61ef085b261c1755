"""The executor: installs blocks, and says where control may enter them.

Tiers run the blocks (``tiers``): those of the guest's own instructions are copied if the options
say so, all others and hot ones are compiled.

It is long because all that changes the tables of blocks, entries and links stands here, under one
lock; what exits mean is in ``exits``.
"""

import contextlib
import os
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from types import ModuleType

from backends.native.guard import Watched
from backends.native.word_calls import word_call
from backends.numba_jit import abi, tables
from backends.numba_jit.admission import Admission
from backends.numba_jit.block_table import BlockTable
from backends.numba_jit.exits import Exits
from backends.numba_jit.host_code import HostCodes
from backends.numba_jit.installed import Installed, is_stub, linkable
from backends.numba_jit.links import Links
from backends.numba_jit.positions import Positions
from backends.numba_jit.records import Records, ServedRecord
from backends.numba_jit.stencils.copier import Code, Draft
from backends.numba_jit.stencils.tier import Copies
from backends.numba_jit.tables import Tables
from backends.numba_jit.tiers import Tier
from backends.numba_jit.units.neighbours import Neighbours
from backends.numba_jit.units.tier import Units
from dbt.interfaces import (
    PC_SLOT,
    Context,
    Event,
    Extent,
    HookHit,
    HostCode,
    LinkKind,
    LinkRules,
    Made,
    NotTranslated,
    Reason,
    ReportCode,
    Rewritten,
    SyscallHit,
    TablesFull,
    is_redirecting,
    is_selective,
    return_hits,
)
from dbt.ir.block import Block, BlockKey
from dbt.phases import Phase
from dbt.typing import Any

_FUEL = abi.FUEL // 8
_KIND_MASK, _KIND_BITS = abi.KIND_MASK, abi.KIND_BITS
_X_RECORD, _X_SIDE = abi.X_RECORD, tables.X_SIDE
_SERVED: dict[type, int] = {
    HookHit: tables.REASON_INDEX[Reason.HOOK],
    SyscallHit: tables.REASON_INDEX[Reason.SYSCALL],
}
WAIT_SECONDS = 0.0005
SIDES = 2
"""Direct exits that a block has at most."""


def _located(installed: Installed) -> list[int]:
    """The entry indices of the locations that lead to a block."""
    return [index for index in installed.indices if index < tables.LOCATIONS]


def _say_nothing(line: str) -> None:
    """``tell`` when nobody listens."""


class NumbaExecutor:
    """Runs each block in the best tier that has it. See ``dbt.interfaces.Executor``."""

    def __init__(
        self,
        context: Context,
        loop: Any,
        tell: Callable[[str], None] = _say_nothing,
        own: Sequence[HostCode] = (),
    ) -> None:
        self.context = context
        self.records = Records()
        self._record_table = self.records.table
        self._tell = tell
        self._loop = partial(loop.call, context.state.address)
        self.fuel_address = context.state.address + abi.FUEL
        self._call_at = loop.call_at
        enter = word_call("run", loop.call_unlocked_at, loop.run, context.state.address)
        self._enter = context.phases.around(Phase.CODE, enter)
        self.tables = Tables(context)
        self._control = self.tables.control
        self._control[tables.MAKER // 8] = loop.maker
        self._make_block = partial(loop.make, context.state.address)
        self._words, self._pc = context.state.words, context.state.word(PC_SLOT)
        self._positions = positions = Positions(context)
        self._links = Links(self.tables, self._loop, positions.of, positions.key_at)
        self.index = self._table = BlockTable(self.tables, positions.of)
        self._watched_memory = Watched(context.memory)
        self._copies = Copies(
            context, self.records, self.tables, self._table, tell, self._watched_memory.lead_out
        )
        self._units = Units(
            context,
            self.records,
            self.tables,
            self._links,
            self._installed,
            Neighbours(self.tables, self._table),
            self._enter_units,
            self._leave_units,
            self._watched_memory.fix_up,
        )
        self._tiers: tuple[Tier, ...] = (self._copies, self._units)
        self._codes = HostCodes(self._table, self._copies, self._units, own)
        self._admission = Admission()
        self._exits = Exits(
            context, self.tables, self._table, self._admission, self._copies, self.discard,
        )  # fmt: skip
        self._blocks: dict[int, Installed] = {}
        """Those that were not copied, or have several locations."""
        self._make: Callable[[BlockKey, int], Block] | None = None
        self._lock = threading.RLock()
        self._waiting: int | None = None
        """The link slot by which the last ``run`` left, because its target was not installed."""
        self._copying = context.lifter is not None and context.options.tier in ("0", "auto")
        """True while the guest's own instructions are copied."""
        self.on_hit: Callable[[HookHit | SyscallHit], bool] = return_hits
        self._autonomous = False
        self._inside = 0
        """The thread that runs the loop, or 0."""
        self._followed = False
        """True when what ``run`` makes is reported."""
        self._probing = False
        """True while blocks that are installed get a probe."""
        self._checked = True
        """True while all code tests the guest's permissions itself."""
        self._protection = context.memory.protection
        if context.options.memory_checks == "mmu" and context.options.tier != "1":
            self._watched_memory.follow()
            context.memory.protection.begin()
            context.functions.on_return = context.memory.protection.renew
            self._check(checked=not context.memory.protection.follows)

    # -- fuel --------------------------------------------------------------------------------------

    @property
    def fuel(self) -> int:
        """Number of guest instructions that may still be executed."""
        fuel: int = self._control[_FUEL]
        return fuel

    @fuel.setter
    def fuel(self, value: int) -> None:
        self._control[_FUEL] = value

    def decision(self, module: ModuleType, name: str = "decide") -> int:
        """See ``dbt.interfaces.Executor``."""
        from backends.numba_jit import decision

        return decision.load(module, name, self._tell)

    def depth_keeper(self, module: ModuleType, numbers: int) -> Callable[[int], int]:
        """See ``dbt.interfaces.Executor``."""
        return word_call("keep", self._call_at, self.decision(module, "keep"), numbers)

    # -- translations ------------------------------------------------------------------------------

    def install(self, block: Block) -> None:
        """Take over a block and enter it in the tables. Raises TablesFull."""
        key = block.key
        if key in self._table:
            self.discard([key])
        with self._lock:
            self._require_room()
            block_id = self._table.take()
            code = None
            if self._copying and not self._probing and is_stub(block):
                code = self._copies.stub(block, block_id)
                if code is None:
                    self._table.give_back(block_id)
                    raise TablesFull
            targets = linkable(block)
            slots = self._links.allocate(len(targets))
            installed = Installed(
                key, block_id, slots, self._positions.indices(key), self._probing, code is not None,
                lambda: block,
            )  # fmt: skip
            self._blocks[block_id] = installed
            self._add(installed, targets, Extent.of(block), 0, code)

    def translate(
        self,
        key: BlockKey,
        boundaries: Collection[int],
        make: Callable[[BlockKey, int], Block],
        rewritten: Rewritten | None = None,
    ) -> Extent | None:
        """See ``dbt.interfaces.Executor``."""
        draft = self._draft(key, boundaries, rewritten) if self._copying else None
        if draft is None:
            return None
        self.discard([key])
        self._make = make
        with self._lock:
            self._require_room()
            block_id = self._table.take()
            slots = self._links.allocate(len(draft.targets))
            extent = Extent(key, draft.size, draft.before, draft.counted, draft.targets)
            code = self._copies.copy(draft, block_id, slots)
            if code is None:
                self._links.give_back(slots)
                self._table.give_back(block_id)
                raise TablesFull
            installed = Installed(
                key, block_id, slots, self._positions.indices(key), self._probing, True,
                partial(self._block, extent), draft.targets,
            )  # fmt: skip
            self._add(installed, draft.targets, extent, draft.insns, code)
        if not self._control[tables.HEADER // 8]:
            self._let_make()  # there is a header now
        return extent

    def _draft(
        self, key: BlockKey, boundaries: Collection[int], rewritten: Rewritten | None
    ) -> Draft | None:
        """The block at a key as it can be copied, or None."""
        if rewritten is not None:
            return self._copies.draft_rewritten(rewritten, boundaries)
        draft = self._copies.draft(key, boundaries)
        if draft is None or self._concerns(key.pc, key.pc + draft.size):
            return None
        return draft._replace(targets=tuple(map(self._redirected, draft.targets)))

    def _concerns(self, pc: int, end: int) -> bool:
        """Whether a pass has to see the block from ``pc`` to ``end`` itself."""
        passes = self.context.passes
        return any(is_selective(p) and p.concerns(pc, end) for p in passes)

    def _redirected(self, target: BlockKey) -> BlockKey:
        """Where passes let a direct exit lead."""
        for pass_ in filter(is_redirecting, self.context.passes):
            target = pass_.redirect(target)
        return target

    def _follow_passes(self) -> None:
        """Drop all blocks if their code was made for other passes."""
        if not self._copies.follow_passes():
            self.clear()
            self._copies.renew()
            self._let_make()

    @property
    def autonomous(self) -> bool:
        """See ``dbt.interfaces.Executor``."""
        return self._autonomous

    @autonomous.setter
    def autonomous(self, value: bool) -> None:
        if value != self._autonomous:
            self._autonomous = value
            self._let_make()

    @property
    def made(self) -> Made:
        """See ``dbt.interfaces.Executor``."""
        words = tables.MADE // 8, tables.MADE_INSNS // 8
        return Made(*[int(self._control[word]) for word in words])

    def set_boundary(self, pc: int, *, present: bool) -> None:
        """See ``dbt.interfaces.Executor``."""
        self.tables.boundaries.view[pc] = present
        if present:
            self._await_made()

    def _let_make(self) -> None:
        """Let the loop make blocks itself, or not. No block is being made when this returns."""
        rules = self._admission.rules
        may = self._autonomous and self._copying and rules.exact
        self._control[tables.HEADER // 8] = self._copies.header if may else 0
        self._await_made()

    def _await_made(self) -> None:
        """Wait until the block is entered that the loop is making in another thread. Those that it
        makes from now on obey what was written before."""
        self._loop(abi.UNLINK, 0, 0)  # takes the lock

    def _copied(self, key: BlockKey, block_id: int, slots: tuple[int, ...]) -> Installed:
        """The record of a copied block."""
        return Installed(
            key, block_id, slots, self._positions.indices(key), self._probing, True,
            partial(self._block, self._table.extent(block_id)),
            tuple(map(self._links.target, slots)),
        )  # fmt: skip

    def _block(self, extent: Extent) -> Block:
        """The IR of a copied block. Raises GuestFault when its code is not there any more."""
        assert self._make is not None
        return self._make(extent.key, extent.size)

    def _installed(self, block_id: int) -> Installed:
        """The record of a block."""
        found = self._blocks.get(block_id)
        return found or self._copied(
            self._table.key(block_id), block_id, self._table.slots(block_id)
        )

    def _add(
        self,
        installed: Installed,
        targets: Collection[BlockKey],
        extent: Extent,
        count: int,
        code: Code | None = None,
    ) -> None:
        """Enter a block in all tables."""
        self._table.add(installed.block_id, extent, count, installed.slots)
        if code:
            self._table.set_code(installed.block_id, code.start, code.end, code.marks)
        for tier in self._tiers:
            tier.accept(installed)
        self._publish(installed)
        for slot, target in zip(installed.slots, targets, strict=True):
            self._links.add(slot, target, self._table.get(target))

    def _require_room(self) -> None:
        """Raise TablesFull unless all tables have room for a block of any size."""
        if not len(self._table):  # then all room can be used for any size
            self._start_anew()
        if not (self._table.has_room() and self._links.has_room(SIDES)):
            raise TablesFull

    def _publish(self, installed: Installed) -> None:
        """Enter a block in the tables."""
        t, block_id, key = self.tables, installed.block_id, installed.key
        t.probed.view[block_id] = self._admission.is_probed(key)
        t.denied.view[block_id] = self._admission.refusal(key)
        for index in installed.indices:
            t.block_at.view[index] = block_id
        for tier in self._tiers:
            self._lead_into(installed, tier)
        if not installed.indices:
            self._links.arrive(key, block_id)

    def _lead_into(self, installed: Installed, tier: Tier) -> None:
        """Write the entry of a block in a tier to that tier's tables."""
        block_id, entry = installed.block_id, tier.entry(installed)
        tier.starts[block_id] = entry
        if self.tables.denied.view[block_id]:
            entry = 0
        tier.open[block_id] = entry
        for index in _located(installed):
            tier.entries[index] = entry

    def discard(self, keys: Iterable[BlockKey]) -> None:
        """Drop translations and unlink every edge into them."""
        for key in list(keys):
            block_id = self._table.get(key)
            if block_id:
                with self._lock:
                    self._forget(self._installed(block_id))

    def clear(self) -> None:
        """See ``dbt.interfaces.Executor``."""
        with self._lock:
            for installed in list(self._blocks.values()):
                self._forget(installed)
            self.tables.forget_blocks()
            self._start_anew()
            self._waiting = None

    def _start_anew(self) -> None:
        """Free all numbers and all room. There are no blocks."""
        self._table.clear()
        self._links.clear()
        for tier in self._tiers:
            tier.clear()
        self._codes.dropped()

    def _forget(self, installed: Installed) -> None:
        self._codes.collect()
        self._links.unlink_into(installed.block_id)
        self._links.arrive(installed.key, 0)
        for index in installed.indices:
            self.tables.block_at.view[index] = 0
        for tier in self._tiers:
            tier.starts[installed.block_id] = tier.open[installed.block_id] = 0
            for index in _located(installed):
                tier.entries[index] = 0
            tier.drop(installed)
        self._links.drop(installed.slots)
        if self._waiting in installed.slots:
            self._waiting = None
        self._table.remove(installed.block_id)
        self._codes.dropped()
        self._blocks.pop(installed.block_id, None)

    # -- entries and links -------------------------------------------------------------------------

    def _link(self, slot: int, block_id: int) -> None:
        """Chain a direct exit to a block if the rules permit it."""
        with self._lock:
            self._links.link(slot, block_id)

    def _enter_units(self, blocks: Iterable[Installed]) -> None:
        """Make everything that leads into these blocks lead to their units, which are there now."""
        blocks = list(blocks)
        with self._lock:
            self._codes.entered([installed.block_id for installed in blocks])
            for installed in blocks:
                self._copies.hand_over(installed)
                self._lead_anew(installed)

    def _leave_units(self, blocks: Iterable[Installed]) -> None:
        """Make everything that leads into these blocks lead to their copies: they have no unit any
        more."""
        with self._lock:
            for installed in blocks:
                self._copies.take_back(installed)
                self._lead_anew(installed)

    def _lead_anew(self, installed: Installed) -> None:
        """Make everything that leads into a block lead to the code that it has now."""
        for tier in self._tiers:
            self._lead_into(installed, tier)
        self._links.lead_into(installed.block_id)

    def apply(self, rules: LinkRules, changed: Collection[int] | None = None) -> None:
        """Obey new rules from the next edge on."""
        with self._lock:
            self._admission.rules = rules
            if changed is None:
                self._obey(rules)
            else:
                self._admit(self._begun_at(changed))
        self._await_regions()

    def _obey(self, rules: LinkRules) -> None:
        """Apply rules that may be new in anything."""
        self._let_make()
        direct = LinkKind.DIRECT in rules.kinds
        self.tables.chain(
            direct=direct,
            returns=LinkKind.RETURN in rules.kinds,
            jumps=LinkKind.INDIRECT in rules.kinds,
        )
        self._admit(map(self._installed, self._table.ids()))
        if not direct:
            self._links.unlink_all()

    def watch(self, pcs: Collection[int], changed: Collection[int] | None = None) -> None:
        """Return WatchHit in place of entering a block at one of these pcs."""
        with self._lock:
            self._let_make()
            self._admit(self._begun_at(self._admission.watch(pcs, changed)))
        self._await_regions()

    def _await_regions(self) -> None:
        """Wait until no region runs that takes an edge which was unlinked: another thread may be in
        it, for a slice at most. A function that translated code calls is called from none."""
        while self._units.stopped and self._inside not in (0, threading.get_ident()):
            time.sleep(WAIT_SECONDS)

    def probe(self, pcs: Collection[int] | None, changed: Collection[int] | None = None) -> None:
        """Return WatchHit when a block at one of these pcs begins that has a probe."""
        self._probing = pcs is not None
        self._copies.probe(probes=self._probing)
        self._let_make()
        for installed in self._begun_at(self._admission.probe(pcs or (), changed)):
            probed = self._admission.is_probed(installed.key)
            self.tables.probed.view[installed.block_id] = probed

    def _begun_at(self, pcs: Iterable[int]) -> Iterator[Installed]:
        """The blocks that begin at these pcs."""
        if isinstance(pcs, range):
            yield from map(self._installed, self._table.begun_in(pcs))
            return
        for pc in pcs:
            yield from map(self._installed, self._table.begun_at(pc))

    def _let_pass(self, block_id: int) -> None:
        """Let the block that is entered next pass its probe: the engine has reported it already."""
        self._control[tables.PASS // 8] = block_id if self.tables.probed.view[block_id] else 0

    def _admit(self, blocks: Iterable[Installed]) -> None:
        """Apply the rules and watches in force to blocks: chain into them, or not."""
        t = self.tables
        for installed in blocks:
            denied = self._admission.refusal(installed.key)
            if t.denied.view[installed.block_id] == denied:
                continue
            t.denied.view[installed.block_id] = denied
            for tier in self._tiers:
                self._lead_into(installed, tier)
            if denied:
                self._links.unlink_into(installed.block_id)

    # -- running -----------------------------------------------------------------------------------

    def run(self, key: BlockKey) -> Event:
        """Execute from ``key`` on until something needs Python. Returns what."""
        begun = self._begin(key)
        if not isinstance(begun, int):
            return begun
        block_id = begun
        me = threading.get_ident()
        is_intact, enter, record_table = self._protection.is_intact, self._enter, self._record_table
        words, pc_word, table, reasons = self._words, self._pc, self._table, self.tables.reasons
        ensure, known_call = self._watched_memory.ensure_after_hooks, self._exits.known_call
        while True:
            if not (self._checked or is_intact()):
                key = self._table.key(block_id)
                if not self._is_protected():
                    return self._exits.stop(NotTranslated(key), key.pc)
            self._inside = me
            try:
                result = enter(block_id)
            finally:
                self._inside = 0
            kind = result & _KIND_MASK
            payload = result >> _KIND_BITS & 0xFFFFFFFF
            if kind == _X_RECORD:
                record = record_table[payload]
            else:
                record = known_call(payload) if kind == _X_SIDE else None
            if type(record) is ServedRecord:
                hit, on_hit = record.hit, self.on_hit  # a call of an attribute would be slower
                reasons[_SERVED[type(hit)]] += 1
                words[pc_word] = record.pc
                if not on_hit(hit):
                    return hit
                ensure()
                # Regions that have to stop (_units.stopped) are no reason for a new run: no region
                # is entered before they are given up, and copies obey all links meanwhile.
                if (
                    record.block
                    and record.removals == table.removals
                    and not self._units.new
                    and self.context.passes == self._copies.passes
                ):
                    block_id = record.block
                    continue
                after = self._behind(record)
            elif record is not None:
                after = self._go_on(self._exits.recorded(record))
            else:
                after = self._after(kind, payload)
                if type(after) is SyscallHit:
                    after = self._serve_first(after, payload)
            if not isinstance(after, int):
                return after
            block_id = after

    def _begin(self, key: BlockKey) -> int | Event:
        """The id of the block to enter first, or an event."""
        self._watched_memory.ensure()  # also for guest code that is read
        self._follow_passes()
        block_id = self._table.get(key) or self._made_at(key)
        waiting, self._waiting = self._waiting, None
        if not block_id:
            self._waiting = waiting if waiting and self._links.target(waiting) == key else None
            return self._not_translated(key)
        if waiting and self._links.target(waiting) == key:
            self._link(waiting, block_id)
        self._compile_new()
        self._let_pass(block_id)
        return block_id

    def _made_at(self, key: BlockKey) -> int:
        """The id of the block at a key, made as the loop makes it when control arrives there; 0 if
        the loop makes none, or leaves this one to Python."""
        position = self._positions.of(key) if self._control[tables.HEADER // 8] else -1
        made = int(self._make_block(position)) if position >= 0 else 0
        if made:
            self._exits.count(Reason.NOT_TRANSLATED)
        return made

    def _go_on(self, left: Event | BlockKey) -> int | Event:
        """An event as it is; for the key where the guest goes on, as ``_after``."""
        if not isinstance(left, BlockKey):
            return left
        return self._table.get(left) or self._not_translated(left)

    def _after(self, kind: int, payload: int) -> int | Event:
        """The event of an exit without a record, or the id of the block where the guest goes on."""
        if kind == tables.X_PROMOTE:
            self._units.promote()
            return payload
        if kind == abi.X_FUEL and self._units.stopped:
            return self._leave_undone(payload)
        if kind == tables.X_MISSING:
            self._waiting, missing = payload, self._links.target(payload)
            return self._exits.stop(NotTranslated(missing), missing.pc)
        if kind in (tables.X_SIDE, tables.X_REFUSED):
            side = kind == tables.X_SIDE
            return self._go_on(self._exits.side(payload) if side else self._exits.refused(payload))
        if kind == tables.X_MISSING_AT and (block_id := self._alias(payload)):
            return block_id
        return self._exits.event(kind, payload)

    def _leave_undone(self, block_id: int) -> int | Event:
        """Give up the regions that were left before this block because one may not go on. Returns
        as ``_after``."""
        try:
            self._compile_new()
        except TablesFull:  # asked for again, by its key
            key = self._table.key(block_id)
            return self._exits.stop(NotTranslated(key), key.pc)
        return block_id

    def _not_translated(self, key: BlockKey) -> Event:
        self._exits.count(Reason.NOT_TRANSLATED)
        return self._exits.stop(NotTranslated(key), key.pc)

    def _serve_first(self, call: SyscallHit, payload: int) -> int | Event:
        """Serve the first system call of an exit. Returns the id of the block behind it, or the
        event if it has not been served."""
        if not self.on_hit(call):
            return call
        self._watched_memory.ensure_after_hooks()
        return self._behind(self._exits.known_call(payload) or ServedRecord(call))

    def _behind(self, record: ServedRecord) -> int | Event:
        """The id of the block behind what was served, or an event. Handlers of signals are in
        place."""
        key = record.hit.resume
        if not self._follow_changes():
            return self._exits.stop(NotTranslated(key), key.pc)
        removals = self._table.removals
        if record.removals != removals or not record.block:
            record.block, record.removals = self._table.get(key) or self._made_at(key), removals
        return record.block or self._not_translated(key)

    def _follow_changes(self) -> bool:
        """Have copies follow what Python has done meanwhile. Returns False if there is more for the
        next run to see to."""
        return not (self._units.new or self._units.stopped) and (
            self.context.passes == self._copies.passes or self._copies.follow_passes()
        )

    def _compile_new(self) -> None:
        """Have the blocks compiled that need it before their first execution. Raises TablesFull."""
        try:
            self._units.before_run()
        except TablesFull:
            # From now on all that can be copied is.
            self._copying = self.context.lifter is not None
            raise

    def _is_protected(self) -> bool:
        """Prepare guest memory for code without checks. False if the host protects it no more:
        then there are no such blocks any longer."""
        if self._protection.follows:
            self._protection.renew()
            return True
        self.clear()
        self._check(checked=True)
        self._watched_memory.lead_out(None)
        self._let_make()
        return False

    def _check(self, *, checked: bool) -> None:
        """Make code from now on that tests the guest's permissions itself, or that does not. There
        must be no blocks."""
        self._checked = checked
        self._copies.check(checked=checked)
        self._units.check(checked=checked)

    def _alias(self, location: int) -> int:
        """The id of the block at a location, or 0. Enters the location in the tables, because it is
        not the one that ``location_of`` returns for the block."""
        block_id = self._table.get(self.context.key_of(location))
        if block_id:
            installed, t = self._installed(block_id), self.tables
            index = abi.position_index(location)
            with self._lock:
                installed.indices.append(index)
                self._blocks[block_id] = installed
                t.block_at.view[index] = block_id
                for tier in self._tiers:
                    self._lead_into(installed, tier)
            t.reasons[tables.REASON_INDEX[Reason.NOT_TRANSLATED]] -= 1
        return block_id

    # -- figures -----------------------------------------------------------------------------------

    def dispatches(self) -> Mapping[Reason, int]:
        """Returns to the dispatcher so far, by reason."""
        view = self.tables.reasons
        return {reason: int(view[index]) for reason, index in tables.REASON_INDEX.items()}

    def statistics(self) -> Mapping[str, int]:
        """Numbers of blocks and links, and the figures of all tiers."""
        return {
            "blocks": len(self._table),
            "links": self._links.count,
            "links_made": int(self._control[tables.LINKS_MADE // 8]),
            **{name: n for tier in self._tiers for name, n in tier.statistics().items()},
        }

    def explain(self, key: BlockKey) -> Mapping[str, str]:
        """The text of a block after each stage of each tier, by the stage's name."""
        block_id = self._table.get(key)
        if not block_id:
            return {}
        installed = self._installed(block_id)
        return {item: t for tier in self._tiers for item, t in tier.explain(installed).items()}

    @contextlib.contextmanager
    def forking(self) -> Iterator[None]:
        """See ``dbt.interfaces.Executor``."""
        process = os.getpid()
        with self._lock:
            yield
            if os.getpid() != process:
                # A thread that waited for the loop (_await_made) had it, and is not here.
                self._control[tables.LOCK // 8] = 0

    def code(self) -> Iterable[HostCode]:
        """See ``dbt.interfaces.Executor``."""
        return self._codes

    def follow_code(self, report: ReportCode) -> None:
        """See ``dbt.interfaces.Executor``."""
        if not self._followed:
            self._followed, self._enter = True, self._codes.around(self._enter)
        self._codes.follow(report)

    def keep(self) -> None:
        """See ``dbt.interfaces.Executor``."""
        self._copies.keep()

    def close(self) -> None:
        """Release code and tables."""
        if not self._copies.checked:
            self.context.memory.protection.end()
        self._watched_memory.close()
        for tier in self._tiers:
            tier.close()
        self._exits.close()
        self._control = None
        self.tables.close()

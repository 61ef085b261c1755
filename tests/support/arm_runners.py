"""What runs the cases of a batch and is compared with the oracle: the IR's evaluator, and executors
in the settings of ``SETTINGS``."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import attrs
from support.arm_batches import Area, Batch, Blocks
from support.arm_fuzz_memory import CODE, DATA, DATA_SIZE, FLAG_BITS, REGISTERS, Finish, Slots
from support.arm_oracle import CODE_SIZE, Case, place_of
from support.rig import ALL

from dbt.interfaces import (
    EXEC,
    READ,
    WRITE,
    BackendOptions,
    Context,
    Event,
    FaultHit,
    FuelOut,
    HaltHit,
    NotTranslated,
    SyscallHit,
    TrapHit,
)
from dbt.ir import ops
from dbt.ir.block import CONDITION_PASSED, Block, BlockKey, Halt, Swi
from dbt.ir.evaluate import Fault, Left, TrapFired, evaluate_block
from dbt.ir.verifier import verify
from dbt.passes.pipeline import Pipeline
from dbt.plugins import load
from dbt.runtime.counters import Counters, Stacks
from dbt.runtime.functions import Functions
from dbt.runtime.memory import GuestMemory
from dbt.runtime.state import GuestState
from dbt.stops import Access
from frontends.arm import ArmFrontend
from frontends.arm.keys import IT, IT_SHIFT

EVALUATOR = "evaluator"


@attrs.frozen
class Setting:
    """How an executor is opened. ``copies``: it has the frontend at hand, and copies stencils.
    ``insns``: instructions in a block at most, where the batch has more. ``warm``: how often each
    case runs before the run that is compared."""

    backend: str = "numba_jit"
    options: BackendOptions = attrs.Factory(BackendOptions)
    copies: bool = False
    insns: int = 64
    warm: int = 0


def _regions(memory_checks: str) -> Setting:
    """Hot copies become regions. The loop asks for that when 16 blocks are hot, or one is once more
    (``note_hot``): the second time comes two executions after the first."""
    options = BackendOptions(
        tier="auto", unit="function", hot=2, background=False, memory_checks=memory_checks
    )
    return Setting(options=options, copies=True, insns=4, warm=4)


SETTINGS: Mapping[str, Setting] = {
    "reference": Setting("reference"),
    "quick": Setting(options=BackendOptions(tier="1", memory_checks="explicit")),
    "copied": Setting(options=BackendOptions(tier="0", memory_checks="explicit"), copies=True),
    "copied-mmu": Setting(options=BackendOptions(tier="0", memory_checks="mmu"), copies=True),
    "unit": Setting(options=BackendOptions(tier="2", memory_checks="explicit")),
    "unit-mmu": Setting(options=BackendOptions(tier="2", memory_checks="mmu")),
    "regions": _regions("explicit"),
    "regions-mmu": _regions("mmu"),
}
SINGLE = ("reference", "quick", "copied", "copied-mmu", "unit", "unit-mmu")
"""What single instructions are run in: they make no regions."""
SEQUENCES = (*SINGLE, "regions", "regions-mmu")
COMPILED = frozenset({"quick", "unit", "unit-mmu", "regions", "regions-mmu"})
"""The settings that take far longer than the others, for they compile."""
PLENTY = 1000
"""Fuel for a sequence: a region leaves when there is not enough for its longest way."""


class Runner(Protocol):
    """Runs the cases of a batch."""

    def load(self, batch: Batch) -> None: ...
    def run(self, case: Case) -> Finish: ...


def _finish(state: Mapping[str, int], key: BlockKey, data: bytes, kind: str = "ran") -> Finish:
    frontend = ArmFrontend()
    if key.mode & IT and key.mode & IT != state["it"] << IT_SHIFT:
        return Finish(f"{kind}, another ITSTATE than in the slot")
    return Finish(
        kind,
        tuple(state[name] for name in REGISTERS),
        sum(state[name] << bit for name, bit in FLAG_BITS.items()) | _it_bits(state),
        frontend.location_of(BlockKey(key.pc, key.mode & ~CONDITION_PASSED)),
        state["tlsw"],
        data,
    )


def _it_bits(state: Mapping[str, int]) -> int:
    """ITSTATE as the CPSR has it."""
    it = state["it"]
    return it >> 2 << 10 | (it & 3) << 25


def _fault(pc: int, case: Case, state: Mapping[str, int], data: bytes) -> Finish:
    """A fault of the instruction at ``pc``."""
    kind = _stopped("fault", case, state).kind
    return _finish(state, attrs.evolve(case.key, pc=pc), data, kind)


def _stopped(kind: str, case: Case, state: Mapping[str, int]) -> Finish:
    """A stop; what stopped must not have changed any register."""
    if kind != "undefined" and case.single and tuple(state[n] for n in REGISTERS) != case.registers:
        return Finish(f"{kind}, registers changed")
    return Finish(kind)


def _start_state(case: Case) -> dict[str, int]:
    state = dict(zip(REGISTERS, case.registers, strict=True))
    state.update(tls=case.tls, tlsw=case.tlsw, excl_on=0, it=0, ef=0)
    state.update({name: case.cpsr >> bit & 1 for name, bit in FLAG_BITS.items()})
    return state


class Evaluator:
    """Evaluates the blocks as they were lifted."""

    def load(self, batch: Batch) -> None:
        self.batch = batch
        self.blocks = batch.blocks()

    def run(self, case: Case) -> Finish:
        area = Area(self.batch.code, self.batch.data)
        state = Slots({slot.name: 0 for slot in ArmFrontend.layout.slots})
        state.update(_start_state(case))
        key = case.key
        completed = 0
        while completed < len(case.words) or key.mode & CONDITION_PASSED:
            block = self.blocks[key]
            outcome = evaluate_block(block, state, area, None, None)  # type: ignore[arg-type]
            match outcome:
                case Fault(access=Access.UNALIGNED):
                    return _stopped("alignment", case, state)
                case Fault(pc=pc):
                    return _fault(pc, case, state, bytes(area.data))
                case TrapFired(reason=reason):
                    return _stopped(reason, case, state)
                case Left(exit=Halt() | Swi()):
                    return _stopped("undefined", case, state)
                case Left(target=target, completed=count):
                    assert target is not None
                    key = target if isinstance(target, BlockKey) else ArmFrontend().key_of(target)
                    completed += count
        return _finish(state, key, bytes(area.data))


def _apart(cases: Sequence[Case], blocks: Blocks) -> Iterator[Mapping[Case, list[Block]]]:
    """The cases that access no memory, then the others, with their blocks. Blocks that are compiled
    together are one text, which settings that treat memory differently share if none accesses it.
    """
    own: dict[int, list[Block]] = {place_of(case.pc): [] for case in cases}
    for key, block in blocks.items():
        own[place_of(key.pc)].append(block)
    quiet = {pc for pc, found in own.items() if not any(map(_accesses_memory, found))}
    for part in (quiet, own.keys() - quiet):
        yield {case: own[place_of(case.pc)] for case in cases if place_of(case.pc) in part}


def _accesses_memory(block: Block) -> bool:
    return any(inst.op in ops.ACCESSES for inst in block.insts)


class Machine:
    """Runs the blocks, optimised, on an executor."""

    def __init__(self, setting: Setting, without: Sequence[str] = ()) -> None:
        self._setting = setting
        self.memory = GuestMemory()
        self.memory.map(CODE, -(-CODE_SIZE // 4096) * 4096, READ | EXEC)
        if setting.options.memory_checks == "explicit":
            self.memory.map(DATA, DATA_SIZE, READ | WRITE)
        else:  # the same, as memory that other processes may have
            self.memory.map_shared(DATA, DATA_SIZE, READ | WRITE, -1, 0)
        self.state = GuestState(ArmFrontend.layout)
        self.pipeline = Pipeline.default().without(without)
        self.frontend = ArmFrontend()
        self.executor = load("dbt.backends", setting.backend)().open(
            Context(
                self.state,
                self.memory,
                Counters(self.state),
                Stacks(),
                Functions(self.state.address),
                self.frontend.key_of,
                self.frontend.location_of,
                setting.options,
                self.frontend if setting.copies else None,
            )
        )
        self.executor.apply(ALL)
        self.data = b""
        self._blocks: Blocks = {}

    def load(self, batch: Batch) -> None:
        """Take over a batch, and run its cases as often as the setting says."""
        self.executor.discard(list(self.executor.index))
        self.memory.poke(CODE, batch.code)
        self.data = batch.data
        insns = self.frontend.max_insns = min(batch.insns, self._setting.insns)
        self._blocks = batch.optimised(insns, self.pipeline)
        for cases in _apart(batch.cases, self._blocks):
            for block in itertools.chain.from_iterable(cases.values()):
                self._install(block)
            # What was installed is compiled at the next run.
            for case in [*cases] * self._setting.warm or [*cases][:1]:
                self._run(case)

    def _install(self, block: Block) -> None:
        """Copy a block, or compile it."""
        key = block.key
        copies = self._setting.copies
        if copies and self.executor.translate(key, {key.pc + block.size}, self._lift):
            return
        self.executor.install(block)

    def _lift(self, key: BlockKey, size: int) -> Block:
        """The IR of a copied block."""
        known = self._blocks.get(key)
        if known is not None and known.size == size:
            return known
        block = self.frontend.lift(self.memory, key, {key.pc + size})
        self.pipeline.run(block)
        verify(block, ArmFrontend.layout)
        return block

    def _continues(self, key: BlockKey, case: Case) -> bool:
        """Install what is left of a sequence that was copied up to an instruction that cannot be.
        False if nothing is."""
        if not self._setting.copies or key.pc == case.pc or not case.contains(key):
            return False
        following = {pc for pc in case.places if pc > key.pc}
        if not self.executor.translate(key, {max(following)}, self._lift):
            self.executor.install(self.frontend.lift(self.memory, key, {min(following)}))
        return True

    def _run(self, case: Case) -> Event:
        self.memory.poke(DATA, self.data)
        for name, value in _start_state(case).items():
            self.state.set(name, value)
        self.executor.fuel = PLENTY if case.sequence else len(case.words)
        event = self.executor.run(case.key)
        while isinstance(event, NotTranslated) and self._continues(event.key, case):
            event = self.executor.run(event.key)
        return event

    def run(self, case: Case) -> Finish:
        """Run a case, and see to it that all of its instructions are counted once."""
        event = self._run(case)
        state = self.state.snapshot()
        match event:
            case NotTranslated(key=key) | FuelOut(key=key):
                left = PLENTY - len(case.words) if case.sequence else 0
                if self.executor.fuel != left:
                    return Finish(f"ran, {left - self.executor.fuel:+} instructions")
                return _finish(state, key, self.memory.peek(DATA, DATA_SIZE))
            case FaultHit(access=Access.UNALIGNED):
                return _stopped("alignment", case, state)
            case FaultHit(pc=pc):
                return _fault(pc, case, state, self.memory.peek(DATA, DATA_SIZE))
            case TrapHit(reason=reason):
                return _stopped(reason, case, state)
            case HaltHit(pc=pc, mode=mode) if not case.contains(BlockKey(pc, mode)):
                # Another case is where this one has jumped to, and halts at once.
                return _finish(state, BlockKey(pc, mode), self.memory.peek(DATA, DATA_SIZE))
            case HaltHit() | SyscallHit():
                return _stopped("undefined", case, state)
        raise AssertionError(event)

    @property
    def is_full(self) -> bool:
        """Whether stencils of shapes that were not met yet are made no more: the library has no
        room, and such blocks would be compiled."""
        if not self._setting.copies:
            return False
        return not self.executor._copies.copier.library.has_room()  # type: ignore[attr-defined]

    @property
    def compiled(self) -> int:
        """How many blocks were compiled so far."""
        return self.executor.statistics().get("compiled_blocks", 0)

    def close(self) -> None:
        """Release the executor and the memory."""
        self.executor.close()
        self.memory.close()

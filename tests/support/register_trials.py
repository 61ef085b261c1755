"""Random instructions of VFP or Advanced SIMD on the IR's evaluator and on executors, compared with
Unicorn: what draws them is in ``vfp_fuzz`` and ``neon_fuzz``.

Compared are all registers, the FPSCR, the CPSR's flags and a page of data: bits, NaNs included. Of
an access that faults the oracle may have done a part; ours must have done nothing.
"""

import argparse
import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random

import attrs
import unicorn
from support.rig import ALL
from unicorn import arm_const as uc

from dbt.decode.table import Row
from dbt.interfaces import (
    EXEC,
    PAGE,
    READ,
    WRITE,
    BackendOptions,
    Context,
    Executor,
    FaultHit,
    FuelOut,
    HaltHit,
    NotTranslated,
)
from dbt.ir.block import CONDITION_PASSED, Block, BlockKey
from dbt.ir.evaluate import Fault, Left, evaluate_block
from dbt.ir.verifier import verify
from dbt.passes.pipeline import Pipeline
from dbt.plugins import load
from dbt.runtime.counters import Counters, Stacks
from dbt.runtime.functions import Functions
from dbt.runtime.memory import GuestMemory
from dbt.runtime.state import GuestState
from frontends.arm import ArmFrontend
from frontends.arm.disasm import disassemble
from frontends.arm.linux_signals import fpscr, set_fpscr
from frontends.arm.registers import DOUBLES, FLAGS, REGISTERS

CODE, DATA = 0x8000, 0x10000
"""A page each. What is around them is not mapped."""
BATCH = 128
"""Cases whose code is in memory at a time."""
COPIED = "copied"
SETTINGS = {
    COPIED: BackendOptions(tier="0", memory_checks="explicit"),
    "quick": BackendOptions(tier="1", memory_checks="explicit"),
    "unit": BackendOptions(tier="2", memory_checks="explicit"),
}
UNDEFINED, FAULT = "undefined", "fault"
_UC_DOUBLES = tuple(uc.UC_ARM_REG_D0 + number for number in range(32))
_UC_CORE = (*(uc.UC_ARM_REG_R0 + n for n in range(13)), uc.UC_ARM_REG_SP, uc.UC_ARM_REG_LR)
_UC_UNDEFINED = (unicorn.UC_ERR_INSN_INVALID, unicorn.UC_ERR_EXCEPTION)


@attrs.frozen
class Case:
    """An instruction at ``pc``, and what it finds."""

    pc: int
    row: Row
    word: int
    doubles: tuple[int, ...]
    fpscr: int
    registers: tuple[int, ...]
    flags: int
    thumb: bool = False
    data: bytes = b""
    """What the page of data begins with, if it matters."""
    big: bool = False
    """Data is big-endian."""
    it: int = 0
    """ITSTATE."""

    @property
    def code(self) -> bytes:
        """The instruction as it is in memory. T32 has the high half first."""
        word = self.word >> 16 | (self.word & 0xFFFF) << 16 if self.thumb else self.word
        return word.to_bytes(4, "little")

    def __str__(self) -> str:
        text = disassemble(self.code, self.pc, self.thumb)
        state = f"fpscr={self.fpscr:#x} flags={self.flags:x} big={self.big} it={self.it:#x}"
        return f"{self.row.name} {self.word:08x} {text} {state}"

    @property
    def cpsr(self) -> int:
        """The CPSR of user mode, with ITSTATE in its two parts."""
        it = (self.it & 3) << 25 | self.it >> 2 << 10
        return self.flags << 28 | it | self.big << 9 | self.thumb << 5 | 0x10


@attrs.frozen
class Finish:
    """What an instruction leaves."""

    doubles: tuple[int, ...]
    fpscr: int
    registers: tuple[int, ...]
    flags: int
    data: bytes = attrs.field(default=b"", repr=False)


# -- what runs the cases -------------------------------------------------------------------------


class Oracle:
    """A Unicorn CPU (a Cortex-A15) whose VFP is enabled, and for what ARMv8 adds one that has it."""

    def __init__(self, model: int = uc.UC_CPU_ARM_CORTEX_A15) -> None:
        self.cpu = unicorn.Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_ARM)
        self.cpu.ctl_set_cpu_model(model)
        self._newer = Oracle(uc.UC_CPU_ARM_MAX) if model != uc.UC_CPU_ARM_MAX else None
        self.cpu.mem_map(CODE, PAGE, unicorn.UC_PROT_READ | unicorn.UC_PROT_EXEC)
        self.cpu.mem_map(DATA, PAGE, unicorn.UC_PROT_READ | unicorn.UC_PROT_WRITE)
        cpacr = (15, 0, 0, 1, 0, 0, 2)
        self.cpu.reg_write(uc.UC_ARM_REG_CP_REG, (*cpacr, 0x00F00000))
        self.cpu.reg_write(uc.UC_ARM_REG_FPEXC, 1 << 30)

    def load(self, code: bytes) -> None:
        """Take over the code of a batch."""
        self.cpu.mem_write(CODE, code)
        self.cpu.ctl_remove_cache(CODE, CODE + PAGE)
        if self._newer:
            self._newer.load(code)

    def run(self, case: Case) -> Finish | str:
        """Execute a case."""
        if self._newer and case.row.since == "v8":
            return self._newer.run(case)
        cpu = self.cpu
        cpu.reg_write(uc.UC_ARM_REG_CPSR, case.cpsr)
        for register, value in zip(_UC_CORE, case.registers, strict=True):
            cpu.reg_write(register, value)
        for register, value in zip(_UC_DOUBLES, case.doubles, strict=True):
            cpu.reg_write(register, value)
        cpu.reg_write(uc.UC_ARM_REG_FPSCR, case.fpscr)
        cpu.mem_write(DATA, case.data)
        try:
            cpu.emu_start(case.pc | case.thumb, case.pc + 4, count=1)
        except unicorn.UcError as error:
            return UNDEFINED if error.errno in _UC_UNDEFINED else FAULT
        return Finish(
            tuple(cpu.reg_read(register) for register in _UC_DOUBLES),
            cpu.reg_read(uc.UC_ARM_REG_FPSCR),
            tuple(cpu.reg_read(register) for register in _UC_CORE),
            cpu.reg_read(uc.UC_ARM_REG_CPSR) >> 28,
            bytes(cpu.mem_read(DATA, len(case.data))),
        )


class Runner:
    """Lifts a case and evaluates it, or runs it with an executor."""

    def __init__(self, name: str) -> None:
        self.memory, self.frontend = GuestMemory(), ArmFrontend()
        self.memory.map(CODE, PAGE, READ | EXEC)
        self.memory.map(DATA, PAGE, READ | WRITE)
        self.frontend.max_insns = 1
        self.state = GuestState(self.frontend.layout)
        counters, stacks = Counters(self.state), Stacks()
        self._banks = counters, stacks
        self._executor: Executor | None = None
        if name in SETTINGS:
            context = Context(
                self.state, self.memory, counters, stacks, Functions(self.state),
                self.frontend.key_of, self.frontend.location_of, SETTINGS[name],
                self.frontend if name == COPIED else None,
            )  # fmt: skip
            self._copies = name == COPIED
            self._executor = load("dbt.backends", "numba_jit")().open(context)
            self._executor.apply(ALL)
            self._pipeline = Pipeline.default()

    def load(self, code: bytes, batch: Sequence[Case]) -> None:
        """Take over the code of a batch; an executor compiles its blocks together."""
        self.memory.poke(CODE, code)
        if self._executor is None:
            return
        self._executor.discard(list(self._executor.index))
        for case in batch:
            self._set_mode(case)
            key = self.frontend.key_of(case.pc | case.thumb)
            self._install(self.frontend.in_state(key, self.state))

    def _set_mode(self, case: Case) -> None:
        """What the mode of the case's block depends on."""
        set_fpscr(self.state, case.fpscr)
        self.state.set("ef", case.big)
        self.state.set("it", case.it)

    def _install(self, key: BlockKey) -> None:
        assert self._executor is not None
        block = self._lift(key)
        if not self._copies or not self._executor.translate(
            key, {key.pc + block.size}, lambda key, _: self._lift(key)
        ):
            self._executor.install(block)

    def _lift(self, key: BlockKey) -> Block:
        block = self.frontend.lift(self.memory, key)
        verify(block, self.frontend.layout)
        self._pipeline.run(block)
        return block

    @property
    def compiled(self) -> int:
        """How many blocks an executor has compiled."""
        assert self._executor is not None
        return self._executor.statistics().get("compiled_blocks", 0)

    def run(self, case: Case) -> Finish | str:
        """Execute a case."""
        state = self.state
        for names, values in ((REGISTERS, case.registers), (DOUBLES, case.doubles)):
            for name, value in zip(names, values, strict=True):
                state.set(name, value)
        for place, name in enumerate(FLAGS[:4]):
            state.set(name, case.flags >> (3 - place) & 1)
        self._set_mode(case)
        self.memory.poke(DATA, case.data)
        key: BlockKey | str = self.frontend.in_state(
            self.frontend.key_of(case.pc | case.thumb), state
        )
        execute = self._evaluate if self._executor is None else self._enter
        while isinstance(key, BlockKey) and key.pc == case.pc:
            key = execute(key)
        found = self._finish(len(case.data))
        if key != FAULT:
            return found if isinstance(key, BlockKey) else UNDEFINED
        before = Finish(case.doubles, case.fpscr, case.registers, case.flags, found.data)
        return FAULT if found == before else f"a fault after a change: {found}"

    def _evaluate(self, key: BlockKey) -> BlockKey | str:
        block = self.frontend.lift(self.memory, key)
        outcome = evaluate_block(block, self.state, self.memory, *self._banks)
        if isinstance(outcome, Fault):
            return FAULT
        assert isinstance(outcome, Left)
        assert not isinstance(outcome.target, int)
        return outcome.target or UNDEFINED

    def _enter(self, key: BlockKey) -> BlockKey | str:
        assert self._executor is not None
        self._executor.fuel = 1
        event = self._executor.run(key)
        while isinstance(event, NotTranslated) and event.key.mode & CONDITION_PASSED:
            self._install(event.key)
            event = self._executor.run(event.key)
        if isinstance(event, HaltHit):
            return UNDEFINED
        if isinstance(event, FaultHit):
            return FAULT
        assert isinstance(event, NotTranslated | FuelOut), event
        return event.key

    def _finish(self, size: int) -> Finish:
        state = self.state
        flags = sum(state.get(name) << (3 - place) for place, name in enumerate(FLAGS[:4]))
        return Finish(
            tuple(map(state.get, DOUBLES)), fpscr(state), tuple(map(state.get, REGISTERS)), flags,
            self.memory.peek(DATA, size),
        )  # fmt: skip


# -- comparing ---------------------------------------------------------------------------------


@attrs.define
class Report:
    """What a campaign saw: cases that ran by row, undefined ones, differences as text."""

    ran: Counter[str] = attrs.field(factory=Counter)
    undefined: Counter[str] = attrs.field(factory=Counter)
    differences: list[str] = attrs.Factory(list)
    compiled: Counter[str] = attrs.field(factory=Counter)
    """Blocks that were compiled, by setting."""


@attrs.frozen
class Family:
    """Instructions of one kind: how a case of a row is drawn, at a pc and in a state; and what is
    known of differences."""

    rows: Sequence[Row]
    draw: Callable[[Random, Row, int, bool], Case]
    excused: Callable[[Case], str | None]
    """The manual's words for why a form is refused that the oracle executes, or None."""
    amended: Callable[[Case, Finish | str], Finish | str | None]
    """The oracle's result, or what the manual says where the oracle is known to be wrong; None if
    that is not to be compared."""


def difference(
    family: Family, case: Case, name: str, ours: Finish | str, theirs: Finish | str
) -> str | None:
    """What the two disagree on, as text; None if nothing."""
    wanted = family.amended(case, theirs)
    if wanted is None or ours == wanted or (ours == UNDEFINED and family.excused(case)):
        return None
    theirs = wanted
    if isinstance(ours, str) or isinstance(theirs, str):
        return f"{case}: {name} {ours}, oracle {theirs}"
    lines = [f"{case}: {name}"]
    for number, (was, a, b) in enumerate(
        zip(case.doubles, ours.doubles, theirs.doubles, strict=True)
    ):
        if a != b:
            lines.append(f"  d{number} was {was:#x}: {a:#x}, oracle {b:#x}")
    if ours.fpscr != theirs.fpscr:
        lines.append(f"  fpscr {ours.fpscr:#x}, oracle {theirs.fpscr:#x}")
    if (ours.registers, ours.flags) != (theirs.registers, theirs.flags):
        lines.append("  core registers or flags differ")
    if ours.data != theirs.data:
        lines.append(f"  data {ours.data.hex()}\n  oracle {theirs.data.hex()}")
    field = dict(zip(case.row.letters, case.row.extract(case.word), strict=True))
    lines.append(f"  {field}")
    lines.append("  " + " ".join(f"{value:x}" for value in case.doubles))
    return "\n".join(lines)


def cases(
    family: Family, count: int, seed: int, rows: Sequence[Row], *, thumb: bool = False
) -> Iterator[Case]:
    """Random cases, of each row in turn."""
    random = Random(seed)
    for index in range(count):
        yield family.draw(random, rows[index % len(rows)], CODE + index % BATCH * 8, thumb)


def campaign(
    family: Family,
    count: int,
    seed: int = 0,
    rows: Sequence[Row] = (),
    settings: Sequence[str] = (),
    *,
    thumb: bool = False,
) -> Report:
    """Compare so many random cases, in ARM or in Thumb state, of some rows or of all."""
    report, oracle = Report(), Oracle()
    runners = {name: Runner(name) for name in ("evaluator", *settings)}
    drawn = cases(family, count, seed, rows or family.rows, thumb=thumb)
    while batch := list(itertools.islice(drawn, BATCH)):
        _run(family, batch, oracle, runners, report)
    report.compiled.update({name: runners[name].compiled for name in settings})
    return report


def _run(
    family: Family,
    batch: Sequence[Case],
    oracle: Oracle,
    runners: Mapping[str, Runner],
    report: Report,
) -> None:
    code = bytearray(PAGE)
    for case in batch:
        code[case.pc - CODE : case.pc - CODE + 4] = case.code
    oracle.load(bytes(code))
    for runner in runners.values():
        runner.load(bytes(code), batch)
    for case in batch:
        theirs = oracle.run(case)
        for name, runner in runners.items():
            ours = runner.run(case)
            found = difference(family, case, name, ours, theirs)
            report.differences += [found] if found else []
        counter = report.undefined if ours == UNDEFINED else report.ran
        counter[case.row.name] += 1


def main(family: Family, description: str) -> int:
    """A campaign as the command line asks for it. Returns the exit status."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--count", type=int, default=10000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--row", action="append", default=[])
    parser.add_argument("--setting", action="append", default=[], choices=sorted(SETTINGS))
    parser.add_argument("--thumb", action="store_true")
    args = parser.parse_args()
    rows = [row for row in family.rows if not args.row or row.name in args.row]
    report = campaign(family, args.count, args.seed, rows, args.setting, thumb=args.thumb)
    print(f"{report.ran.total()} ran, {report.undefined.total()} undefined")
    print("\n".join(report.differences[:20]))
    print(f"{len(report.differences)} differences")
    return bool(report.differences)

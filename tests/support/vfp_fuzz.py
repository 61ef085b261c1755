"""Random VFP instructions on the IR's evaluator and on executors, compared with Unicorn.

Compared are all VFP registers, the FPSCR, core registers and the CPSR's flags: bits, NaNs included.
Loads and stores are in the trials of stencils (``stencil_trials``), which have the rows of VFP, too.

    python -m support.vfp_fuzz --count 20000 --seed 1          (from tests/)
"""

import argparse
import itertools
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from random import Random

import attrs
import unicorn
from support.rig import ALL
from unicorn import arm_const as uc

from dbt.decode.table import Row, Table
from dbt.interfaces import (
    EXEC,
    READ,
    BackendOptions,
    Context,
    Executor,
    FuelOut,
    HaltHit,
    NotTranslated,
)
from dbt.ir.block import CONDITION_PASSED, BlockKey
from dbt.ir.evaluate import Left, evaluate_block
from dbt.ir.floating import ROUNDING_SHIFT
from dbt.ir.verifier import verify
from dbt.passes.pipeline import Pipeline
from dbt.plugins import load
from dbt.runtime.counters import Counters, Stacks
from dbt.runtime.functions import Functions
from dbt.runtime.memory import GuestMemory
from dbt.runtime.state import GuestState
from frontends.arm import ArmFrontend
from frontends.arm.disasm import disassemble
from frontends.arm.encodings import vfp
from frontends.arm.linux_signals import fpscr, set_fpscr
from frontends.arm.registers import DOUBLES, FLAGS, REGISTERS

VFP = Table(vfp.A32, never={"c": 0b1111})
MEMORY = frozenset({"VLDR", "VSTR", "VLDM", "VSTM", "VLDMDB", "VSTMDB"})
ROWS = tuple(row for row in VFP if row.name not in MEMORY)
CODE = 0x8000
BATCH = 128
"""Cases whose code is in memory at a time."""
ALWAYS = 0xE0000000
_UC_DOUBLES = tuple(uc.UC_ARM_REG_D0 + number for number in range(32))
_UC_CORE = (*(uc.UC_ARM_REG_R0 + n for n in range(13)), uc.UC_ARM_REG_SP, uc.UC_ARM_REG_LR)
_SETTINGS = {
    "quick": BackendOptions(tier="1", memory_checks="explicit"),
    "unit": BackendOptions(tier="2", memory_checks="explicit"),
}
_UNDEFINED = "undefined"


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

    @property
    def code(self) -> bytes:
        """The instruction as it is in memory. T32 has the high half first."""
        word = self.word >> 16 | (self.word & 0xFFFF) << 16 if self.thumb else self.word
        return word.to_bytes(4, "little")

    def __str__(self) -> str:
        text = disassemble(self.code, self.pc, self.thumb)
        return f"{self.row.name} {self.word:08x} {text} fpscr={self.fpscr:#x}"


@attrs.frozen
class Finish:
    """What an instruction leaves."""

    doubles: tuple[int, ...]
    fpscr: int
    registers: tuple[int, ...]
    flags: int


# -- drawing ---------------------------------------------------------------------------------------


def _number(random: Random, bits: int, fraction: int) -> int:
    """A number of a format: often one at which arithmetic goes wrong."""
    exponents = (1 << (bits - fraction - 1)) - 1
    bias = exponents >> 1
    exponent = random.choice(
        (0, 0, 1, 2, exponents, exponents - 1, bias, bias + random.randrange(-40, 41))
    )
    if random.random() < 0.3:
        exponent = random.randrange(exponents + 1)
    full = (1 << fraction) - 1
    low = random.choice(
        (0, 0, 1, full, full - 1, 1 << (fraction - 1), random.getrandbits(fraction))
    )
    if random.random() < 0.3:
        low = random.getrandbits(8) << (fraction - 8)
    return random.getrandbits(1) << (bits - 1) | exponent << fraction | low


def _double(random: Random) -> int:
    match random.randrange(4):
        case 0:
            return random.getrandbits(64)
        case 1:
            return _number(random, 32, 23) << 32 | _number(random, 32, 23)
        case 2:  # halves
            return sum(_number(random, 16, 10) << 16 * place for place in range(4))
    return _number(random, 64, 52)


def _word(random: Random, row: Row) -> int:
    word = VFP.draw(random, row)
    if random.random() < 0.9:
        word = word & 0x0FFFFFFF | ALWAYS
    return word


def draw(random: Random, row: Row, pc: int, *, thumb: bool = False) -> Case:
    """A random case of a row. Operands are often close to each other, or one of a few."""
    some = [_double(random) for _ in range(5)]
    doubles = [random.choice(some) for _ in range(32)]
    for number in range(0, 32, 3):
        doubles[number] = _double(random)
    modes = random.choice((0, 0x10, 0x10, random.getrandbits(32) & 0x07C0009F))
    short = 0x10000 if random.random() < 0.02 else 0
    status = modes | short | random.getrandbits(4) << 28
    registers = tuple(random.getrandbits(32) for _ in range(15))
    flags = random.getrandbits(4)
    word = _word(random, row)
    if thumb:
        word = word & 0x0FFFFFFF | ALWAYS
    return Case(pc, row, word, tuple(doubles), status, registers, flags, thumb)


# -- what runs the cases -------------------------------------------------------------------------


class Oracle:
    """A Unicorn CPU (a Cortex-A15) whose VFP is enabled."""

    def __init__(self) -> None:
        self.cpu = unicorn.Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_ARM)
        self.cpu.mem_map(CODE, 4096, unicorn.UC_PROT_READ | unicorn.UC_PROT_EXEC)
        cpacr = (15, 0, 0, 1, 0, 0, 2)
        self.cpu.reg_write(uc.UC_ARM_REG_CP_REG, (*cpacr, 0x00F00000))
        self.cpu.reg_write(uc.UC_ARM_REG_FPEXC, 1 << 30)

    def load(self, code: bytes) -> None:
        """Take over the code of a batch."""
        self.cpu.mem_write(CODE, code)
        self.cpu.ctl_remove_cache(CODE, CODE + 4096)

    def run(self, case: Case) -> Finish | str:
        """Execute a case."""
        cpu = self.cpu
        cpu.reg_write(uc.UC_ARM_REG_CPSR, case.flags << 28 | 0x10 | case.thumb << 5)
        for register, value in zip(_UC_CORE, case.registers, strict=True):
            cpu.reg_write(register, value)
        for register, value in zip(_UC_DOUBLES, case.doubles, strict=True):
            cpu.reg_write(register, value)
        cpu.reg_write(uc.UC_ARM_REG_FPSCR, case.fpscr)
        try:
            cpu.emu_start(case.pc | case.thumb, case.pc + 4, count=1)
        except unicorn.UcError:
            return _UNDEFINED
        return Finish(
            tuple(cpu.reg_read(register) for register in _UC_DOUBLES),
            cpu.reg_read(uc.UC_ARM_REG_FPSCR),
            tuple(cpu.reg_read(register) for register in _UC_CORE),
            cpu.reg_read(uc.UC_ARM_REG_CPSR) >> 28,
        )


class Runner:
    """Lifts a case and evaluates it, or runs it with an executor."""

    def __init__(self, name: str) -> None:
        self.memory, self.frontend = GuestMemory(), ArmFrontend()
        self.memory.map(CODE, 4096, READ | EXEC)
        self.frontend.max_insns = 1
        self.state = GuestState(self.frontend.layout)
        counters, stacks = Counters(self.state), Stacks()
        self._banks = counters, stacks
        self._executor: Executor | None = None
        if name in _SETTINGS:
            context = Context(
                self.state, self.memory, counters, stacks, Functions(self.state),
                self.frontend.key_of, self.frontend.location_of, _SETTINGS[name],
            )  # fmt: skip
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
            set_fpscr(self.state, case.fpscr)
            key = self.frontend.key_of(case.pc | case.thumb)
            self._install(self.frontend.in_state(key, self.state))

    def _install(self, key: BlockKey) -> None:
        assert self._executor is not None
        block = self.frontend.lift(self.memory, key)
        verify(block, self.frontend.layout)
        self._pipeline.run(block)
        self._executor.install(block)

    def run(self, case: Case) -> Finish | str:
        """Execute a case."""
        state = self.state
        for names, values in ((REGISTERS, case.registers), (DOUBLES, case.doubles)):
            for name, value in zip(names, values, strict=True):
                state.set(name, value)
        for place, name in enumerate(FLAGS[:4]):
            state.set(name, case.flags >> (3 - place) & 1)
        set_fpscr(state, case.fpscr)
        key: BlockKey | None = self.frontend.in_state(
            self.frontend.key_of(case.pc | case.thumb), state
        )
        execute = self._evaluate if self._executor is None else self._enter
        while key is not None and key.pc == case.pc:
            key = execute(key)
        return _UNDEFINED if key is None else self._finish()

    def _evaluate(self, key: BlockKey) -> BlockKey | None:
        block = self.frontend.lift(self.memory, key)
        outcome = evaluate_block(block, self.state, self.memory, *self._banks)
        assert isinstance(outcome, Left)
        assert not isinstance(outcome.target, int)
        return outcome.target

    def _enter(self, key: BlockKey) -> BlockKey | None:
        assert self._executor is not None
        self._executor.fuel = 1
        event = self._executor.run(key)
        while isinstance(event, NotTranslated) and event.key.mode & CONDITION_PASSED:
            self._install(event.key)
            event = self._executor.run(event.key)
        if isinstance(event, HaltHit):
            return None
        assert isinstance(event, NotTranslated | FuelOut), event
        return event.key

    def _finish(self) -> Finish:
        state = self.state
        flags = sum(state.get(name) << (3 - place) for place, name in enumerate(FLAGS[:4]))
        return Finish(
            tuple(map(state.get, DOUBLES)), fpscr(state), tuple(map(state.get, REGISTERS)), flags
        )


# -- comparing ---------------------------------------------------------------------------------


@attrs.define
class Report:
    """What a campaign saw: cases that ran by row, undefined ones, differences as text."""

    ran: Counter[str] = attrs.field(factory=Counter)
    undefined: Counter[str] = attrs.field(factory=Counter)
    differences: list[str] = attrs.Factory(list)


def excused(case: Case) -> str | None:
    """The manual's words for why a form is refused that the oracle executes, or None."""
    field = dict(zip(case.row.letters, case.row.extract(case.word), strict=True))
    if {15, *([13] if case.thumb else [])} & {field.get("t"), field.get("e")}:
        return "if t == 15 (or 13, in Thumb state) then UNPREDICTABLE"
    if case.row.name == "VMOV_pair":
        return "if to_arm_registers && t == t2 then UNPREDICTABLE; if m == 31 then UNPREDICTABLE"
    if case.row.name == "VCVT_fixed":
        return "if frac_bits < 0 then UNPREDICTABLE"
    return None


def _at_fault(case: Case) -> bool:
    """Whether the oracle is known to be wrong: it rounds fixed-point numbers as the FPSCR says,
    where the manual has them rounded to nearest (A8.8.308), as qemu-arm 7.2 does."""
    return (
        case.row.name == "VCVT_fixed"
        and not case.word >> 18 & 1
        and not case.word >> 8 & 1
        and bool(case.fpscr & 3 << ROUNDING_SHIFT)
    )


def difference(case: Case, name: str, ours: Finish | str, theirs: Finish | str) -> str | None:
    """What the two disagree on, as text; None if nothing."""
    if ours == theirs or (ours == _UNDEFINED and excused(case)) or _at_fault(case):
        return None
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
    field = dict(zip(case.row.letters, case.row.extract(case.word), strict=True))
    lines.append(f"  {field}")
    lines.append("  " + " ".join(f"{value:x}" for value in case.doubles))
    return "\n".join(lines)


def cases(count: int, seed: int, rows: Sequence[Row], *, thumb: bool = False) -> Iterator[Case]:
    """Random cases, of each row in turn."""
    random = Random(seed)
    for index in range(count):
        pc = CODE + index % BATCH * 8
        yield draw(random, rows[index % len(rows)], pc, thumb=thumb)


def campaign(
    count: int,
    seed: int = 0,
    rows: Sequence[Row] = ROWS,
    settings: Sequence[str] = (),
    *,
    thumb: bool = False,
) -> Report:
    """Compare so many random cases, in ARM or in Thumb state."""
    report, oracle = Report(), Oracle()
    runners = {name: Runner(name) for name in ("evaluator", *settings)}
    for batch in _batches(cases(count, seed, rows, thumb=thumb)):
        _run(batch, oracle, runners, report)
    return report


def _batches(drawn: Iterator[Case]) -> Iterator[list[Case]]:
    while batch := list(itertools.islice(drawn, BATCH)):
        yield batch


def _run(
    batch: Sequence[Case], oracle: Oracle, runners: Mapping[str, Runner], report: Report
) -> None:
    code = bytearray(4096)
    for case in batch:
        code[case.pc - CODE : case.pc - CODE + 4] = case.code
    oracle.load(bytes(code))
    for runner in runners.values():
        runner.load(bytes(code), batch)
    for case in batch:
        theirs = oracle.run(case)
        for name, runner in runners.items():
            ours = runner.run(case)
            found = difference(case, name, ours, theirs)
            report.differences += [found] if found else []
        counter = report.undefined if ours == _UNDEFINED else report.ran
        counter[case.row.name] += 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=10000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--row", action="append", default=[])
    parser.add_argument("--setting", action="append", default=[], choices=sorted(_SETTINGS))
    parser.add_argument("--thumb", action="store_true")
    args = parser.parse_args()
    rows = [row for row in ROWS if not args.row or row.name in args.row]
    report = campaign(args.count, args.seed, rows, args.setting, thumb=args.thumb)
    print(f"{report.ran.total()} ran, {report.undefined.total()} undefined")
    print("\n".join(report.differences[:20]))
    print(f"{len(report.differences)} differences")
    return bool(report.differences)


if __name__ == "__main__":
    sys.exit(main())

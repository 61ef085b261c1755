"""Random ARM instructions, run by the IR's evaluator and by Unicorn, and compared.

Words are drawn from the rows of the encoding table. Most registers point into a data area, some are
small offsets, some are anything; the code page can be read but not written. Compared are registers,
flags, memory, where execution goes on, and whether it faults or is undefined.

    python -m support.arm_fuzz_memory LDR_imm STM --count 2000      (from tests/)
"""

import argparse
from collections.abc import Iterator
from random import Random

import attrs
import unicorn
from support.own_memory import OwnMemory
from unicorn import arm_const as uc

from dbt.decode.table import Row
from dbt.ir.block import CONDITION_PASSED, Block, BlockKey, Halt, Swi
from dbt.ir.evaluate import Fault, Left, TrapFired, evaluate_block
from dbt.ir.verifier import verify
from dbt.stops import Access, GuestFault
from frontends.arm import ArmFrontend
from frontends.arm.encodings import A32

CODE, DATA = 0x10000, 0x200000
CODE_SIZE, DATA_SIZE = 0x1000, 0x8000
PC = CODE + 0x800
NOP = 0xE320F000
REGISTERS = tuple(f"r{n}" for n in range(15))
FLAG_BITS = {
    "nf": 31,
    "zf": 30,
    "cf": 29,
    "vf": 28,
    "q": 27,
    "ge3": 19,
    "ge2": 18,
    "ge1": 17,
    "ge0": 16,
}
_UC_REGISTERS = [
    *(uc.UC_ARM_REG_R0 + n for n in range(13)), uc.UC_ARM_REG_SP, uc.UC_ARM_REG_LR,
]  # fmt: skip

_TLS, _TLSW = (15, 0, 0, 13, 0, 0, 3), (15, 0, 0, 13, 0, 0, 2)
"""Coprocessor 15 registers as Unicorn names them."""

KINDS = ("ran", "fault", "alignment", "undefined")


@attrs.frozen
class Start:
    """What an instruction finds. ``first`` is executed before it."""

    first: int
    word: int
    code: bytes
    data: bytes
    registers: tuple[int, ...]
    cpsr: int
    tls: int
    tlsw: int


@attrs.frozen
class Finish:
    """What it leaves behind. ``kind`` is ran, fault, alignment or undefined (or a system call); the
    rest counts where it ran."""

    kind: str
    registers: tuple[int, ...] = ()
    cpsr: int = 0
    location: int = 0
    tlsw: int = 0
    data: bytes = attrs.field(default=b"", repr=False)


# -- the evaluator -----------------------------------------------------------------------------------


class Area(OwnMemory):
    """The two mapped areas as the evaluator and the frontend want them."""

    def __init__(self, start: Start) -> None:
        self.code = start.code
        self.data = bytearray(start.data)

    def _at(self, address: int, size: int, access: Access) -> tuple[bytes | bytearray, int]:
        for base, area, writable in ((CODE, self.code, False), (DATA, self.data, True)):
            offset = address - base
            if 0 <= offset <= len(area) - size and (writable or access is not Access.WRITE):
                return area, offset
        raise GuestFault(address, access)

    def fetch(self, address: int, size: int) -> bytes:
        area, offset = self._at(address, size, Access.EXECUTE)
        return bytes(area[offset : offset + size])

    def load(self, address: int, size: int) -> int:
        area, offset = self._at(address, size, Access.READ)
        return int.from_bytes(area[offset : offset + size], "little")

    def store(self, address: int, size: int, value: int) -> None:
        area, offset = self._at(address, size, Access.WRITE)
        assert isinstance(area, bytearray)
        area[offset : offset + size] = value.to_bytes(size, "little")


class Slots(dict[str, int]):
    """State by slot name."""

    def set(self, slot: str, value: int) -> None:
        self[slot] = value

    def get(self, slot: str, default: object = None) -> int:
        return self[slot]


def evaluate(start: Start) -> Finish:
    """Lift the two instructions one by one and run their blocks (and those after a condition)."""
    frontend = ArmFrontend()
    frontend.max_insns = 1
    area = Area(start)
    state = Slots({slot.name: 0 for slot in frontend.layout.slots})
    state.update(zip(REGISTERS, start.registers, strict=True))
    state.update(tls=start.tls, tlsw=start.tlsw)
    state.update({name: start.cpsr >> bit & 1 for name, bit in FLAG_BITS.items()})
    target: BlockKey | int | None = BlockKey(PC - 4)
    completed = 0
    while completed < 2 or (isinstance(target, BlockKey) and target.mode & CONDITION_PASSED):
        assert isinstance(target, BlockKey)
        block: Block = frontend.lift(area, target)
        verify(block, frontend.layout)
        outcome = evaluate_block(block, state, area, None, None)  # type: ignore[arg-type]
        match outcome:
            case Fault(access=Access.UNALIGNED):
                return Finish("alignment")
            case Fault():
                return Finish("fault")
            case TrapFired(reason=reason):
                return Finish(reason)
            case Left(exit=Halt() | Swi()):
                return Finish("undefined")
            case Left(target=target):
                completed += outcome.completed
    assert target is not None
    location = frontend.location_of(target) if isinstance(target, BlockKey) else target
    cpsr = sum(state[name] << bit for name, bit in FLAG_BITS.items())
    key = frontend.key_of(location)
    return Finish(
        "ran",
        tuple(state[name] for name in REGISTERS),
        cpsr,
        frontend.location_of(key),
        state["tlsw"],
        bytes(area.data),
    )


# -- the oracle --------------------------------------------------------------------------------------


class Oracle:
    """A Unicorn CPU in user mode."""

    def __init__(self) -> None:
        self.cpu = unicorn.Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_ARM)
        self.cpu.mem_map(CODE, CODE_SIZE, unicorn.UC_PROT_READ | unicorn.UC_PROT_EXEC)
        self.cpu.mem_map(DATA, DATA_SIZE, unicorn.UC_PROT_READ | unicorn.UC_PROT_WRITE)

    def run(self, start: Start) -> Finish:
        """Execute the two instructions."""
        cpu = self.cpu
        cpu.mem_write(CODE, start.code)
        cpu.mem_write(DATA, start.data)
        cpu.ctl_remove_cache(CODE, CODE + CODE_SIZE)
        cpu.reg_write(uc.UC_ARM_REG_CPSR, start.cpsr | 0x10)
        for register, value in zip(_UC_REGISTERS, start.registers, strict=True):
            cpu.reg_write(register, value)
        cpu.reg_write(uc.UC_ARM_REG_CP_REG, (*_TLS, start.tls))
        cpu.reg_write(uc.UC_ARM_REG_CP_REG, (*_TLSW, start.tlsw))
        try:
            cpu.emu_start(PC - 4, 0xFFFFFFF0, count=2)
        except unicorn.UcError as error:
            if error.errno in (unicorn.UC_ERR_INSN_INVALID, unicorn.UC_ERR_EXCEPTION):
                return Finish("undefined")
            if error.errno not in (unicorn.UC_ERR_FETCH_UNMAPPED, unicorn.UC_ERR_FETCH_PROT):
                return Finish("fault")
        cpsr = cpu.reg_read(uc.UC_ARM_REG_CPSR)
        location = cpu.reg_read(uc.UC_ARM_REG_PC) & ~1
        thumb = cpsr >> 5 & 1
        return Finish(
            "ran",
            tuple(cpu.reg_read(register) for register in _UC_REGISTERS),
            cpsr & sum(1 << bit for bit in FLAG_BITS.values()),
            location | 1 if thumb else location & ~3,
            cpu.reg_read(uc.UC_ARM_REG_CP_REG, _TLSW),
            bytes(cpu.mem_read(DATA, DATA_SIZE)),
        )


# -- the campaign --------------------------------------------------------------------------------------


ORDERED = frozenset({"LDA", "LDAH", "STL", "STLH"})
ORDERED_WORDS = (
    "AArch32.CheckAlignment: ordered accesses are aligned (the oracle makes all of them)"
)
STORES = ("STREX", "STLEX")
"""Beginnings of rows that ask the monitor."""


def matching_ldrex(random: Random, word: int) -> int:
    """A nop; before a STREX or STLEX mostly the LDREX that arms the monitor for it."""
    found = A32.match(word)
    if found is None or not found[0].name.startswith(STORES) or random.random() < 0.3:
        return NOP
    base = word >> 16 & 15
    into = random.choice([n for n in range(0, 14, 2) if base not in (n, n + 1)])
    return 0xE1900F9F | word & 0x00600000 | base << 16 | into << 12


def random_start(random: Random, word: int) -> Start:
    """Registers, flags and memory for one word."""
    code = bytearray(random.randbytes(CODE_SIZE))
    first = matching_ldrex(random, word)
    code[PC - CODE - 4 : PC - CODE + 4] = (word << 32 | first).to_bytes(8, "little")
    registers = []
    for _ in REGISTERS:
        chance = random.random()
        if chance < 0.7:
            value = DATA + DATA_SIZE // 2 + random.randrange(-64, 64) * 4
            value += random.choice((0, 0, 0, 1, 2, 3))
        elif chance < 0.9:
            value = random.randrange(-16, 16)
        else:
            value = random.getrandbits(32)
        registers.append(value & 0xFFFFFFFF)
    cpsr = sum(random.getrandbits(1) << bit for bit in FLAG_BITS.values())
    return Start(
        first,
        word,
        bytes(code),
        random.randbytes(DATA_SIZE),
        tuple(registers),
        cpsr,
        random.getrandbits(32),
        random.getrandbits(32),
    )


def draw(random: Random, row: Row) -> int:
    """A word of the row, half of them unconditional."""
    word = A32.draw(random, row)
    if "c" in row.letters and random.random() < 0.5:
        word = word & 0x0FFFFFFF | 0xE0000000
    return word


@attrs.frozen
class Difference:
    """An instruction that the two disagree on."""

    row: str
    start: Start
    ours: Finish
    theirs: Finish

    def __str__(self) -> str:
        from frontends.arm.disasm import disassemble

        text = disassemble(self.start.word.to_bytes(4, "little"), PC)
        lines = [f"{self.row} {self.start.word:08x} {text}"]
        if self.ours.kind != self.theirs.kind:
            return f"{lines[0]}: {self.ours.kind}, oracle {self.theirs.kind}"
        for name, before, a, b in zip(
            REGISTERS, self.start.registers, self.ours.registers, self.theirs.registers, strict=True
        ):
            if a != b:
                lines.append(f"  {name} was {before:#x}: {a:#x}, oracle {b:#x}")
        if self.ours.cpsr != self.theirs.cpsr:
            lines.append(f"  cpsr {self.ours.cpsr:#x}, oracle {self.theirs.cpsr:#x}")
        if self.ours.tlsw != self.theirs.tlsw:
            lines.append(f"  tlsw {self.ours.tlsw:#x}, oracle {self.theirs.tlsw:#x}")
        if self.ours.location != self.theirs.location:
            lines.append(f"  goes on at {self.ours.location:#x}, oracle {self.theirs.location:#x}")
        for i, (x, y) in enumerate(zip(self.ours.data, self.theirs.data, strict=True)):
            if x != y:
                lines.append(f"  [{DATA + i:#x}] {x:#x}, oracle {y:#x}")
                break
        return "\n".join(lines)


def excused(row: Row, start: Start, ours: Finish, theirs: Finish) -> str | None:
    """The manual's words for why the two need not agree on this instruction, or None."""
    field = dict(zip(row.letters, row.extract(start.word), strict=True))
    kinds = (ours.kind, theirs.kind)
    if kinds == ("alignment", "undefined"):
        return "an alignment fault is an exception (the oracle does not say which)"
    if kinds == ("alignment", "ran") and row.name.startswith(STORES):
        return "ExclusiveMonitorsPass: AlignmentFault comes before the monitor is asked"
    if kinds[0] == "alignment" and row.name in ORDERED:
        return ORDERED_WORDS
    if row.name == "HINT":
        return "YIELD, WFE, WFI: the oracle stops there" if start.word & 0xFF in (1, 2, 3) else None
    if row.name.startswith("LDRD") and field.get("m") in (field["d"], field["d"] + 1):
        return "if m == t || m == t2 then UNPREDICTABLE"
    return unpredictable(row.name, field) if ours.kind == "undefined" else None


def unpredictable(name: str, field: dict[str, int]) -> str | None:
    """The manual's words for a form that we refuse although it leaves its meaning open."""
    base, d = field.get("n"), field.get("d", 0)
    if "EX" in name or name.startswith(("LDA", "STL")) or not name.startswith(("LDR", "STR")):
        pc_used = 15 in (base, d, field.get("m"))
        return "if n == 15 (or d, t, m) then UNPREDICTABLE" if pc_used else None
    writes_back = "post" in name or field.get("W") or not field.get("P", 1)
    if writes_back and base == 15:
        return "if wback && n == 15 then UNPREDICTABLE"
    if not name.startswith(("LDRD", "STRD")):
        narrow = name.startswith(("LDRB", "LDRH", "LDRS"))
        return "if t == 15 then UNPREDICTABLE" if narrow and d == 15 else None
    if d == 14:
        return "if t2 == 15 then UNPREDICTABLE"
    overlap = writes_back and base in (d, d + 1)
    return "if wback && (n == t || n == t2) then UNPREDICTABLE" if overlap else None


def campaign(row: Row, count: int, seed: int = 0) -> Iterator[tuple[Finish, Difference | None]]:
    """``count`` random words of a row: what happened, and the difference if there is one."""
    random = Random(f"{row.name} {seed}")
    oracle = Oracle()
    for _ in range(count):
        start = random_start(random, draw(random, row))
        ours, theirs = evaluate(start), oracle.run(start)
        same = ours == theirs or excused(row, start, ours, theirs)
        yield ours, None if same else Difference(row.name, start, ours, theirs)


def main() -> None:
    """Run a campaign over rows and print the differences."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", nargs="*", help="row names; all of the table when left out")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--show", type=int, default=5, help="differences to print per row")
    args = parser.parse_args()
    for name in args.rows or sorted(A32.by_name):
        kinds = dict.fromkeys(KINDS, 0)
        differences = []
        for finish, difference in campaign(A32.by_name[name], args.count, args.seed):
            kinds[finish.kind] += 1
            if difference is not None:
                differences.append(difference)
        print(f"{name:12} {kinds} differences {len(differences)}", flush=True)
        for difference in differences[: args.show]:
            print("   ", difference)


if __name__ == "__main__":
    main()

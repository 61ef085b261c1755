"""Tables of instructions (``tests/insns/*/*.ins``): one line, one instruction, before => after.

    e4910004  ldr r0, [r1], #4      r1=0x2000 [0x2000]=7 => r0=7 r1=0x2004

The word, its assembly as capstone prints it at 0x8000, and what it finds and leaves: slots by name
(sp, lr, fp are r13, r14, r11), memory as ``[address]=word``, ``h[..]=halfword``, ``b[..]=byte``. All
else is 0 before, and unchanged after. On the right may also stand ``pc=LOCATION`` where execution goes
elsewhere than to the next instruction, ``swi=NUMBER``, and in place of all effects ``fault=ADDRESS``
(the first byte refused), ``alignment``, or a reason to halt. Data is at 0x2000 to 0x2fff; the code
page, 0x8000 to 0x8fff, cannot be written.

Tables in ``thumb`` are of T32. A word has four or eight digits, the halfword at the lower address
first. ``pc=0x8002`` on the left is where it stands. ``it`` on the left is ITSTATE, which advances
where nothing else is said.

    1d08      adds r0, r1, #4       it=0x88 r1=1 zf=0 => r0=5
"""

import re
from collections.abc import Iterator
from pathlib import Path

import attrs
from support.own_memory import OwnMemory

from dbt.ir.block import CONDITION_PASSED, BlockKey, Halt, Swi
from dbt.ir.evaluate import Fault, Left, TrapFired, evaluate_block
from dbt.ir.verifier import verify
from dbt.stops import Access, GuestFault
from frontends.arm import ArmFrontend
from frontends.arm.keys import THUMB

PC, DATA, PAGE = 0x8000, 0x2000, 0x1000
NAMES = {"sp": "r13", "lr": "r14", "fp": "r11"}
SIZES = {"": 4, "h": 2, "b": 1}


@attrs.frozen
class Case:
    """One line of a table."""

    where: str
    code: bytes
    asm: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    thumb: bool = False
    pc: int = PC
    path: Path = Path()

    @property
    def it(self) -> int:
        """ITSTATE before."""
        return next((int(text[3:], 0) for text in self.before if text.startswith("it=")), 0)


def read_table(path: Path) -> Iterator[Case]:
    """The cases of a file."""
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line.startswith("#") or not line.strip():
            continue
        left, arrow, after = line.partition("=>")
        found = re.fullmatch(r"([0-9a-f]{4}(?:[0-9a-f]{4})?)  +(\S.*?)(?:  +(\S.*?))? *", left)
        assert arrow, f"{path.name}:{number}: no =>"
        assert found, f"{path.name}:{number}: not `word  assembly  before =>`"
        word, asm, before = found.groups("")
        where = f"{path.parent.name}/{path.name}:{number}: {asm}"
        yield _case(where, word, asm, before.split(), tuple(after.split()), path)


def _case(
    where: str, word: str, asm: str, before: list[str], after: tuple[str, ...], path: Path
) -> Case:
    thumb, pc = path.parent.name == "thumb", PC
    if before and before[0].startswith("pc="):
        pc = int(before.pop(0)[3:], 0)
    size = 4 if thumb else 8
    parts = [word[at : at + size] for at in range(0, len(word), size)]
    code = b"".join(int(part, 16).to_bytes(size // 2, "little") for part in parts)
    return Case(where, code, asm, tuple(before), after, thumb, pc, path)


class Machine(OwnMemory):
    """Slots and two pages of memory: what the frontend and the evaluator need."""

    def __init__(self, code: bytes, pc: int = PC, *, thumb: bool = False) -> None:
        self.start = BlockKey(pc, THUMB if thumb else 0)
        self.frontend = ArmFrontend()
        self.frontend.max_insns = 1
        self.layout = self.frontend.layout
        self.buffer = bytearray(self.layout.size)
        self.pages = {DATA: bytearray(PAGE), PC: bytearray(PAGE)}
        self.poke_bytes(pc, code)

    # -- as the evaluator and the frontend see it

    def get(self, slot: str) -> int:
        at = self.layout.by_name[slot]
        return int.from_bytes(self.buffer[at.offset : at.end], "little")

    def set(self, slot: str, value: int) -> None:
        at = self.layout.by_name[slot]
        self.buffer[at.offset : at.end] = value.to_bytes(at.end - at.offset, "little")

    @property
    def slots(self) -> dict[str, int]:
        """All slots: those that overlap show the same bytes."""
        return {slot.name: self.get(slot.name) for slot in self.layout.slots}

    def fetch(self, address: int, size: int) -> bytes:
        return bytes(self._byte(at, Access.EXECUTE) for at in range(address, address + size))

    def load(self, address: int, size: int) -> int:
        data = bytes(self._byte(at, Access.READ) for at in range(address, address + size))
        return int.from_bytes(data, "little")

    def store(self, address: int, size: int, value: int) -> None:
        for at in range(address, address + size):
            self._byte(at, Access.WRITE)
        self.poke(address, size, value)

    def _byte(self, address: int, access: Access) -> int:
        base = address & -PAGE
        if base not in self.pages or (base == PC and access is Access.WRITE):
            raise GuestFault(address, access)
        return self.pages[base][address - base]

    # -- as the tables see it

    def poke(self, address: int, size: int, value: int) -> None:
        self.poke_bytes(address, value.to_bytes(size, "little"))

    def poke_bytes(self, address: int, data: bytes) -> None:
        for at, byte in enumerate(data, address):
            self.pages[at & -PAGE][at % PAGE] = byte

    def assign(self, text: str) -> None:
        """Carry out ``r0=1`` or ``h[0x2000]=1``."""
        target, _, value = text.partition("=")
        cell = re.fullmatch(r"([hb]?)\[(\w+)\]", target)
        if cell:
            self.poke(int(cell[2], 0), SIZES[cell[1]], int(value, 0))
        else:
            slot = NAMES.get(target, target)
            assert slot in self.layout.by_name, f"no slot {target}"
            self.set(slot, int(value, 0))

    def step(self) -> str:
        """Execute the instruction: where it goes or how it stopped, as the tables say it."""
        key = self.frontend.in_state(self.start, self)  # type: ignore[arg-type]
        while True:
            block = self.frontend.lift(self, key)
            verify(block, self.frontend.layout)
            match evaluate_block(block, self, self, None, None):  # type: ignore[arg-type]
                case Fault(access=Access.UNALIGNED):
                    return "alignment"
                case Fault(address=address):
                    return f"fault={address:#x}"
                case TrapFired(reason=reason) | Left(exit=Halt(reason=reason)):
                    return reason
                case Left(exit=Swi(number=number)):
                    return f"swi={number:#x}"
                case Left(target=BlockKey() as key) if key.mode & CONDITION_PASSED:
                    continue
                case Left(target=BlockKey() as key):
                    return f"pc={self.frontend.location_of(key):#x}"
                case Left(target=int() as location):
                    return f"pc={location:#x}"


def check(case: Case) -> None:
    """Execute a case and compare everything with what it promises."""
    actual, expected = (Machine(case.code, case.pc, thumb=case.thumb) for _ in range(2))
    for text in case.before:
        actual.assign(text)
        expected.assign(text)
    ends = [
        text for text in case.after if "=" not in text or text.startswith(("pc", "swi", "fault"))
    ]
    if not ends or ends[0].startswith(("pc", "swi")):
        expected.set("it", case.it & 0xE0 | case.it << 1 & 0x1F if case.it & 7 else 0)
    for text in case.after:
        if text not in ends:
            expected.assign(text)
    following = case.pc + len(case.code) | case.thumb
    name, _, number = (ends or [f"pc={following:#x}"])[0].partition("=")
    end = f"{name}={int(number, 0):#x}" if number else name
    assert actual.step() == end
    assert changed(actual, expected) == {}


def changed(actual: Machine, expected: Machine) -> dict[str, tuple[str, str]]:
    """What differs: slots and bytes, as (actual, expected)."""
    promised = expected.slots
    wrong = {
        slot: (hex(value), hex(promised[slot]))
        for slot, value in actual.slots.items()
        if value != promised[slot]
    }
    for base, page in actual.pages.items():
        for offset, (a, b) in enumerate(zip(page, expected.pages[base], strict=True)):
            if a != b:
                wrong[f"b[{base + offset:#x}]"] = (hex(a), hex(b))
    return wrong

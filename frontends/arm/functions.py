"""Finds where functions begin in programs without symbols: by the table for unwinding, by the
targets of direct calls in code that is known, and by addresses of code in data.

The table (``.ARM.exidx``, "Exception Handling ABI for the Arm Architecture") has the address of
most functions, and seldom their state. What leads there has it: a call, a symbol. Where nothing
does, a function is taken to be in the state of the code in front of it.

Code is read from each function to the next. A call into it that is found later divides it. Data
between functions may look like calls; a target counts if it is code. Data has addresses of labels,
and numbers: one counts if lr is saved there, in the state of the code in front of it. So leaf
functions that are only called by pointers are not found.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterator

from dbt.interfaces.code import LinkedCode
from frontends.arm.keys import is_wide

PT_ARM_EXIDX = 0x70000001
_STUBS = (
    ((0xFFFFF000, 0xE28FC000), (0xFFFFF000, 0xE28CC000), (0xFFFFF000, 0xE5BCF000)),
    ((0xFFFFFFFF, 0xE52DE004), (0xFFFFFFFF, 0xE59FE004), (0xFFFFFFFF, 0xE08FE00E)),
)
"""Masks and values of the first words of what is no function, in the procedure linkage table:
add ip, pc, #n; add ip, ip, #n; ldr pc, [ip, #n]!, and its beginning: push {lr}; ldr lr, [pc, #4];
add lr, pc, lr."""
_TO_ARM = b"\x78\x47"
"""bx pc, in front of such a stub."""
_NOTHING = bytes(8)
"""Two words of zeros end code: they fill gaps, and begin what is behind it."""


def find_functions(code: LinkedCode) -> set[int]:
    """The locations at which functions begin, those that are known among them."""
    return _Search(code).run()


class _Search:
    def __init__(self, code: LinkedCode) -> None:
        self._parts = sorted(part for part in code.parts if part[1])
        self._starts = [address for address, _ in self._parts]
        self._thumb: dict[int, bool] = {}
        """Whether the function at an address is Thumb code."""
        self._unclear: set[int] = set()
        """Functions whose state is not known yet."""
        for location in code.known:
            self._add(location & ~1, bool(location & 1))
        self._data = code.data
        if PT_ARM_EXIDX in code.tables:
            for location in _exidx(*code.tables[PT_ARM_EXIDX]):
                if location & 1:
                    self._add(location & ~1, True)
                else:
                    self._unclear.add(location)

    def run(self) -> set[int]:
        self._follow(set(self._thumb))
        self._follow({pc for pc, thumb in self._pointed_at() if self._add(pc, thumb)})
        while unclear := sorted(self._unclear - self._thumb.keys()):
            known = sorted(self._thumb)
            new = set()
            for pc in unclear:
                thumb = bool(pc & 2) or self._is_thumb_before(known, pc)
                self._unclear.discard(pc)
                if self._add(pc, thumb):
                    new.add(pc)
            self._follow(new)
        return {pc | thumb for pc, thumb in self._thumb.items()}

    def _pointed_at(self) -> Iterator[tuple[int, bool]]:
        """Address and state of what words of data point at and saves lr."""
        if not self._parts:
            return
        low, high = self._starts[0], self._parts[-1][0] + len(self._parts[-1][1])
        known = sorted(self._thumb)
        for data in self._data:
            words = array("I", data[: len(data) // 4 * 4])
            for location in {word for word in words if low <= word < high}:
                thumb = bool(location & 1)
                if thumb != self._is_thumb_before(known, location) or location & 3 == 2:
                    continue  # a number, or text
                if _saves_link(self._at(location & ~1, 4), thumb):
                    yield location & ~1, thumb

    def _is_thumb_before(self, known: list[int], pc: int) -> bool:
        """Whether the last of the known functions at or below an address is Thumb code."""
        before = bisect_right(known, pc) - 1
        return before >= 0 and self._thumb[known[before]]

    def _follow(self, new: set[int]) -> None:
        """Read the code of new functions, and of those that calls in it lead to."""
        while new:
            ends = sorted(self._thumb.keys() | self._unclear)
            found = set()
            for pc in new:
                after = bisect_right(ends, pc)
                end = ends[after] if after < len(ends) else 1 << 32
                for target, thumb in self._calls(pc, end, self._thumb[pc]):
                    if self._add(target, thumb):
                        found.add(target)
            new = found

    def _add(self, pc: int, thumb: bool) -> bool:
        """Take a function for one, if there can be one. Returns whether it is new."""
        if pc in self._thumb or pc & (1 if thumb else 3):
            return False
        code = self._at(pc, 12)
        if len(code) < 2 or not any(code[:4]) or _is_stub(code):
            return False
        self._thumb[pc] = thumb
        return True

    def _part(self, pc: int) -> tuple[int, bytes]:
        index = bisect_right(self._starts, pc) - 1
        return self._parts[index] if index >= 0 else (pc, b"")

    def _at(self, pc: int, size: int) -> bytes:
        address, data = self._part(pc)
        return data[pc - address : pc - address + size]

    def _calls(self, pc: int, end: int, thumb: bool) -> Iterator[tuple[int, bool]]:
        """Target and state of each direct call of the function from ``pc`` to ``end``."""
        address, data = self._part(pc)
        last = min(end - address, len(data))
        gap = data.find(_NOTHING, pc - address, last)
        last = gap if gap >= 0 else last
        body = data[pc - address : last]
        return _thumb_calls(body, pc) if thumb else _arm_calls(body, pc)


def _saves_link(code: bytes, thumb: bool) -> bool:
    """Whether an instruction pushes lr, alone or with other registers."""
    word = int.from_bytes(code, "little")
    if thumb:  # push {.., lr}; push.w {.., lr}; str lr, [sp, #-n]!
        return (
            word & 0xFF00 == 0xB500
            or word & 0x4000FFFF == 0x4000E92D
            or word & 0xFF00FFFF == 0xED00F84D
        )
    return word & 0xFFFF4000 == 0xE92D4000 or word & 0xFFFFF000 == 0xE52DE000


def _is_stub(code: bytes) -> bool:
    if code[:2] == _TO_ARM:
        return True
    words = array("I", code[: len(code) // 4 * 4])
    return len(words) == 3 and any(
        all(word & mask == value for word, (mask, value) in zip(words, stub, strict=True))
        for stub in _STUBS
    )


def _exidx(address: int, table: bytes) -> Iterator[int]:
    """The functions in a table for unwinding: in front of each entry is the distance to one."""
    words = array("I", table[: len(table) // 8 * 8])
    for index in range(0, len(words), 2):
        distance = words[index]
        if not distance >> 31:  # prel31
            yield (address + 4 * index + (distance ^ 1 << 30) - (1 << 30)) & 0xFFFFFFFF


def _arm_calls(body: bytes, pc: int) -> Iterator[tuple[int, bool]]:
    """BL and BLX with immediates (Arm ARM, A8.8.25)."""
    words = array("I", body[: len(body) // 4 * 4])
    for index, word in enumerate(words):
        if word & 0x0F000000 == 0x0B000000 or word >= 0xFA000000:
            offset = ((word & 0xFFFFFF) ^ 0x800000) - 0x800000
            target = pc + 4 * index + 8 + 4 * offset
            if word < 0xF0000000:
                yield target & 0xFFFFFFFF, False
            elif word < 0xFC000000:
                yield (target + (word >> 23 & 2)) & 0xFFFFFFFF, True


def _thumb_calls(body: bytes, pc: int) -> Iterator[tuple[int, bool]]:
    """The same in Thumb state, where an instruction has one halfword or two."""
    halves = array("H", body[: len(body) // 2 * 2])
    at, last = 0, len(halves) - 1
    while at < last:
        first = halves[at]
        if not is_wide(first):
            at += 1
            continue
        second = halves[at + 1]
        if first & 0xF800 == 0xF000 and second & 0xC000 == 0xC000:
            yield from _thumb_call(first, second, pc + 2 * at)
        at += 2


def _thumb_call(first: int, second: int, pc: int) -> Iterator[tuple[int, bool]]:
    sign = first >> 10 & 1
    i1, i2 = (~(second >> bit ^ sign) & 1 for bit in (13, 11))
    high = i1 << 23 | i2 << 22 | (first & 0x3FF) << 12
    offset = (high | (second & 0x7FF) << 1) - (sign << 24)
    if second & 0x1000:
        yield (pc + 4 + offset) & 0xFFFFFFFF, True
    elif not second & 1:
        yield ((pc + 4 & ~3) + offset) & 0xFFFFFFFF, False

"""Stencils as machine code: functions cut out of an object file, and where they are patched."""

from backends.native.link import ObjectFile
from dbt.typing import NamedTuple

ABSOLUTE32, SIGNED32, RELATIVE32, CALL32, ABSOLUTE8 = 10, 11, 2, 4, 14
"""Relocations of the System V ABI for AMD64 (table 4.9): R_X86_64_32, 32S, PC32, PLT32, 8."""
_SIZES = {ABSOLUTE32: 4, SIGNED32: 4, RELATIVE32: 4, CALL32: 4, ABSOLUTE8: 1}
_JUMP = 0xE9
_LOAD_RAX, _JUMP_RAX = bytes.fromhex("488b05"), bytes.fromhex("ffe0")
_JUMP_LOADED = bytes.fromhex("ff25")
_TRAP = b"\xcc"

STUB = 10
"""Bytes of a stub."""
WAYS_OUT = frozenset({"fault", "swi", "halt", "trap", "link0", "link1", "hot", "fuel"})


class Patch(NamedTuple):
    """``size`` bytes at ``offset`` in a stencil, 1 or 4, that become the value of ``name`` plus
    ``addend``, minus their own address if ``relative``."""

    offset: int
    size: int
    name: str
    addend: int
    relative: bool


class Stencil(NamedTuple):
    """Machine code with patches. It runs on into what is put behind it."""

    code: bytes
    patches: tuple[Patch, ...]

    @property
    def most(self) -> int:
        """Bytes that it takes at most, with a stub for each way out."""
        return len(self.code) + STUB * sum(patch.name in WAYS_OUT for patch in self.patches)


class StencilError(Exception):
    """LLVM has made code that cannot be a stencil."""


def read_stencils(image: bytes) -> dict[str, Stencil]:
    """The functions of an object file by name, without those that have constants apart from their
    code. A jump to ``next`` at the end of one is left out."""
    object_ = ObjectFile(image)
    (section,) = object_.code
    text = object_.bytes_of(object_.sections[section])
    constants = object_.refers_inside(section)
    relocations = [row for row in sorted(object_.relocations(section)) if row[0] not in constants]
    unknown = {kind for _, kind, _, _ in relocations} - _SIZES.keys()
    if unknown:
        raise StencilError(f"relocation types {unknown}")
    found = {}
    for name, start, size in object_.functions(section):
        if any(start <= at < start + size for at in constants):
            continue
        patches = tuple(
            Patch(at - start, _SIZES[kind], symbol, addend, kind in (RELATIVE32, CALL32))
            for at, kind, symbol, addend in relocations
            if start <= at < start + size
        )
        code = text[start : start + size]
        last = patches[-1] if patches else None
        if last and last.name == "next" and last.offset == size - 4 and code[-5] == _JUMP:
            found[name] = _jumping_directly(Stencil(code[:-5], patches[:-1]), shortens=False)
        else:
            found[name] = _jumping_directly(Stencil(code, patches))
    return found


def _jumping_directly(stencil: Stencil, *, shortens: bool = True) -> Stencil:
    """The stencil with ``jmp [rip + x]`` in place of each ``mov rax, [rip + x]; jmp rax``, which
    LLVM does not join. Nothing moves but the end, if it ``shortens``: branches may lead there."""
    code, patches = bytearray(stencil.code), list(stencil.patches)
    for index, patch in enumerate(patches):
        begin, end = patch.offset - len(_LOAD_RAX), patch.offset + 4 + len(_JUMP_RAX)
        loads = patch.relative and code[begin : patch.offset] == _LOAD_RAX
        if begin >= 0 and loads and code[patch.offset + 4 : end] == _JUMP_RAX:
            code[begin:end] = (_JUMP_LOADED + bytes(4)).ljust(end - begin, _TRAP)
            patches[index] = patch._replace(offset=begin + len(_JUMP_LOADED))
            if shortens and end == len(code):
                del code[begin + len(_JUMP_LOADED) + 4 :]
    return Stencil(bytes(code), tuple(patches))

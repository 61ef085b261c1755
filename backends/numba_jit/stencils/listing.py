"""Listings of copied code: host instructions as text."""

from collections.abc import Iterable


def listing(start: int, code: bytes, marks: Iterable[tuple[int, str]]) -> str:
    """The instructions of x86-64 code, with their offsets. ``start`` is its address; a mark is an
    address and a line of text that is put in front of it."""
    import capstone

    disassembler = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)
    headings = {address - start: text for address, text in marks}
    lines = []
    for instruction in disassembler.disasm(code, 0):
        if heading := headings.get(instruction.address):
            lines.append(heading)
        text = f"{instruction.mnemonic} {instruction.op_str}".rstrip()
        lines.append(f"  {instruction.address:4x}: {text}")
    return "\n".join(lines)

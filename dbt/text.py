"""Escapes and cuts text that a guest, or a file, has chosen, so that a terminal can show it.

Symbols, paths, arguments and names of processes may hold anything: newlines, sequences that a
terminal obeys, marks that turn the direction of writing, bytes that are no text, 20 MB of it.
Whatever is written for people passes through ``printable``.
"""

from collections.abc import Sequence

NAME = 200
"""Characters of a name among other words."""
LINE = 4096
"""Characters of a line, and of a name in a file for other programs."""


def printable(text: str | bytes, limit: int = LINE) -> str:
    """The text as one line that a terminal shows and does not obey, of at most ``limit`` (40 or
    more) characters; one that was cut ends in its true length.

    What is not printable is written as Python would (``\\n``, ``\\x1b``, ``\\u202e``), a byte that
    is no UTF-8 as ``\\x80``. Text that has passed once passes unchanged.
    """
    size, unit = len(text), "characters"
    if isinstance(text, bytes):
        unit = "bytes"
        text = text[: 4 * limit + 4].decode(errors="surrogateescape")
    shown = text[: limit + 1]
    if not shown.isprintable():
        shown = "".join(c if c.isprintable() else _escaped(c) for c in shown)
    if len(shown) <= limit:
        return shown
    end = f"… ({size} {unit})"
    return shown[: limit - len(end)] + end


def _escaped(character: str) -> str:
    if "\udc80" <= character <= "\udcff":  # surrogateescape: a byte
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape").decode()


EXAMPLES_HEAD = "examples:"
LONGEST_EXAMPLE = 56
"""Characters of a command line whose comment is in the column of the others'."""


def examples(lines: Sequence[tuple[str, str]]) -> str:
    """Command lines, and what each is for, as help shows them."""
    width = max((len(line) for line, _ in lines if len(line) <= LONGEST_EXAMPLE), default=0)
    return "\n".join([EXAMPLES_HEAD, *(f"  {line:<{width}}  # {what}" for line, what in lines)])

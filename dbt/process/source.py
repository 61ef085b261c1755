"""Source lines beside guest code, as far as debug information and the files are there."""

import itertools
import os
import stat
from collections.abc import Iterator
from typing import TYPE_CHECKING

from dbt.text import NAME, printable

if TYPE_CHECKING:
    from dbt.linux.symbolizer import Symbolizer
    from dbt.loader.lines import Line

LARGEST = 1 << 26
"""Bytes of the largest file that is taken for source."""
_TAB = 4


def with_source(listing: str, symbolizer: "Symbolizer") -> str:
    """A listing, whose rows begin with addresses, with the source line above the first of the
    instructions that are for it: ``; main.c:12    return 0;``."""
    rows: list[str] = []
    last: Line | None = None
    for row in listing.splitlines():
        line = symbolizer.line(int(row.partition(" ")[0], 16))
        if line is not None and line != last:
            rows.append(f"; {line}    {text_of(line, symbolizer)}".rstrip())
        last = line
        rows.append(row)
    return "\n".join(rows)


def text_of(line: "Line", symbolizer: "Symbolizer") -> str:
    """The text of a source line; empty where the file is not there. It is looked for in the guest's
    root and at its path on the host, one without a directory beside the program."""
    for path in _paths(line.path, symbolizer):
        try:
            with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
                status = os.fstat(file.fileno())
                if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST:
                    continue
                found = next(itertools.islice(file, line.number - 1, None), b"")
        except OSError:
            continue
        return printable(found.decode(errors="surrogateescape").strip().expandtabs(_TAB), NAME)
    return ""


def _paths(path: str, symbolizer: "Symbolizer") -> Iterator[str]:
    if os.path.isabs(path):
        if symbolizer.root:
            yield symbolizer.root + path
        yield path
    else:
        yield os.path.join(os.path.dirname(symbolizer.program), path)

"""Coverage for Lighthouse and other readers of DynamoRIO's drcov: which blocks were executed.

Version 2 log with module table version 2 and a binary block table: per block a 32-bit offset from
its module's base, a 16-bit size and a 16-bit module number, little-endian. DynamoRIO documents the
format only by its source (``clients/drcov``). The blocks come from the ``coverage`` pass and not
from records.

Blocks are given to the files mapped when the run ends: what was unmapped by then, code made at run
time and programs replaced by execve are left out.
"""

import os
import struct
from typing import BinaryIO

from dbt.hooks.outputs.base import Program
from dbt.hooks.records import Record

_BLOCK = struct.Struct("<IHH")
_LARGEST = 0xFFFF


class Drcov:
    """Writes the log at the end."""

    def __init__(self, out: BinaryIO, program: Program) -> None:
        self._out = out
        self._program = program

    def feed(self, record: Record) -> None:
        """Does nothing: blocks come from a pass."""

    def finish(self, end: int) -> None:
        """Write the log."""
        del end
        images = tuple(self._program.images())
        blocks = []
        for pc, size in sorted(set(self._program.blocks())):
            for number, image in enumerate(images):
                if image.low <= pc < image.high:
                    blocks.append(_BLOCK.pack(pc - image.low, min(size, _LARGEST), number))
        lines = [
            "DRCOV VERSION: 2",
            "DRCOV FLAVOR: armdbt",
            f"Module Table: version 2, count {len(images)}",
            "Columns: id, base, end, entry, path",
        ]
        for number, image in enumerate(images):
            # Readers split lines at ", ", and take other numbers of columns for another system's.
            path = image.path.replace("\n", "?").replace(", ", "? ")
            lines.append(f"{number:3}, {image.low:#x}, {image.high:#x}, 0x0, {path}")
        lines.append(f"BB Table: {len(blocks)} bbs")
        self._out.write(os.fsencode("\n".join(lines) + "\n") + b"".join(blocks))

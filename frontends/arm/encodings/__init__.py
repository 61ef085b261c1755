"""A32 encodings, one row per instruction form, one file per family.

    name      the method of `A32Lifter` that lifts the row
    pattern   bit 31 first: 0 and 1 must match, - is ignored, a letter is a field
    since     the first architecture that has it

`c` is always the condition, and never 1111: those words are other instructions.
The table does not import if two rows can match one word, unless one row is a strict carve-out of
the other, which then wins. Should-be-zero bits are written 0 (should-be-one bits 1): words that
break them are undefined.
"""

from dbt.decode.table import Table
from frontends.arm.encodings import (
    acquire,
    branch,
    data_processing,
    media,
    memory,
    multiply,
    neon_core,
    system,
    vfp,
    vfp_v8,
)
from frontends.arm.keys import WORD_INDEX

A32 = Table(
    data_processing.A32,
    multiply.A32,
    media.A32,
    memory.A32,
    acquire.A32,
    branch.A32,
    system.A32,
    vfp.A32,
    vfp_v8.A32,
    neon_core.A32,
    never={"c": 0b1111},
    index=WORD_INDEX,
)
"""The whole instruction set in ARM state."""

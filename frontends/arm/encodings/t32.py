"""T32 encodings (Thumb and Thumb-2), one row per form and width, one file per family.

A row's name is that of the method of ``T32Lifter`` that lifts it; what follows a dot tells rows of
one method apart. The methods are those of A32 wherever the operation is the same. A row gives each
argument as a field or as a note behind ``since``:

    x=5  x=y  x=4*x      a number, another field, a multiple of a field
    S=it                 flags are set, but not in an IT block
    it=no  it=last       UNPREDICTABLE in an IT block; but as its last instruction
    bad=nd               UNPREDICTABLE if one of these registers is 13 or 15
    pc=nd sp=nd          UNPREDICTABLE if one of these registers is 15; 13
    copy=dn              UNPREDICTABLE if the first of them is 13 and the second is not
    same=km              UNPREDICTABLE if the two differ; the first is no argument
    drop=b               a field that is no argument

``b`` is a base register, and never 1111: those words are other instructions. An argument ``c`` is
the condition of the IT block, or always. UNPREDICTABLE forms are refused, as UNDEFINED ones are.
A row ``UDF`` with another's name behind the dot has what is UNPREDICTABLE of that one where notes
cannot say it.
"""

from dbt.decode.table import Table
from frontends.arm.encodings import (
    acquire,
    neon_core,
    t32_branch,
    t32_data_processing,
    t32_media,
    t32_memory,
    t32_multiply,
    t32_system,
    vfp,
    vfp_v8,
)
from frontends.arm.keys import T32_INDEX, T32_WIDE_FROM, T32_WIDE_INDEX

T32 = Table(
    t32_data_processing.T32,
    t32_multiply.T32,
    t32_media.T32,
    t32_memory.T32,
    acquire.T32,
    t32_branch.T32,
    t32_system.T32,
    vfp.T32,
    vfp_v8.T32,
    neon_core.T32,
    never={"b": 0b1111},
    index=T32_INDEX,
    wide=(T32_WIDE_FROM, T32_WIDE_INDEX),
    halfwords=True,
)
"""The whole instruction set in Thumb state."""

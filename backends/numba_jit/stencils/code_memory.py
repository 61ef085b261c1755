"""Memory for copied code, and what is at its beginning: the way in and the ways out.

The link words of stencils lie in the same reservation as their code, which refers to them by 32-bit
offsets. Code and link words are written while other code of the same page may run later, never at
the same time; the mapping is private, so that a forked child has its own.
"""

import ctypes
import mmap
import struct
from typing import Any

from backends.numba_jit import abi
from backends.numba_jit.stencils.machine_code import read_stencils
from backends.numba_jit.stencils.stencil_text import PARAMETERS, SIGNATURE
from dbt.stops import UsageError

CODE_BYTES = 768 << 20
_NORESERVE = 0x4000
_ALL = mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC

SHARED = f"""
define i64 @enter(ptr %code, ptr %s) nounwind {{
 %mp = getelementptr i8, ptr %s, i64 {abi.MEM_BASE}
 %m = load ptr, ptr %mp
 %fp = getelementptr i8, ptr %s, i64 {abi.FUEL}
 %f = load i64, ptr %fp
 %r = call preserve_nonecc i64 %code({PARAMETERS})
 ret i64 %r
}}
define preserve_nonecc i64 @leave{SIGNATURE} {{
 %fp = getelementptr i8, ptr %s, i64 {abi.FUEL}
 store i64 %f, ptr %fp
 %ep = getelementptr i8, ptr %s, i64 {abi.EXIT_CODE}
 %r = load i64, ptr %ep
 ret i64 %r
}}
"""
"""``enter(code, state)`` is a C function; ``leave`` has the signature of stencils and returns the
word EXIT_CODE."""

"""Functions that numba compiles, as object code that needs neither numba nor Python."""

import contextlib
import re
from collections.abc import Iterator
from typing import Any

from numba import config
from numba.core.compiler_lock import global_compiler_lock

from backends.numba_jit.units.objects import ObjectMaker


def object_of(function: Any, arity: int, name: str) -> bytes:
    """Object code of a function of so many i64 to an i64, by the name it gets. It must not raise.
    That takes some seconds."""
    with _unoptimised():
        function.compile("int64(" + ", ".join(["int64"] * arity) + ")")
    compiled = function.overloads[function.signatures[0]]
    text = re.sub(r"(?m)^(target|source_filename) .*\n", "", compiled.library.get_llvm_str())
    entry = _ENTRY.format(
        name=name,
        mangled=compiled.fndesc.mangled_name,
        parameters=", ".join(f"i64 %a{index}" for index in range(arity)),
    )
    return ObjectMaker().compile(text + entry, "loop", exported=[name])


@contextlib.contextmanager
def _unoptimised() -> Iterator[None]:
    """Let numba leave optimising to us. It optimises a function anew within each that calls it,
    which takes three times as long."""
    with global_compiler_lock:
        before, config.OPT = config.OPT, type(config.OPT)("0")
        try:
            yield
        finally:
            config.OPT = before


# numba gives back a status, which is 0 unless the function has raised.
_ENTRY = """
define i64 @{name}({parameters}) nounwind {{
 %result = alloca i64
 %raised = alloca ptr
 %status = call i32 @"{mangled}"(ptr %result, ptr %raised, {parameters})
 %value = load i64, ptr %result
 ret i64 %value
}}
"""

"""Functions that numba compiles, as object code that needs neither numba nor Python."""

import re
from typing import Any

from backends.numba_jit.units.objects import ObjectMaker


def object_of(function: Any, arity: int, name: str) -> bytes:
    """Object code of a function of so many i64 to an i64, by the name it gets. It must not raise.
    That takes some seconds."""
    function.compile("int64(" + ", ".join(["int64"] * arity) + ")")
    compiled = function.overloads[function.signatures[0]]
    text = re.sub(r"(?m)^(target|source_filename) .*\n", "", compiled.library.get_llvm_str())
    entry = _ENTRY.format(
        name=name,
        mangled=compiled.fndesc.mangled_name,
        parameters=", ".join(f"i64 %a{index}" for index in range(arity)),
    )
    return ObjectMaker().compile(text + entry, "loop", exported=[name])


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

"""The signature of stencils as LLVM text. It is that of units, but for guest registers, which
stencils do not keep in host registers."""

from backends.numba_jit.units.frame import arguments

PARAMETERS = arguments("%f")
"""Of a call that goes on at other code."""
TYPES = ", ".join(parameter.split()[0] for parameter in PARAMETERS.split(", "))
SIGNATURE = (
    f"({PARAMETERS.replace(' poison', '').replace('ptr %', 'ptr noalias %')})"
    " nounwind noimplicitfloat"
)

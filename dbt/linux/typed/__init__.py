"""The typed system call table: names, argument types and results, decoded.

``Decoder(abi, memory).decode(name, registers, result)`` gives a ``DecodedCall``, whose arguments
have a name, a type, a value, a text and, for what they point at, a content. ``-strace``, the
events' arguments and fault plans use it; handlers get their arguments by the same rows
(``dbt.linux.table``). The rows are in ``rows_*.py``, a file for each family; how they are written
and read is in ``model.py``, what their kinds mean in ``kinds.py`` and ``vectors.py``, the format of
``-strace`` in ``qemu.py``.
"""

from dbt.linux.typed.decode import SIGNATURES, Decoder, error_name, error_text
from dbt.linux.typed.model import Parameter, Signature
from dbt.syscalls import DecodedArgument, DecodedCall

__all__ = [
    "SIGNATURES",
    "DecodedArgument",
    "DecodedCall",
    "Decoder",
    "Parameter",
    "Signature",
    "error_name",
    "error_text",
]

"""The typed system call table: names, argument types and results, decoded.

``decode.Decoder(abi, memory).decode(name, registers, result)`` gives a ``DecodedCall``, whose
arguments have a name, a type, a value, a text and, for what they point at, a content. ``-strace``,
the events' arguments and fault plans use it; handlers get their arguments by the same rows
(``dbt.linux.table``). The rows are in ``rows_*.py``, a file for each family, and all of them in
``rows.SIGNATURES``; how they are written and read is in ``model.py``, what their kinds mean in
``kinds.py`` and ``vectors.py``, the format of ``-strace`` in ``qemu.py``.
"""

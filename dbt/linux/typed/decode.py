"""Decode a system call: its name and registers to arguments with types, values and texts."""

import errno
import os
from collections.abc import Mapping, Sequence

import attrs

from dbt.interfaces import Memory
from dbt.linux.typed import vectors as _vectors  # noqa: F401  (registers kinds)
from dbt.linux.typed.flags import octal, signal_text
from dbt.linux.typed.kinds import KINDS, Look, signed
from dbt.linux.typed.model import Parameter, Signature
from dbt.linux.typed.rows import SIGNATURES
from dbt.syscalls import DecodedArgument, DecodedCall, SyscallAbi

_UNTYPED = tuple(Parameter(f"r{i}", "hex") for i in range(6))
ERESTARTSYS, ESIGRETURN = 512, 513
"""What qemu-arm shows when a call is to run again, and when sigreturn went through."""
_OWN_ERRORS = {
    ERESTARTSYS: "To be restarted",
    ESIGRETURN: "Successful exit from sigreturn",
}


@attrs.frozen
class Decoder:
    """Decodes calls of one guest. ``decode`` never raises: what cannot be read is a number."""

    abi: SyscallAbi
    memory: Memory

    def decode(
        self,
        name: str,
        registers: Sequence[int],
        result: int | None = None,
        *,
        aligned: bool = True,
        variant: str = "",
    ) -> DecodedCall:
        """A call with the argument ``registers`` (unsigned), and its ``result`` (negative errno on
        failure) once it has returned. ``aligned`` and ``variant`` are those of ``Request``."""
        signature = SIGNATURES.get(name) or Signature(name, _UNTYPED)
        return self.decode_as(signature, registers, result, aligned=aligned, variant=variant)

    def decode_as(
        self,
        signature: Signature,
        registers: Sequence[int],
        result: int | None = None,
        *,
        aligned: bool = True,
        variant: str = "",
    ) -> DecodedCall:
        """The same by a given signature."""
        values = signature.values(registers, aligned=aligned)
        look = Look(self.memory, self.abi, variant, values, result)
        arguments = tuple(
            argument
            for parameter in signature.parameters
            if (argument := _argument(look, parameter, values)) is not None
        )
        text = "" if result is None else result_text(signature.result, result)
        return DecodedCall(signature.name, arguments, result, text)


def _argument(
    look: Look, parameter: Parameter, values: Mapping[str, int]
) -> DecodedArgument | None:
    value = values[parameter.name]
    shown = KINDS[parameter.kind](look, value, parameter.of)
    if shown is None:
        return None
    return DecodedArgument(parameter.name, parameter.kind, value, *shown)


def error_text(result: int) -> str | None:
    """``-1 errno=2 (No such file or directory)``; None for a result that is no error."""
    if -4096 < result < 0:
        said = _OWN_ERRORS.get(-result) or os.strerror(-result)
        return f"-1 errno={-result} ({said})"
    return None


def error_name(result: int) -> str:
    """``ENOENT`` for -2."""
    return errno.errorcode.get(-result, str(-result))


def result_text(kind: str, result: int) -> str:
    """A result in words: an error, or what the row says it is."""
    failed = error_text(result)
    if failed is not None:
        return failed
    value = result & 0xFFFFFFFF
    match kind:
        case "addr":
            return f"0x{value:08x}"
        case "sig":
            return signal_text(value)
        case "oct":
            return octal(value)
    return str(signed(value))

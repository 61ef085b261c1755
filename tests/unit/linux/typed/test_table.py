"""The typed table is whole: every call the kernel serves or ARM numbers has a row that makes sense."""

import inspect

import pytest

from dbt.linux.kernel import load_families
from dbt.linux.table import SYSCALLS
from dbt.linux.typed import qemu
from dbt.linux.typed.flags import ENUMS, FLAGS
from dbt.linux.typed.kinds import KINDS
from dbt.linux.typed.model import WIDE, Parameter, Signature, parse_row, parse_rows
from dbt.linux.typed.rows import SIGNATURES
from frontends.arm.linux_abi import PRIVATE
from frontends.arm.syscall_names import OABI

TABLES = {"flags": FLAGS, "enum": ENUMS}
NEEDS_ARGUMENT = {"in", "out", "iov", "outiov", "pollfds", "fdset", "sockaddr"}
RESULTS = {"int", "fd", "size", "pid", "addr", "oct", "sig", "never"}


def test_every_call_has_a_row() -> None:
    load_families()
    assert not SYSCALLS.keys() - SIGNATURES.keys()
    assert not set(OABI.values()) - {"socketcall"} - SIGNATURES.keys()
    assert not set(PRIVATE.values()) - SIGNATURES.keys()


def test_handlers_take_the_first_arguments_of_their_rows() -> None:
    """A handler may ignore arguments at the end, and take none of a call that always fails. It says
    no width and no sign of its own."""
    load_families()
    for name, entry in SYSCALLS.items():
        _, *taken = inspect.signature(entry.handler).parameters.values()
        row = SIGNATURES[name].parameters[: len(taken)]
        assert [place[0] for place in entry.aligned] == [p.name for p in row], name
        assert [place[2] for place in entry.aligned] == [p.kind in WIDE for p in row], name
        assert {parameter.annotation for parameter in taken} <= {int}, name


@pytest.mark.parametrize("row", SIGNATURES.values(), ids=lambda row: row.name)
def test_row_refers_to_what_exists(row: Signature) -> None:
    names = [parameter.name for parameter in row.parameters]
    assert len(set(names)) == len(names)
    assert row.result in RESULTS
    for parameter in row.parameters:
        assert parameter.kind in KINDS
        if parameter.kind in TABLES:
            assert parameter.of in TABLES[parameter.kind]
        if parameter.kind in NEEDS_ARGUMENT:
            assert parameter.of in names
        if parameter.of in ("signed", "unsigned"):
            assert (parameter.kind, parameter.of) in (("int", "unsigned"), ("fd", "signed"))
    # An even register first: no row needs more than the seven there are.
    registers = list(range(7))
    values = row.values(registers)
    assert len(values) == len(names)


def test_pairs_of_registers_are_aligned_when_the_abi_aligns_them() -> None:
    row = SIGNATURES["ftruncate64"]
    assert row.values([3, 0xBAD, 5, 1])["length"] == 5 | 1 << 32
    assert row.values([3, 5, 1, 0xBAD], aligned=False)["length"] == 5 | 1 << 32


def test_rows_are_parsed() -> None:
    assert parse_row("read fd:fd buffer:out(count) count:int -> size") == Signature(
        "read",
        (Parameter("fd", "fd"), Parameter("buffer", "out", "count"), Parameter("count", "int")),
        "size",
    )
    assert parse_rows("a|b x:int")["b"].name == "b"
    with pytest.raises(ValueError, match="not argument:kind"):
        parse_row("read fd")
    with pytest.raises(ValueError, match="two rows for a"):
        parse_rows("a x:int\na y:int")


def test_qemus_format_knows_every_call() -> None:
    for name in SIGNATURES:
        row = qemu.signature(name)
        assert row.name == name
        assert all(parameter.kind in KINDS for parameter in row.parameters)

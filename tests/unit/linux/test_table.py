"""Arguments in registers: signs, pairs and their alignment; what a handler must agree with."""

import pytest

from dbt.linux.table import SYSCALLS, syscall
from dbt.linux.typed.model import parse_row, places, read
from dbt.linux.typed.rows import SIGNATURES


def arguments(row: str, registers: list[int], *, aligned: bool) -> list[int]:
    found = places(parse_row(f"x {row}").parameters, aligned=aligned)
    return list(read(found, registers).values())


def test_pairs_start_at_even_registers_in_the_eabi_only() -> None:
    registers = [1, 2, 3, 4, 5, 6, 7]
    row = "a:ptr b:u64 c:uint"
    assert arguments(row, registers, aligned=True) == [1, 3 | 4 << 32, 5]
    assert arguments(row, registers, aligned=False) == [1, 2 | 3 << 32, 4]


def test_words_are_not_aligned() -> None:
    registers = [1, 2, 3, 4, 5, 6, 7]
    for aligned in (True, False):
        assert arguments("a:ptr b:words64", registers, aligned=aligned) == [1, 2 | 3 << 32]


def test_signed_arguments() -> None:
    ones = [0xFFFFFFFF] * 7
    row = "a:int b:uint c:s64 d:u64"
    assert arguments(row, ones, aligned=False) == [-1, 0xFFFFFFFF, -1, (1 << 64) - 1]


def test_a_row_may_say_the_sign() -> None:
    ones = [0xFFFFFFFF] * 7
    row = "a:int(unsigned) b:fd c:fd(signed) d:words64 e:enum(clock)"
    assert arguments(row, ones, aligned=True) == [0xFFFFFFFF, 0xFFFFFFFF, -1, -1, -1]


def test_the_row_says_the_arguments_and_names_are_taken_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def handler(kernel: object, a: int, b: int, c: int) -> int:
        return 0

    row = parse_row("test-only a:int b:ptr c:s64 d:u64")
    monkeypatch.setitem(SIGNATURES, "test-only", row)
    try:
        syscall("test-only")(handler)
        entry = SYSCALLS["test-only"]
        assert entry.aligned == places(row.parameters[:3], aligned=True)
        assert entry.packed == places(row.parameters[:3], aligned=False)
        with pytest.raises(ValueError, match="two handlers for the system call test-only"):
            syscall("test-only")(handler)
    finally:
        del SYSCALLS["test-only"]


def test_a_handler_must_fit_its_row(monkeypatch: pytest.MonkeyPatch) -> None:
    def handler(kernel: object, a: int, b: int) -> int:
        return 0

    with pytest.raises(ValueError, match="test-only has no row in dbt/linux/typed"):
        syscall("test-only")(handler)
    monkeypatch.setitem(SIGNATURES, "test-only", parse_row("test-only a:int"))
    with pytest.raises(ValueError, match="row of test-only has 1 arguments, its handler 2"):
        syscall("test-only")(handler)
    assert "test-only" not in SYSCALLS


def test_every_handler_is_one_of_arm_s_calls_and_fits_its_registers() -> None:
    from dbt.linux.kernel import load_families
    from frontends.arm.linux_abi import PRIVATE
    from frontends.arm.syscall_names import OABI

    load_families()
    known = set(OABI.values()) | set(PRIVATE.values())
    assert len(SYSCALLS) > 250
    elsewhere = {"fadvise64_64", "newfstatat", "sync_file_range2"}  # names on other architectures
    for name, row in SYSCALLS.items():
        assert name in known | elsewhere, name
        assert len(read(row.aligned, [0] * 7)) == len(row.aligned)

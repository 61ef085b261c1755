"""Arguments in registers: signs, pairs and their alignment."""

import pytest

from dbt.linux.table import S32, S64, SYSCALLS, U64, Entry, syscall


def entry(*kinds: str) -> Entry:
    return Entry("x", lambda: 0, kinds)


def test_pairs_start_at_even_registers_in_the_eabi_only() -> None:
    registers = [1, 2, 3, 4, 5, 6, 7]
    row = entry("u32", "u64", "u32")
    assert row.arguments(registers, aligned=True) == [1, 3 | 4 << 32, 5]
    assert row.arguments(registers, aligned=False) == [1, 2 | 3 << 32, 4]


def test_signed_arguments() -> None:
    ones = [0xFFFFFFFF] * 7
    assert entry("s32", "u32", "s64", "u64").arguments(ones, aligned=False) == [
        -1, 0xFFFFFFFF, -1, (1 << 64) - 1,
    ]  # fmt: skip


def test_annotations_say_the_kinds_and_names_are_taken_once() -> None:
    def handler(kernel: object, a: S32, b: int, c: S64, d: U64) -> int:
        return 0

    try:
        syscall("test-only")(handler)
        assert SYSCALLS["test-only"].kinds == ("s32", "u32", "s64", "u64")
        with pytest.raises(ValueError, match="two handlers for the system call test-only"):
            syscall("test-only")(handler)
    finally:
        del SYSCALLS["test-only"]


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
        assert len(row.arguments([0] * 7, aligned=True)) == len(row.kinds)

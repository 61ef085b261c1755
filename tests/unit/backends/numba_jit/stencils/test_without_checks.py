"""Stencils without checks: the host refuses accesses, and the instruction has done nothing yet."""

import struct

import pytest
from support.stencil_trials import campaign
from support.stencils import Copies, Disk

from backends.numba_jit import abi, tables
from backends.numba_jit.stencils import maker
from backends.numba_jit.stencils.abi import X_FAULT
from backends.numba_jit.stencils.restart import is_restartable
from backends.numba_jit.stencils.signature import PARAMETERS, SIGNATURE, TYPES
from backends.numba_jit.units.objects import ObjectMaker
from dbt.interfaces import EXEC, PAGE, READ, WRITE
from dbt.ir.block import BlockKey

ACCESSES = [
    "LDR_imm", "STR_imm", "LDRH_imm", "STRH_imm", "LDRSB_imm", "LDM", "STM", "LDRD_imm", "STRD_imm",
    "SWP", "SWPB", "LDREX", "STREX", "STREXB", "STREXH", "STREXD",
]  # fmt: skip


def test_rows_that_access_memory_do_what_the_evaluator_does() -> None:
    report = campaign(60, seed=1, rows=ACCESSES, checked=False)
    assert report.differences == []
    assert report.kinds["Fault"] > 200
    assert report.partial > 5


def test_other_rows_do_too() -> None:
    report = campaign(2, seed=2, checked=False)
    assert report.differences == []


@pytest.mark.parametrize("restartable", [True, False])
def test_what_is_not_restartable_is_left_to_the_evaluator(
    monkeypatch: pytest.MonkeyPatch, restartable: bool
) -> None:
    seen: list[bytes] = []

    def judge(code: bytes, patched: set[int]) -> bool:
        seen.append(code)
        return restartable

    monkeypatch.setattr(maker, "is_restartable", judge)
    Disk(monkeypatch.setattr)
    copies = Copies(insns=2, checked=False)
    copies.memory.map(0x8000, PAGE, READ | WRITE | EXEC)
    copies.memory.poke(0x8000, struct.pack("<2I", 0xE5912000, 0xE12FFF1E))  # ldr r2, [r1]; bx lr
    draft = copies.draft(BlockKey(0x8000))
    assert draft is not None
    start, _ = copies.copy(draft, 1)
    copies.state["r1"] = 0x8000
    copies.control[abi.FUEL // 8] = 100
    kind, payload = copies.run(start)
    assert seen
    assert copies.state["r2"] == (0xE5912000 if restartable else 0)
    expected = (abi.X_RETURN, 0) if restartable else (tables.X_SIDE, 1 << 8 | X_FAULT)
    assert (kind, payload) == expected
    copies.close()


def test_a_long_list_of_registers_is_not_copied() -> None:
    for word, fits in ((0xE89107FE, True), (0xE8910FFE, False), (0xE8810FFE, True)):
        copies = Copies(checked=False)
        copies.memory.map(0x8000, PAGE, READ | WRITE | EXEC)
        copies.memory.poke(0x8000, word.to_bytes(4, "little"))
        assert (copies.draft(BlockKey(0x8000)) is not None) is fits
        copies.close()


NEXT = f"""
 %r = musttail call preserve_nonecc i64 @next({PARAMETERS})
 ret i64 %r
}}
declare preserve_nonecc i64 @next({TYPES})
"""
ADDRESS = " %a = load i64, ptr %s\n %g = getelementptr i8, ptr %m, i64 %a\n"
TWO_WAYS = """
 call void asm sideeffect "test %rax, %rax; jne 0f; movl $$7, 8(%rdi); jmp 1f; 0: movl $$7, (%rsi); 1:",
 "~{memory}"()
"""
"""A slot is written where guest memory is not."""
SLOT = " %p = getelementptr i8, ptr %s, i64 8\n"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("%v = load volatile i32, ptr %g\n store volatile i32 %v, ptr %p", True),
        ("store volatile i32 7, ptr %g\n store volatile i32 7, ptr %p", True),
        ("store volatile i32 7, ptr %p", True),
        ("store volatile i32 7, ptr %p\n %v = load volatile i32, ptr %g", False),
        ("store volatile i32 7, ptr %p\n store volatile i32 7, ptr %g", False),
        ('call void asm sideeffect "push %rax; pop %rax", ""()\n store volatile i32 7, ptr %g', False),
        ('call void asm sideeffect "mov %rax, -8(%rsp)", ""()\n store volatile i32 7, ptr %g', False),
        ('call void asm sideeffect "dec %r8d", "~{r8}"()\n store volatile i32 7, ptr %g', False),
        ('store volatile i32 7, ptr %g\n call void asm sideeffect "dec %r8d", "~{r8}"()', True),
        ('call void asm sideeffect "0: jmp 0b", ""()', False),
        (TWO_WAYS, True),
        (f"{TWO_WAYS}\n store volatile i32 7, ptr %g", False),
    ],
)  # fmt: skip
def test_what_is_restartable(body: str, expected: bool) -> None:
    text = f"define preserve_nonecc i64 @f{SIGNATURE} {{\n{ADDRESS}{SLOT} {body}{NEXT}"
    image = ObjectMaker().compile(text, "stencil")
    from backends.numba_jit.stencils.machine_code import read_stencils

    assert is_restartable(read_stencils(image)["f"].code) is expected


@pytest.mark.parametrize(
    "code", ["4889f0c700000000008907", "488d0406c70000000000"], ids=["mov", "lea"]
)
def test_a_copy_of_the_address_of_guest_memory_is_followed(code: str) -> None:
    """``rax`` is set to it, and stored through."""
    assert is_restartable(bytes.fromhex(code))
    assert not is_restartable(bytes.fromhex("8907" + code))  # mov %eax, (%rdi) before


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("0f114708", False),  # movups %xmm0, 8(%rdi)
        ("c5f8114708", False),  # vmovups %xmm0, 8(%rdi)
        ("c5fb114708", False),  # vmovsd %xmm0, 8(%rdi)
        ("c5f8104708", True),  # vmovups 8(%rdi), %xmm0
        ("837f0800", True),  # cmpl $0, 8(%rdi)
        ("f6470801", True),  # testb $1, 8(%rdi)
    ],
)
def test_a_store_of_a_vector_register_is_a_change(code: str, expected: bool) -> None:
    """Capstone says of these stores that they read."""
    access = "890406"  # mov %eax, (%rsi,%rax)
    assert is_restartable(bytes.fromhex(code + access)) is expected


def test_bytes_that_are_no_code_are_refused() -> None:
    assert not is_restartable(bytes.fromhex("90" * 4 + "06"))

"""Stencils without checks: the host refuses accesses, and the instruction has done nothing yet."""

import pytest
from support.stencil_trials import campaign

from backends.numba_jit.stencils import maker
from backends.numba_jit.stencils.restart import is_restartable
from backends.numba_jit.units.objects import ObjectMaker

ACCESSES = [
    "LDR_imm", "STR_imm", "LDRH_imm", "STRH_imm", "LDRSB_imm", "LDM", "STM", "LDRD_imm", "STRD_imm",
    "SWP", "LDREX", "STREX", "STREXD",
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
def test_what_is_not_restartable_is_checked(
    monkeypatch: pytest.MonkeyPatch, restartable: bool
) -> None:
    """Then the host has nothing to refuse."""
    seen: list[bytes] = []

    def judge(code: bytes) -> bool:
        seen.append(code)
        return restartable

    monkeypatch.setattr(maker, "is_restartable", judge)
    monkeypatch.setattr("backends.native.cache.read", lambda name, key: None)
    monkeypatch.setattr("backends.native.cache.write", lambda name, key, content: None)
    report = campaign(40, seed=3, rows=["LDR_imm", "STR_imm"], checked=False)
    assert seen
    assert report.differences == []
    assert report.kinds["Fault"] > 50
    assert bool(report.by_host) is restartable


SIGNATURE = "define preserve_nonecc i64 @f(ptr noalias %s, ptr noalias %m, i64 %f) nounwind"
NEXT = """
 %r = musttail call preserve_nonecc i64 @next(ptr %s, ptr %m, i64 %f)
 ret i64 %r
}
declare preserve_nonecc i64 @next(ptr, ptr, i64)
"""
ADDRESS = " %a = load i64, ptr %s\n %g = getelementptr i8, ptr %m, i64 %a\n"
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
        ('call void asm sideeffect "dec %r14d", "~{r14}"()\n store volatile i32 7, ptr %g', False),
        ('store volatile i32 7, ptr %g\n call void asm sideeffect "dec %r14d", "~{r14}"()', True),
        ('call void asm sideeffect "0: jmp 0b", ""()', False),
    ],
)  # fmt: skip
def test_what_is_restartable(body: str, expected: bool) -> None:
    text = f"{SIGNATURE} {{\n{ADDRESS}{SLOT} {body}{NEXT}"
    image = ObjectMaker().compile(text, "stencil")
    from backends.numba_jit.stencils.machine_code import read_stencils

    assert is_restartable(read_stencils(image)["f"].code) is expected


@pytest.mark.parametrize(
    "code", ["4c89e8c7000000000041890424", "498d440500c70000000000"], ids=["mov", "lea"]
)
def test_a_copy_of_the_address_of_guest_memory_is_followed(code: str) -> None:
    """``rax`` is set to it, and stored through."""
    assert is_restartable(bytes.fromhex(code))
    assert not is_restartable(bytes.fromhex("41890424" + code))  # mov %eax, (%r12) before


def test_bytes_that_are_no_code_are_refused() -> None:
    assert not is_restartable(bytes.fromhex("90" * 4 + "06"))

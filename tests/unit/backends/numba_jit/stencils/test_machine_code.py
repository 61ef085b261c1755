"""Functions cut out of object files."""

import pytest
from support.rig import LAYOUT

from backends.numba_jit.stencils import machine_code
from backends.numba_jit.stencils.machine_code import StencilError, read_stencils
from backends.numba_jit.stencils.shared_text import compile_shared
from backends.numba_jit.stencils.signature import PARAMETERS, SIGNATURE, TYPES
from backends.numba_jit.units.objects import ObjectMaker

CALL = f"musttail call preserve_nonecc i64 {{}}({PARAMETERS})"
DECLARED = f"""
declare preserve_nonecc i64 @next({TYPES})
declare preserve_nonecc i64 @fault({TYPES})
@link0 = external dso_local global ptr
@link1 = external dso_local global ptr
@h0 = extern_weak dso_local global i8, align 1, !absolute_symbol !{{i64 0, i64 100}}
"""


def goes(to: str) -> str:
    return f" %r{to} = {CALL.format('@' + to)}\n ret i64 %r{to}\n"


def function(name: str, body: str) -> str:
    return f"define preserve_nonecc i64 @{name}{SIGNATURE} {{\n{body}}}\n"


def goes_by(link: int) -> str:
    return (
        f" %l{link} = load ptr, ptr @link{link}\n"
        f" %r{link} = {CALL.format(f'%l{link}')}\n ret i64 %r{link}\n"
    )


def compiled(*functions: str) -> bytes:
    return ObjectMaker().compile("\n".join(functions) + DECLARED, "stencil")


STORE = " store i64 ptrtoint (ptr @h0 to i64), ptr %s\n"
LAST = function("last", STORE + goes("next"))
EARLY = function(
    "early",
    " %v = load i64, ptr %s\n %c = icmp eq i64 %v, 0\n br i1 %c, label %a, label %b\n"
    "a:\n store i64 7, ptr %s\n" + goes("fault") + "b:\n" + goes("next"),
)
OTHER = function("other", STORE + goes("fault"))


def test_a_jump_to_next_at_the_end_is_left_out() -> None:
    found = read_stencils(compiled(LAST, OTHER))
    last, other = found["last"], found["other"]
    assert [patch.name for patch in last.patches] == ["h0"]
    assert [patch.name for patch in other.patches] == ["h0", "fault"]
    assert other.code[: len(last.code)] == last.code
    assert len(other.code) == len(last.code) + 5
    assert other.code[-5] == 0xE9
    jump = other.patches[-1]
    assert (jump.offset, jump.size, jump.addend, jump.relative) == (
        len(other.code) - 4,
        4,
        -4,
        True,
    )
    assert not last.patches[0].relative


def test_patches_lie_within_their_own_function() -> None:
    found = read_stencils(compiled(LAST, EARLY, OTHER))
    assert found.keys() == {"last", "early", "other"}
    for stencil in found.values():
        assert stencil.patches
        for patch in stencil.patches:
            assert 0 <= patch.offset <= len(stencil.code) - patch.size
    names = {patch.name for patch in found["early"].patches}
    assert "fault" in names


def test_a_jump_to_next_elsewhere_is_patched() -> None:
    body = (
        " %v = load i64, ptr %s\n %c = icmp eq i64 %v, 0\n"
        " br i1 %c, label %a, label %b, !prof !1\n"
        "a:\n store i64 7, ptr %s\n" + goes("next") + "b:\n store i64 8, ptr %s\n" + goes("fault")
    )
    weights = '!1 = !{!"branch_weights", i32 100000, i32 1}\n'
    stencil = read_stencils(compiled(function("f", body), weights))["f"]
    assert [patch.name for patch in stencil.patches] == ["next", "fault"]
    assert stencil.patches[-1].offset == len(stencil.code) - 4


def test_unknown_relocations_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    image = compiled(LAST)
    read_stencils(image)
    jumps = {kind: machine_code._SIZES[kind] for kind in (machine_code.CALL32,)}
    monkeypatch.setattr(machine_code, "_SIZES", jumps)
    with pytest.raises(StencilError, match="relocation types"):
        read_stencils(image)


def test_what_has_constants_apart_from_its_code_is_left_out() -> None:
    body = (
        " %v = load <16 x i8>, ptr %s\n"
        " %w = xor <16 x i8> %v, <i8 1, i8 2, i8 3, i8 4, i8 5, i8 6, i8 7, i8 8,"
        " i8 9, i8 10, i8 11, i8 12, i8 13, i8 14, i8 15, i8 99>\n"
        " store <16 x i8> %w, ptr %s\n" + goes("next")
    )
    plain = " store i64 7, ptr %s\n" + goes("next")
    both = function("f", body) + function("g", plain)
    assert read_stencils(compiled(both)) == read_stencils(compiled(function("g", plain)))


def test_a_jump_by_a_link_loads_nothing_before() -> None:
    test = " %v = load i64, ptr %s\n %c = icmp eq i64 %v, 0\n br i1 %c, label %a, label %b\n"
    body = f"{test}a:\n{goes_by(0)}b:\n{goes_by(1)}"
    stencil = read_stencils(compiled(function("branch", body)))["branch"]
    assert [patch.name for patch in stencil.patches] in (["link0", "link1"], ["link1", "link0"])
    for patch in stencil.patches:
        assert stencil.code[patch.offset - 2 : patch.offset] == bytes.fromhex("ff25")
        assert (patch.size, patch.addend, patch.relative) == (4, -4, True)
    first, second = stencil.patches
    assert stencil.code[first.offset + 4 : second.offset - 2] == b"\xcc" * 3  # nothing has moved
    assert second.offset + 4 == len(stencil.code)


@pytest.mark.parametrize("name", ["head", "hothead"])
def test_a_block_begins_without_a_jump(name: str) -> None:
    head = read_stencils(compile_shared(LAYOUT))[name]
    assert [patch.name for patch in head.patches][-2:] == ["count", "fuel"]
    assert head.code[-6:-4] == bytes.fromhex("0f88")  # js
    assert head.patches[-1].offset == len(head.code) - 4

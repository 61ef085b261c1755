"""Names of C++ and Rust, as they were written."""

import subprocess
import sys

import pytest

from dbt.demangling import is_clone, readable, spellings


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("_ZN3Foo3barEi", "Foo::bar(int)"),
        ("_ZNKSt6vectorIiSaIiEE4sizeEv", "std::vector<int, std::allocator<int>>::size() const"),
        ("_ZN3Foo3barEi.part.0", "Foo::bar(int) (.part.0)"),
        ("_ZTV3Foo", "vtable for Foo"),
        ("_ZN5crate5twice17h0123456789abcdefE", "crate::twice"),
        ("_RNvMNtCs1234_5crate5shapeNtB2_5Round5first", "<crate::shape::Round>::first"),
        ("main", "main"),
        ("_Zfoo", "_Zfoo"),
        ("_Rust", "_Rust"),
        ("f__Fv", "f__Fv"),
        ("?f@@YAXH@Z", "?f@@YAXH@Z"),
        ("", ""),
    ],
)
def test_readable(name: str, written: str) -> None:
    assert readable(name) == written


def test_spellings() -> None:
    assert spellings("_Z3maxIiET_S0_S0_") == (
        "int max<int>(int, int)", "max<int>(int, int)", "max<int>", "max",
    )  # fmt: skip
    assert spellings("_ZThn8_N3Foo3barEv") == ("non-virtual thunk to Foo::bar()",)
    assert spellings("_ZN3FoossEi")[2:] == ("Foo::operator<=>",) * 2
    assert spellings("_ZN3FoogtEi")[2:] == ("Foo::operator>",) * 2
    assert spellings("main") == ("main",)


def test_clones() -> None:
    """Older names of Rust have dots, too."""
    assert is_clone("_ZN3Foo3barEi.constprop.0")
    assert is_clone("_ZN3Foo3barEi.part.1.isra.0")
    assert not is_clone("_ZN3Foo3barEi")
    assert not is_clone(
        "_ZN42_$LT$alloc..vec..Vec$LT$T$GT$$u20$as$u20$X$GT$3new17h0123456789abcdefE"
    )


def doubling(steps: int) -> str:
    """A name in which each part has the one before twice."""
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    name, before = "_Z1fPi", "S_"
    for step in range(steps):
        name += f"PFv{before}{before}E"
        before = f"S{digits[2 * step + 1]}_"
    return name


@pytest.mark.parametrize(
    "name",
    [
        "_Z1f" + "P" * 4000 + "i",
        "_Z1f" + "1AI" * 1300 + "i" + "E" * 1300,
        "_RNvC1a" + "R" * 3000,
        doubling(17),
    ],
    ids=["deep", "nested", "rust", "doubling"],
)
def test_a_name_that_is_made_up_is_read_or_left(name: str) -> None:
    assert len(readable(name)) < 70_000
    assert spellings(name)


def test_what_needs_no_library_imports_none() -> None:
    script = (
        "import sys; from dbt.demangling import is_clone, readable, spellings; readable('main');"
        "spellings('_start'); assert 'demangle' not in sys.modules; readable('_ZN3Foo3barEi');"
        "assert 'demangle' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)

"""The names of functions: of C++ and Rust, of several the public one, and that which was asked
for."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from support.guests import guest
from support.oracle import lacking, need_root
from support.runs import command

import dbt
from dbt.choices import AmbiguousName
from dbt.linux.options import LinuxOptions
from dbt.stops import UsageError

STATES = pytest.mark.parametrize("program", ["named", "thumb_named"])


def opened(program: str, *args: str) -> dbt.Process:
    return dbt.Process(str(guest(program)), args, env={}, stdout=dbt.CAPTURE)


def called(process: dbt.Process, *names: str) -> list[str]:
    """The names that hooks are told when the program calls functions by these names."""
    seen: list[str] = []
    for name in names:
        process.hooks.on_call(name, lambda event: seen.append(event.symbol))
    process.run()
    return seen


@STATES
def test_functions_are_asked_for_as_they_are_written(program: str) -> None:
    names = [
        "Foo::bar(int)", "Foo::only", "largest<int>(int, int)", "shape::Round::first()",
        "crate::twice", "crate::thrice",
    ]  # fmt: skip
    with opened(program) as process:
        assert called(process, *names) == names


@STATES
@pytest.mark.parametrize(
    ("asked", "mangled"),
    [
        ("int largest<int>( int,int )", "_Z7largestIiET_S0_S0_"),
        ("largest<int>", "_Z7largestIiET_S0_S0_"),
        ("largest", "_Z7largestIiET_S0_S0_"),
        ("Foo::bar(char)", "_ZN3Foo3barEc"),
        ("Foo::only", "_ZN3Foo4onlyERKi"),  # not its part
        ("Foo::only(int const&)", "_ZN3Foo4onlyERKi"),
        ("Foo::only(int const&) (.part.0)", "_ZN3Foo4onlyERKi.part.0"),
    ],
)
def test_which_function_is_meant(program: str, asked: str, mangled: str) -> None:
    with opened(program) as process:
        location = process.resolve(asked)
        assert process.symbolize(location & ~1).startswith(f"{asked} in")
    with opened(program) as process:
        assert process.resolve(mangled) == location
        assert location & 1 == (program == "thumb_named")
        assert process.symbolize(location & ~1).startswith(f"{mangled} in")


@STATES
def test_what_several_functions_are_called_is_refused(program: str, tmp_path: Path) -> None:
    said = "symbol 'Foo::bar' is ambiguous (one of Foo::bar(int), Foo::bar(char))"
    with opened(program) as process, pytest.raises(AmbiguousName) as refused:
        process.hooks.on_call("Foo::bar", print)
    assert str(refused.value) == said
    for words in (("calls", "--only", "Foo::bar"), ("run", "--no-chain", "Foo::bar")):
        outcome = command(*words, str(guest(program)), cwd=tmp_path)
        assert (outcome.status, outcome.stderr.decode()) == (2, f"armdbt: {said}\n")
    outcome = command("spy", "--call", "Foo::bar", str(guest(program)), cwd=tmp_path)
    assert (outcome.status, outcome.stderr.decode()) == (2, f"armdbt: {said}\n")


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("Foo::bra", "Foo::bar"),
        ("foo::only", "Foo::only"),
        ("largst<int>(int, int)", "largest<int>(int, int)"),
        ("crate::trice", "crate::thrice"),
        ("grnat", "grant"),
    ],
)
def test_misspelt(asked: str, meant: str) -> None:
    with opened("named") as process, pytest.raises(UsageError) as refused:
        process.resolve(asked)
    assert str(refused.value) == f"no symbol {asked!r}; did you mean {meant!r}?"


@STATES
def test_of_several_names_the_public_one_is_shown(program: str, tmp_path: Path) -> None:
    with opened(program) as process:
        pcs = {process.resolve(name) for name in ("__grant", "__libc_grant", "grant")}
        assert len(pcs) == 1
    with opened(program) as process:
        assert process.symbolize(pcs.pop() & ~1).startswith("grant in")
    outcome = command("calls", "--max-depth", "3", str(guest(program)), cwd=tmp_path)
    shown = outcome.stderr.decode()
    assert " grant(0x9" in shown
    assert "__grant" not in shown
    assert "__libc_grant" not in shown
    assert " int largest<int>(int, int)(0x4, 0x5" in shown


@STATES
@pytest.mark.parametrize("name", ["grant", "__grant", "__libc_grant"])
def test_the_name_that_was_asked_for_is_shown(program: str, name: str, tmp_path: Path) -> None:
    outcome = command("calls", "--only", name, str(guest(program)), cwd=tmp_path)
    assert f" {name}(0x9" in outcome.stderr.decode()
    with opened(program) as process:
        assert called(process, name) == [name]


def test_names_are_not_made_of_numbers(tmp_path: Path) -> None:
    """A word that is a number and part of mangled names is an address."""
    with opened("named") as process:
        assert process.resolve("3") == 3


def test_a_name_that_nothing_has_is_said_with_a_similar_one(tmp_path: Path) -> None:
    outcome = command("calls", "--only", "Foo::ony", str(guest("named")), cwd=tmp_path)
    assert outcome.status == 2
    assert outcome.stderr == b"armdbt: no symbol 'Foo::ony'; did you mean 'Foo::only'?\n"


CPP = """
#include <string>
struct Shape { virtual ~Shape() {} virtual int area(int scale) const = 0; };
struct Square : Shape { int area(int scale) const override { return 4 * scale; } };
template <class T> __attribute__((noinline)) T sum(T a, T b) { return a + b; }
int main() {
    Square square;
    const Shape *shape = &square;
    std::string text = "x";
    for (int i = 0; i < 3; i++) text += std::to_string(shape->area(i));
    return sum(1, 2) + sum(1.5, 2.5) + text.size() - 11;
}
"""


def test_a_program_in_cpp(tmp_path: Path) -> None:
    """The names that a compiler makes."""
    root = need_root()
    compiler = "arm-linux-gnueabi-g++"
    if shutil.which(compiler) is None:
        lacking(f"needs {compiler} (Debian: g++-arm-linux-gnueabi)")
    (tmp_path / "shapes.cc").write_text(CPP)
    subprocess.run([compiler, "-O1", "-g", "-o", "shapes", "shapes.cc"], cwd=tmp_path, check=True)
    names = ("Square::area(int) const", "sum<int>")
    only = [word for name in names for word in ("--only", name)]
    words = ("--format", "callgrind:profile", "-L", str(root), *only, str(tmp_path / "shapes"))
    outcome = command("calls", *words, cwd=tmp_path)
    assert outcome.status == 0, outcome.stderr
    text = (tmp_path / "profile").read_text()
    for name in (*names, f"{tmp_path}/shapes.cc"):
        assert re.search(rf"=\(\d+\) {re.escape(name)}\n", text), name
    with dbt.Process(str(tmp_path / "shapes"), linux=LinuxOptions(root=str(root))) as process:
        line = process.line(process.resolve("Square::area"))
        assert line is not None
        assert (line.path, line.number) == (str(tmp_path / "shapes.cc"), 4)
    wrong = command("calls", "--only", "sum", *words[2:4], str(tmp_path / "shapes"), cwd=tmp_path)
    assert wrong.status == 2
    assert b"'sum' is ambiguous (one of " in wrong.stderr

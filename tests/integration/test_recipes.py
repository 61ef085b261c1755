"""What recipes for developers, the README and the contract show is code that works."""

import contextlib
import re
import shlex
import subprocess
import sys
import textwrap
import tomllib
from pathlib import Path
from typing import Any

import pytest
from support.guests import BENCHMARKS, DEMO, ROOT, guest
from support.oracle import need_root
from support.pages import DOCS, blocks
from support.runs import command

import dbt
from dbt.parser import parser_of
from dbt.plugins import GROUPS

RECIPES = DOCS / "recipes"


def block(page: Path, language: str, number: int = 0) -> str:
    """A block of a page, without the margin of the list that it is in."""
    found = [text for name, text in blocks(page) if name == language]
    return textwrap.dedent(found[number])


def test_the_mechanism_of_the_recipe_finds_calls() -> None:
    names: dict[str, Any] = {"__name__": "mine"}
    exec(block(RECIPES / "add-a-mechanism.md", "python"), names)
    with dbt.Process(str(DEMO), ["3"], env={}, stdout=dbt.CAPTURE) as process:
        events: list[str] = []
        process.hooks.on_call("fib", lambda _: events.append("call"), mechanism=names["Mine"])
        process.hooks.on_return("fib", lambda _: events.append("return"), mechanism=names["Mine"])
        process.run()
    assert (events.count("call"), events.count("return")) == (465, 465)


def test_the_pass_of_the_recipe_counts(tmp_path: Path) -> None:
    page = RECIPES / "add-a-pass.md"
    script = (
        f"{block(page, 'python')}\n"
        "import dbt\n"
        f"with dbt.Process({str(DEMO)!r}, ['3'], passes=['swi-count{{counter=calls}}'], env={{}},\n"
        "                 stdout=dbt.CAPTURE) as process:\n"
        "    process.run()\n"
        "    print(process.counters.snapshot())\n"
    )
    (tmp_path / "swi_count.py").write_text(script)
    done = subprocess.run(
        [sys.executable, tmp_path / "swi_count.py"], capture_output=True, text=True, check=False
    )
    assert done.stdout == "{'calls': 11}\n", done.stderr
    (group,) = tomllib.loads(block(page, "toml"))["project"]["entry-points"]
    assert group in GROUPS


def test_the_pass_of_the_contract_is_local() -> None:
    from dbt.interfaces.passes import is_local

    names: dict[str, Any] = {}
    before = "from typing import ClassVar\nfrom dbt.interfaces import Place\n"
    exec(
        f"{before}from dbt.ir.block import Block\n{block(DOCS / 'instrumentation.md', 'python')}",
        names,
    )
    assert is_local(names["SwiCount"]())


@pytest.mark.parametrize(
    ("page", "language", "folder"),
    [
        ("add-an-instruction", "python", "frontends/arm/lift"),
        ("add-a-system-call", "text", "dbt/linux/typed"),
    ],
)
def test_the_code_of_the_recipe_is_the_code(page: str, language: str, folder: str) -> None:
    there = "".join(path.read_text() for path in sorted((ROOT / folder).glob("*.py")))
    shown = block(RECIPES / f"{page}.md", language)
    assert shown.strip() in textwrap.dedent(there) or all(
        line.strip() in there for line in shown.splitlines()
    )


def test_the_handler_of_the_recipe_is_one() -> None:
    shown = block(RECIPES / "add-a-system-call.md", "python")
    signature = shown[: shown.index(":\n") + 1]
    assert signature in (ROOT / "dbt" / "linux" / "calls" / "scheduling.py").read_text()


def test_targets_that_developers_are_shown_are_there() -> None:
    targets = re.findall(r"^(\w+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)
    shown = block(ROOT / "CONTRIBUTING.md", "sh") + block(ROOT / "README.md", "sh")
    named = re.findall(r"^make (\w+)", shown, re.MULTILINE)
    assert named
    assert {*named} <= {*targets}


# -- command lines with places to be filled in ------------------------------------------------------

FILLED = {
    "PROG ARGS…": "demo.elf 3", "PROG": "demo.elf 3", "0|1|2|auto": "1", "malloc": "main",
    "0x10400": "0x10238", "LOG": "log", "ARGS": "3",
    "OLD.json NEW.json": f"{DOCS}/experiments/chaining-fib.json {DOCS}/experiments/chaining-fib.json",
}  # fmt: skip


def lines(page: Path, number: int) -> list[str]:
    """The command lines of a block, without what is said of them."""
    found = block(page, "sh", number).splitlines()
    return [line for one in found if (line := one.partition("  # ")[0].strip())]


def filled(line: str) -> list[str]:
    """The words of a command line behind ``armdbt``, with a program that there is."""
    if "Foo::bar" in line:
        line = line.replace("-L ROOT PROG", str(guest("named")))
    line = line.replace("ROOT", str(need_root())) if "ROOT" in line else line
    for place, word in FILLED.items():
        line = re.sub(rf"(?<![\w/.]){re.escape(place)}(?![\w/])", lambda _, word=word: word, line)
    return shlex.split(re.sub(r"\[.*?\]", "", line))[1:]


@pytest.mark.parametrize("line", lines(ROOT / "README.md", 1))
def test_the_command_line_of_the_readme_runs(line: str, tmp_path: Path) -> None:
    (tmp_path / "demo.elf").write_bytes(DEMO.read_bytes())
    environment = {"ARMDBT_CACHE": str(tmp_path / "cache")} if "cache" in line else {}
    if "replay" in line:
        assert command("run", "--record", "log", "demo.elf", "3", cwd=tmp_path).status == 0
    words = filled(line.partition(" > ")[0])
    if words[0] == "explain":
        words.remove("3")
    if "-g" in words:  # it would wait for a debugger: docs/debugger.md has one
        assert parser_of("run").parse_args(words).command
        return
    done = command(*words, cwd=tmp_path, env=environment or None, timeout=300)
    stopped = 125 if "swi-filter" in line else 0  # the program writes, which is not allowed
    assert done.status == stopped, (words, done.stderr.decode())


@pytest.mark.parametrize(
    "line",
    [
        *lines(ROOT / "README.md", 3),
        *lines(RECIPES / "run-with-many-parameters.md", 0),
    ],
)
def test_the_laboratory_is_one(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    """An unknown option would be refused before --help is answered."""
    words = filled(line.replace("PROG", "").replace("ARGS…", "").replace("ARGS", ""))
    arguments = parser_of("bench").parse_args([*words, "--help"])
    with contextlib.suppress(SystemExit):
        assert arguments.command(arguments) == 0
    assert "usage: armdbt bench" in capsys.readouterr().out


@pytest.mark.parametrize("line", lines(DOCS / "profiling.md", 0))
def test_what_perf_is_given_runs(line: str, tmp_path: Path) -> None:
    (tmp_path / "fib.elf").write_bytes((BENCHMARKS / "fib.elf").read_bytes())
    ours = re.search(r"armdbt (run .*?)(?: &&|$)", line)
    if ours is None:
        assert line.startswith("perf inject --jit ")
        return
    words = ours[1].replace("38", "5").split()
    assert command(*words, cwd=tmp_path).stdout == b"fib 5\n"

"""Textual tests of the IR: a header, blocks, and after each block what must come of it.

    test pass NAME{OPTION=VALUE}   the block after the pass, verified before and after
    test pipeline                  the same for the whole pipeline
    test verifier                  ``ok``, or the message of the verifier with its marked line
    test roundtrip                 nothing: printing what was parsed gives the text back
    test eval                      see below

An expectation is the block of ``; `` comments that follows. For ``eval`` a case holds lines
``; given SLOT=VALUE ...`` before its block (memory: ``[ADDRESS:SIZE]=VALUE``) and expects how the block
leaves, the slots that changed, and counters and stacks that are not empty.
"""

import difflib
import re
from collections.abc import Callable
from pathlib import Path

import attrs
from support.rig import DATA, LAYOUT, Rig, rigged

from backends.reference import ReferenceBackend
from dbt.ir.block import Block
from dbt.ir.parser import parse_block
from dbt.ir.printer import print_block
from dbt.ir.verifier import VerifyError, verify
from dbt.passes.pipeline import Pipeline
from dbt.passes.registry import parse_pass


class Mismatch(AssertionError):
    """The command says something else."""


@attrs.define
class Case:
    """A block's text with the comments above it, and what is expected of it."""

    name: str
    line: int
    lead: list[str]
    text: str
    expected: str

    def given(self) -> list[str]:
        """Words of the ``; given`` lines."""
        words = [line[7:].split() for line in self.lead if line.startswith("; given")]
        return [word for row in words for word in row]


@attrs.define
class FileTest:
    """A file: its header, its command and its cases."""

    path: Path
    header: list[str]
    command: str
    cases: list[Case]

    def check(self, index: int) -> None:
        """Raises Mismatch when a case says something else than expected."""
        case = self.cases[index]
        found = run(self.command, case)
        if found != case.expected:
            diff = difflib.unified_diff(
                case.expected.splitlines(),
                found.splitlines(),
                "expected",
                "found",
                lineterm="",
                n=20,
            )
            raise Mismatch("\n".join([f"{self.path.name}: {case.name}", *diff]))

    def bless(self) -> None:
        """Rewrite the expectations."""
        parts = ["\n".join(self.header).rstrip() + "\n"]
        for case in self.cases:
            found = run(self.command, case)
            comment = "".join(f"; {line}".rstrip() + "\n" for line in found.splitlines())
            lead = "".join(line + "\n" for line in case.lead)
            parts.append(f"{lead}{case.text}{comment}")
        text = "\n".join(parts)
        if text != self.path.read_text():
            self.path.write_text(text)


def load(path: Path) -> FileTest:
    """Read a file. Raises ValueError when it has no ``test`` line or no block."""
    lines = path.read_text().splitlines()
    start = next((i for i, line in enumerate(lines) if line.startswith("block ")), None)
    command = next((line[5:].strip() for line in lines if line.startswith("test ")), None)
    if start is None or command is None:
        raise ValueError(f"{path}: a test line and a block are needed")
    while start and lines[start - 1].startswith(";"):
        start -= 1
    return FileTest(path, lines[:start], command, list(_cases(lines, start)))


def _cases(lines: list[str], at: int) -> "list[Case]":
    cases = []
    while at < len(lines):
        lead, body, after = [], [], []
        line = at + 1
        while at < len(lines) and not lines[at].startswith("block "):
            if lines[at].startswith(";"):
                lead.append(lines[at])
            at += 1
        while at < len(lines) and (not body or body[-1] != "}"):
            body.append(lines[at])
            at += 1
        while at < len(lines) and lines[at].startswith(";"):
            after.append(lines[at][2:])
            at += 1
        if body:
            title = next((text[2:] for text in lead if not text.startswith("; given")), "")
            name = title or f"case {len(cases) + 1}"
            expected = "".join(text + "\n" for text in after)
            cases.append(Case(name, line, lead, "\n".join(body) + "\n", expected))
    return cases


# -- Commands ----------------------------------------------------------------------------------------


def run(command: str, case: Case) -> str:
    """What a command says of a case."""
    name, _, rest = command.partition(" ")
    return COMMANDS[name](case, rest.strip())


class ToyConvention:
    """A system call convention: the number in r5, or in an immediate from 0x100 on."""

    number_slot = "r5"
    numbers = {"exit": 1, "write": 4}
    names = numbers.keys()

    def immediate_number(self, immediate: int) -> int | None:
        return immediate - 0x100 if immediate >= 0x100 else None

    def number_of(self, name: str) -> int:
        return self.numbers[name]


def _pass(case: Case, spelling: str) -> str:
    pass_ = parse_pass(spelling)
    bind = getattr(pass_, "bind", None)
    return _rewritten(case, (bind(ToyConvention()) if bind else pass_).run)


def _pipeline(case: Case, _: str) -> str:
    return _rewritten(case, Pipeline.default().run)


def _rewritten(case: Case, rewrite: Callable[[Block], None]) -> str:
    block = parse_block(case.text)
    verify(block)
    rewrite(block)
    verify(block)
    return print_block(block)


def _verifier(case: Case, _: str) -> str:
    try:
        verify(parse_block(case.text), LAYOUT)
    except VerifyError as error:
        return str(error) + "\n"
    return "ok\n"


def _roundtrip(case: Case, _: str) -> str:
    text = print_block(parse_block(case.text))
    if text != case.text:
        raise Mismatch(f"printed as\n{text}")
    return ""


def _eval(case: Case, _: str) -> str:
    block = parse_block(case.text)
    with rigged(ReferenceBackend()) as machine:
        machine.memory.write(DATA, bytes(64))
        for word in case.given():
            _give(machine, word)
        before = machine.state.snapshot()
        machine.install(block)
        event = machine.executor.run(block.key)
        lines = [str(event)]
        for slot, value in machine.state.snapshot().items():
            if value != before[slot]:
                lines.append(f"{slot}={value:#x}")
        data = machine.memory.peek(DATA, 64)
        if any(data):
            lines.append(f"memory={data.rstrip(bytes(1)).hex()}")
        for what in ("counters", "stacks"):
            shown = machine.snapshot()[what]
            if shown:
                lines.append(f"{what}={shown}")
    return "\n".join(lines) + "\n"


def _give(machine: Rig, word: str) -> None:
    name, _, value = word.partition("=")
    place = re.fullmatch(r"\[(\w+):(\d)\]", name)
    if place:
        machine.memory.store(int(place[1], 0), int(place[2]), int(value, 0))
    else:
        machine.state.set(name, int(value, 0))


COMMANDS: dict[str, Callable[[Case, str], str]] = {
    "pass": _pass,
    "pipeline": _pipeline,
    "verifier": _verifier,
    "roundtrip": _roundtrip,
    "eval": _eval,
}

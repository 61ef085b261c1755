"""Reads blocks from text: the inverse of ``dbt/ir/printer.py``. Does not verify them."""

import json
import re
from collections.abc import Iterator

from dbt.ir.block import (
    Block,
    BlockKey,
    Branch,
    Call,
    Const,
    Exit,
    Goto,
    Halt,
    Hook,
    Inst,
    Jump,
    Return,
    Swi,
    Value,
)
from dbt.ir.ops import OPS
from dbt.ir.printer import IR_VERSION
from dbt.ir.types import I32, TYPES, Type

_TOKEN = re.compile(
    r"""\s*(?:(?P<string>"(?:[^"\\]|\\.)*")|(?P<value>%[\w?]+)|(?P<number>\d\w*)
    |(?P<word>[A-Za-z_][\w.-]*)|(?P<mark>[:=,@{}])|(?P<comment>;.*)|(?P<bad>\S))""",
    re.VERBOSE,
)
_EXITS = frozenset({"goto", "branch", "jump", "call", "return", "swi", "hook", "halt"})


class ParseError(ValueError):
    """Text that is no IR; the message names the line."""


def parse_block(text: str) -> Block:
    """The one block in a text. Raises ParseError."""
    blocks = parse_blocks(text)
    if len(blocks) != 1:
        raise ParseError(f"one block expected, found {len(blocks)}")
    return blocks[0]


def parse_blocks(text: str) -> list[Block]:
    """All blocks in a text, in order. Raises ParseError."""
    lines = ((number, line) for number, line in enumerate(text.splitlines(), 1))
    return list(_Parser(lines).blocks())


class _Line:
    """The tokens of one line, taken one by one."""

    def __init__(self, number: int, text: str) -> None:
        self.number = number
        self.text = text
        self.tokens: list[tuple[str, str]] = []
        for match in _TOKEN.finditer(text):
            kind = match.lastgroup or ""
            if kind == "bad":
                raise self.error(f"unexpected {match[kind]!r}")
            if kind != "comment":
                self.tokens.append((kind, match[kind]))
        self.at = 0

    def error(self, message: str) -> ParseError:
        return ParseError(f"line {self.number}: {message}: {self.text.strip()}")

    @property
    def more(self) -> bool:
        return self.at < len(self.tokens)

    def peek(self) -> tuple[str, str]:
        return self.tokens[self.at] if self.more else ("end", "end of line")

    def take(self, *kinds: str) -> str:
        kind, text = self.peek()
        if kind not in kinds:
            raise self.error(f"{' or '.join(kinds)} expected, not {text!r}")
        self.at += 1
        return text

    def accept(self, text: str) -> bool:
        found = self.more and self.tokens[self.at][1] == text
        self.at += found
        return found

    def expect(self, text: str) -> None:
        if not self.accept(text):
            raise self.error(f"{text!r} expected, not {self.peek()[1]!r}")

    def number_(self) -> int:
        text = self.take("number")
        try:
            return int(text, 0)
        except ValueError:
            raise self.error(f"bad number {text!r}") from None

    def type(self) -> Type:
        name = self.take("word")
        if name not in TYPES:
            raise self.error(f"unknown type {name!r}")
        return TYPES[name]

    def name(self) -> str:
        kind, text = self.peek()
        self.take("word", "string")
        return str(json.loads(text)) if kind == "string" else text

    def key(self) -> BlockKey:
        pc = self.number_()
        return BlockKey(pc, self.number_() if self.accept("@") else 0)

    def end(self) -> None:
        if self.more:
            raise self.error(f"unexpected {self.peek()[1]!r}")


class _Parser:
    """Reads lines; ``values`` are those of the block now read, by name."""

    def __init__(self, lines: Iterator[tuple[int, str]]) -> None:
        self._source = (line for number, text in lines if (line := _Line(number, text)).tokens)
        self._values: dict[str, Inst] = {}

    def blocks(self) -> Iterator[Block]:
        for line in self._source:
            if line.accept("ir"):
                if line.number_() != IR_VERSION:
                    raise line.error(f"this reads version {IR_VERSION}")
            else:
                line.expect("block")
                yield self._block(line)

    def _block(self, head: _Line) -> Block:
        key = head.key()
        size = head.number_() if head.accept("size") else 0
        head.expect("{")
        head.end()
        self._values = {}
        insts: list[Inst] = []
        for line in self._source:
            if line.peek()[1] in _EXITS:
                exit_ = self._exit(line)
                line.end()
                self._close(line)
                return Block(key, insts, exit_, size)
            insts.append(self._inst(line))
        raise head.error("the block has no exit")

    def _close(self, line: _Line) -> None:
        after = next(self._source, None)
        if after is None:
            raise line.error("the block is not closed")
        after.expect("}")
        after.end()

    def _inst(self, line: _Line) -> Inst:
        name, type_ = None, None
        if line.peek()[0] == "value":
            name = line.take("value")
            line.expect(":")
            type_ = line.type()
            line.expect("=")
        op_name = line.take("word")
        if op_name not in OPS:
            raise line.error(f"unknown op {op_name!r}")
        op = OPS[op_name]
        imm = tuple(line.number_() if line.peek()[0] == "number" else line.name() for _ in op.imm)
        args = self._operands(line)
        when = self._value(line) if line.accept("when") else None
        line.end()
        inst = Inst(op, args, type_, imm, when)
        if name is not None:
            if name in self._values:
                raise line.error(f"{name} is defined twice")
            self._values[name] = inst
        return inst

    def _operands(self, line: _Line) -> tuple[Value, ...]:
        if line.peek()[0] not in ("value", "number"):
            return ()
        args = [self._value(line)]
        while line.accept(","):
            args.append(self._value(line))
        return tuple(args)

    def _value(self, line: _Line) -> Value:
        if line.peek()[0] == "value":
            name = line.take("value")
            if name not in self._values:
                raise line.error(f"{name} is not defined")
            return self._values[name]
        value = line.number_()
        type_ = line.type() if line.accept(":") else I32
        if value > type_.mask:
            raise line.error(f"{value:#x} does not fit {type_}")
        return Const(value, type_)

    def _exit(self, line: _Line) -> Exit:
        match line.take("word"):
            case "goto":
                return Goto(line.key())
            case "branch":
                cond = self._value(line)
                line.expect(",")
                taken = line.key()
                line.expect(",")
                return Branch(cond, taken, line.key())
            case "jump":
                return Jump(self._value(line))
            case "call":
                return self._call(line)
            case "return":
                return Return(self._value(line))
            case "swi":
                number = line.number_()
                line.expect(",")
                return Swi(number, line.key())
            case "hook":
                return Hook(line.key())
            case _:
                return Halt(line.name(), line.number_())

    def _call(self, line: _Line) -> Call:
        typed = line.tokens[line.at + 1 : line.at + 2] == [("mark", ":")]
        computed = line.peek()[0] == "value" or typed
        target = self._value(line) if computed else line.key()
        line.expect(",")
        line.expect("link")
        return Call(target, line.number_())

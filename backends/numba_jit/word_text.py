"""LLVM text of word functions (``word_functions``), made from their syntax trees.

A local variable is a place on the stack, and LLVM finds out what is in registers. It is long
because a language has statements, conditions and values, which name each other.
"""

import ast
import inspect
import operator
import textwrap
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType, ModuleType
from typing import Any, TypeGuard

from backends.numba_jit.units.objects import ObjectMaker
from backends.numba_jit.word_functions import Primitive, WordError, is_word_function

Operand = str | int
"""A value in LLVM text: its name, or a number that is known."""


_NOTHING: Mapping[str, str] = MappingProxyType({})


def object_of(function: Any, name: str, more: Mapping[str, str] = _NOTHING) -> bytes:
    """Object code of a word function, by the name it gets, and of all that it calls. ``more`` is
    the LLVM text of others, by their names. Raises WordError."""
    text = "".join((text_of(function, name), *more.values()))
    return ObjectMaker().compile(text, "loop", exported=[name, *more])


def text_of(function: Any, name: str) -> str:
    """LLVM text of a word function, by the name it gets, and of all that it calls. Raises
    WordError."""
    texts: dict[Any, str] = {}
    wanted = [function]
    while wanted:
        following = wanted.pop()
        if following not in texts:
            translated = _Function(following)
            texts[following] = translated.text
            wanted += translated.called
    parameters = ", ".join(f"i64 %a{index}" for index in range(function.__code__.co_argcount))
    entry = (
        f"define i64 @{name}({parameters}) nounwind {{\n"
        f" %result = call i64 {_symbol(function)}({parameters})\n ret i64 %result\n}}\n"
    )
    return "".join(texts.values()) + entry


def _symbol(function: Any) -> str:
    return f'@"{function.__module__}.{function.__qualname__}"'


_BINARY: dict[type[ast.operator], tuple[str, Callable[[int, int], int]]] = {
    ast.Add: ("add", operator.add), ast.Sub: ("sub", operator.sub), ast.Mult: ("mul", operator.mul),
    ast.BitAnd: ("and", operator.and_), ast.BitOr: ("or", operator.or_),
    ast.BitXor: ("xor", operator.xor), ast.LShift: ("shl", operator.lshift),
    ast.RShift: ("ashr", operator.rshift),
}  # fmt: skip
_COMPARED: dict[type[ast.cmpop], str] = {
    ast.Eq: "eq", ast.NotEq: "ne", ast.Lt: "slt", ast.LtE: "sle", ast.Gt: "sgt", ast.GtE: "sge",
}  # fmt: skip


def _is_assigned(node: ast.AST) -> TypeGuard[ast.Name]:
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)


class _Function:
    """The text of one function (``text``), and the functions that it calls (``called``)."""

    def __init__(self, function: Any) -> None:
        self.called: list[Any] = []
        self._function = function
        self._names: Mapping[str, Any] = function.__globals__
        source = textwrap.dedent(inspect.getsource(function))
        definition = ast.parse(source).body[0]
        if not isinstance(definition, ast.FunctionDef) or function.__closure__:
            raise self._error(definition, "is not a function of a module")
        parameters = [argument.arg for argument in definition.args.args]
        if function.__defaults__ or len(parameters) != len(inspect.signature(function).parameters):
            raise self._error(definition, "has other than plain parameters")
        assigned = [n.id for n in ast.walk(definition) if _is_assigned(n)]
        self._locals = dict.fromkeys([*parameters, *assigned])
        self._lines: list[str] = []
        self._used = 0
        self._open = True
        """Whether control can come to the end of the lines."""
        self._loops: list[tuple[str, str]] = []
        """Where the loops around go on, and where they end."""
        self._first = [f" %v.{name} = alloca i64" for name in self._locals]
        for name in self._locals:
            self._store(f"%p.{name}" if name in parameters else 0, name)
        self._block(definition.body)
        if self._open:
            self._line("ret i64 0")
        head = ", ".join(f"i64 %p.{name}" for name in parameters)
        lines = "\n".join(self._first + self._lines)
        self.text = f"define internal i64 {_symbol(function)}({head}) nounwind {{\n{lines}\n}}\n"

    def _error(self, node: ast.AST, what: str) -> WordError:
        first = self._function.__code__.co_firstlineno
        line = first + getattr(node, "lineno", 1) - 1
        return WordError(f"{self._function.__module__}, line {line}: {what}")

    # -- text

    def _line(self, line: str) -> None:
        self._lines.append(f" {line}")

    def _fresh(self) -> str:
        self._used += 1
        return str(self._used)

    def _labels(self, *names: str) -> list[str]:
        """New labels with these names."""
        number = self._fresh()
        return [name + number for name in names]

    def _new(self, text: str) -> str:
        """A new value."""
        self._line(f"{(name := f'%t{self._fresh()}')} = {text}")
        return name

    def _label(self, name: str) -> None:
        """Begin the lines at a label, to which control comes from the lines above, too."""
        self._go(name)
        self._lines.append(f"{name}:")
        self._open = True

    def _go(self, label: str) -> None:
        if self._open:
            self._line(f"br label %{label}")
        self._open = False

    def _load(self, name: str) -> str:
        return self._new(f"load i64, ptr %v.{name}")

    def _store(self, value: Operand, name: str) -> None:
        self._line(f"store i64 {value}, ptr %v.{name}")

    # -- statements

    def _block(self, statements: Iterable[ast.stmt]) -> None:
        for statement in statements:
            if not self._open:
                raise self._error(statement, "is never reached")
            self._statement(statement)

    def _statement(self, statement: ast.stmt) -> None:
        match statement:
            case ast.Pass() | ast.Expr(value=ast.Constant(value=str())):
                pass
            case ast.Expr(value=ast.Call() as call):
                self._value(call)
            case ast.Assign(targets=targets, value=value):
                self._assign(statement, targets, value)
            case ast.AugAssign(target=ast.Name(id=name), op=op, value=value):
                self._store(self._binary(statement, op, self._load(name), self._value(value)), name)
            case ast.Return(value=value):
                self._line(f"ret i64 {self._value(value) if value else 0}")
                self._open = False
            case ast.If(test=test, body=body, orelse=orelse):
                self._if(test, body, orelse)
            case ast.While(test=test, body=body, orelse=[]):
                self._while(test, body)
            case ast.For(target=ast.Name(id=name), iter=iterated, body=body, orelse=[]):
                self._for(name, iterated, body)
            case ast.Break():
                self._go(self._loops[-1][1])
            case ast.Continue():
                self._go(self._loops[-1][0])
            case _:
                raise self._error(statement, "is a statement that word functions do not have")

    def _assign(self, statement: ast.stmt, targets: Iterable[ast.expr], value: ast.expr) -> None:
        if isinstance(value, ast.Call) and len([*targets]) > 1:
            raise self._error(statement, "assigns the value of a call to several names")
        for target in targets:
            match target, value:
                case ast.Name(id=name), _:
                    self._store(self._value(value), name)
                case ast.Tuple(elts=names), ast.Tuple(elts=values) if len(names) == len(values):
                    found = [self._value(one) for one in values]
                    for one, into in zip(names, found, strict=True):
                        if not isinstance(one, ast.Name):
                            raise self._error(statement, "assigns to something other than a name")
                        self._store(into, one.id)
                case _:
                    raise self._error(statement, "assigns to something other than a name")

    def _if(self, test: ast.expr, body: list[ast.stmt], orelse: list[ast.stmt]) -> None:
        yes, no, end = self._labels("yes", "no", "end")
        self._branch(test, yes, no)
        for label, part in ((yes, body), (no, orelse)):
            self._label(label)
            self._block(part)
            self._go(end)
        self._label(end)

    def _while(self, test: ast.expr, body: list[ast.stmt]) -> None:
        again, inside, end = self._labels("again", "inside", "end")
        self._label(again)
        self._branch(test, inside, end)
        self._label(inside)
        self._loop(body, again, end)
        self._go(again)
        self._label(end)

    def _loop(self, body: list[ast.stmt], again: str, end: str) -> None:
        self._loops.append((again, end))
        self._block(body)
        self._loops.pop()

    def _for(self, name: str, iterated: ast.expr, body: list[ast.stmt]) -> None:
        match iterated:
            case ast.Call(func=ast.Name(id="range"), args=arguments, keywords=[]) if arguments:
                values = [self._value(argument) for argument in arguments]
            case _:
                raise self._error(iterated, "is not a range")
        if len(values) == 1:
            values.insert(0, 0)
        first, past, step = (*values, 1)[:3]
        if not isinstance(step, int) or step <= 0:
            raise self._error(iterated, "is a range without a constant step upwards")
        again, inside, after, end = self._labels("again", "inside", "after", "end")
        index = self._variable(first)
        self._label(again)
        now = self._new(f"load i64, ptr {index}")
        more = self._new(f"icmp slt i64 {now}, {past}")
        self._branch_on(more, inside, end)
        self._label(inside)
        self._store(now, name)
        self._loop(body, after, end)
        self._label(after)
        self._line(f"store i64 {self._new(f'add i64 {now}, {step}')}, ptr {index}")
        self._go(again)
        self._label(end)

    # -- conditions

    def _branch(self, test: ast.expr, yes: str, no: str) -> None:
        """Go to one label if a test holds, and to another one if not."""
        match test:
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                self._branch(operand, no, yes)
            case ast.BoolOp(op=op, values=values):
                for value in values[:-1]:
                    following = f"also{self._fresh()}"
                    if isinstance(op, ast.And):
                        self._branch(value, following, no)
                    else:
                        self._branch(value, yes, following)
                    self._label(following)
                self._branch(values[-1], yes, no)
            case _:
                self._branch_on(self._bit(test), yes, no)

    def _branch_on(self, bit: str, yes: str, no: str) -> None:
        self._line(f"br i1 {bit}, label %{yes}, label %{no}")
        self._open = False

    def _bit(self, test: ast.expr) -> str:
        """Whether a test holds, as an i1."""
        match test:
            case ast.Compare(left=left, ops=[ast.In()], comparators=[among]):
                return self._among(test, self._value(left), among)
            case ast.Compare(left=left, ops=[ast.NotIn()], comparators=[among]):
                return self._new(f"xor i1 {self._among(test, self._value(left), among)}, true")
            case ast.Compare(left=left, ops=ops, comparators=others):
                if len(others) > 1:
                    self._require_no_calls(test, others)
                values = [self._value(one) for one in (left, *others)]
                holds = "true"
                for op, one, other in zip(ops, values, values[1:], strict=False):
                    if type(op) not in _COMPARED:
                        raise self._error(test, "is a comparison that word functions do not have")
                    bit = self._new(f"icmp {_COMPARED[type(op)]} i64 {one}, {other}")
                    holds = self._new(f"and i1 {holds}, {bit}")
                return holds
        return self._new(f"icmp ne i64 {self._value(test)}, 0")

    def _require_no_calls(self, test: ast.AST, values: Iterable[ast.expr]) -> None:
        """All of these are evaluated, where Python may stop earlier."""
        if any(isinstance(node, ast.Call) for value in values for node in ast.walk(value)):
            raise self._error(test, "compares more than two values, one of them a call's")

    def _among(self, test: ast.AST, value: Operand, among: ast.expr) -> str:
        if not isinstance(among, ast.Tuple):
            raise self._error(test, "looks for a value elsewhere than in a tuple")
        self._require_no_calls(test, among.elts)
        found = "false"
        for one in among.elts:
            same = self._new(f"icmp eq i64 {value}, {self._value(one)}")
            found = self._new(f"or i1 {found}, {same}")
        return found

    # -- values

    def _value(self, node: ast.expr) -> Operand:
        match node:
            case ast.Constant(value=int(number)):
                return self._number(node, number)
            case ast.Name() | ast.Attribute():
                return self._named(node)
            case ast.BinOp(left=left, op=op, right=right):
                return self._binary(node, op, self._value(left), self._value(right))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return self._binary(node, ast.Sub(), 0, self._value(operand))
            case ast.UnaryOp(op=ast.Invert(), operand=operand):
                return self._binary(node, ast.BitXor(), self._value(operand), -1)
            case ast.Compare():
                return self._new(f"zext i1 {self._bit(node)} to i64")
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                is_zero = self._new(f"icmp eq i64 {self._value(operand)}, 0")
                return self._new(f"zext i1 {is_zero} to i64")
            case ast.BoolOp():
                return self._first_of(node)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return self._chosen(test, body, orelse)
            case ast.Call():
                return self._call(node)
        raise self._error(node, "is an expression that word functions do not have")

    def _number(self, node: ast.AST, number: int) -> int:
        if not -(1 << 63) <= number < 1 << 63:
            raise self._error(node, f"{number} has more than 64 bits")
        return int(number)

    def _named(self, node: ast.Name | ast.Attribute) -> Operand:
        if isinstance(node, ast.Name) and node.id in self._locals:
            return self._load(node.id)
        constant = self._global(node)
        if not isinstance(constant, int):
            raise self._error(node, f"{ast.unparse(node)} is not an integer")
        return self._number(node, constant)

    def _global(self, node: ast.expr) -> Any:
        """What a name means in the function's module, or in one that it names."""
        match node:
            case ast.Name(id=name) if name in self._names and name not in self._locals:
                return self._names[name]
            case ast.Attribute(value=value, attr=name):
                module = self._global(value)
                if isinstance(module, ModuleType) and hasattr(module, name):
                    return getattr(module, name)
        raise self._error(node, f"{ast.unparse(node)} is not there")

    def _binary(self, node: ast.AST, op: ast.operator, one: Operand, other: Operand) -> Operand:
        if isinstance(op, ast.FloorDiv):
            return self._quotient(one, other)
        if type(op) not in _BINARY:
            raise self._error(node, "is an operator that word functions do not have")
        instruction, compute = _BINARY[type(op)]
        if isinstance(one, int) and isinstance(other, int):
            return self._number(node, compute(one, other))
        return self._new(f"{instruction} i64 {one}, {other}")

    def _quotient(self, one: Operand, other: Operand) -> str:
        """The quotient, rounded down."""
        if isinstance(other, int) and other > 0 and other & (other - 1) == 0:
            return self._new(f"ashr i64 {one}, {other.bit_length() - 1}")
        rest = self._new(f"srem i64 {one}, {other}")
        signs = self._new(f"xor i64 {rest}, {other}")
        differ, some = self._new(f"icmp slt i64 {signs}, 0"), self._new(f"icmp ne i64 {rest}, 0")
        low = self._new(f"and i1 {differ}, {some}")
        quotient = self._new(f"sdiv i64 {one}, {other}")
        return self._new(f"add i64 {quotient}, {self._new(f'sext i1 {low} to i64')}")

    def _variable(self, value: Operand) -> str:
        """A new variable without a name."""
        name = f"%u{self._fresh()}"
        self._first.append(f" {name} = alloca i64")
        self._line(f"store i64 {value}, ptr {name}")
        return name

    def _chosen(self, test: ast.expr, body: ast.expr, orelse: ast.expr) -> str:
        yes, no, end = self._labels("yes", "no", "end")
        result = self._variable(0)
        self._branch(test, yes, no)
        for label, value in ((yes, body), (no, orelse)):
            self._label(label)
            self._line(f"store i64 {self._value(value)}, ptr {result}")
            self._go(end)
        self._label(end)
        return self._new(f"load i64, ptr {result}")

    def _first_of(self, node: ast.BoolOp) -> str:
        """The first value that decides, as Python has it, or the last one."""
        end = f"end{self._fresh()}"
        result = self._variable(self._value(node.values[0]))
        for value in node.values[1:]:
            following = f"also{self._fresh()}"
            decided = self._new(f"icmp ne i64 {self._new(f'load i64, ptr {result}')}, 0")
            ways = (end, following) if isinstance(node.op, ast.Or) else (following, end)
            self._branch_on(decided, *ways)
            self._label(following)
            self._line(f"store i64 {self._value(value)}, ptr {result}")
        self._label(end)
        return self._new(f"load i64, ptr {result}")

    def _call(self, call: ast.Call) -> Operand:
        called, operands = self._global(call.func), [self._value(one) for one in call.args]
        is_primitive = isinstance(called, Primitive)
        if not is_primitive and not is_word_function(called):
            raise self._error(call, f"{ast.unparse(call.func)} is not a word function")
        arity = called.arity if is_primitive else called.__code__.co_argcount
        if call.keywords or len(operands) != arity:
            raise self._error(call, f"{ast.unparse(call.func)} takes {arity} values")
        if is_primitive:
            result = f"%t{self._fresh()}"
            self._line(called.lines.format(*operands, r=result))
            return result if called.returns else 0
        self.called.append(called)
        return self._new(f"call i64 {_symbol(called)}({', '.join(f'i64 {o}' for o in operands)})")

"""The functions of floating point on vectors, as LLVM text: what units call where the fast way
does not serve. They are those of ``float_text`` on one lane after another."""

from collections.abc import Iterator

COUNTS = (2, 4)
"""Lanes of a vector."""

# The scalar function, the type of its first operands, their number, and arguments behind them.
_ARITHMETIC = {"add": 2, "sub": 2, "mul": 2, "fma": 3, "min": 2, "max": 2}
_RELATIONS = {"eq": ("0", (0,)), "lt": ("1", (1,)), "le": ("1", (0, 1))}


def name_of(operation: str, count: int) -> str:
    """The name of the function of an operation on so many lanes."""
    return f"fp.v{count}.{operation}"


class _Lanes:
    """A function in the making: the status so far, and the result's lanes so far."""

    def __init__(
        self, operation: str, count: int, kind: str, result: str, operands: int, more: str = ""
    ) -> None:
        self.kind, self.result, self.operands = (
            f"<{count} x {kind}>",
            f"<{count} x {result}>",
            "abc"[:operands],
        )
        self._lane, self._lane_result = kind, result
        given = ", ".join(f"{self.kind} %{name}" for name in self.operands)
        self.pair = f"{{{self.result}, i32}}"
        head = f"define dso_local {self.pair} @{name_of(operation, count)}"
        self.lines = [f"{head}({given}{more}, i32 %st) nounwind {{"]
        self.status, self.value = "%st", "poison"
        self._number = 0

    def new(self, text: str) -> str:
        name = f"%v{self._number}"
        self._number += 1
        self.lines.append(f" {name} = {text}")
        return name

    def lane(self, operand: str, index: int) -> str:
        return self.new(f"extractelement {self.kind} %{operand}, i32 {index}")

    def call(self, function: str, kind: str, arguments: str) -> str:
        """The result of a scalar function, whose status is that of the lanes so far."""
        pair = f"{{{kind}, i32}}"
        both = self.new(f"call {pair} @{function}({arguments}, i32 {self.status})")
        self.status = self.new(f"extractvalue {pair} {both}, 1")
        return self.new(f"extractvalue {pair} {both}, 0")

    def put(self, value: str, index: int) -> None:
        self.value = self.new(
            f"insertelement {self.result} {self.value}, {self._lane_result} {value}, i32 {index}"
        )

    def text(self) -> str:
        pair = self.new(f"insertvalue {self.pair} poison, {self.result} {self.value}, 0")
        pair = self.new(f"insertvalue {self.pair} {pair}, i32 {self.status}, 1")
        return "\n".join([*self.lines, f" ret {self.pair} {pair}\n}}"])


def _arithmetic(name: str, operands: int, count: int) -> str:
    fn = _Lanes(name, count, "float", "float", operands)
    for index in range(count):
        given = ", ".join(f"float {fn.lane(operand, index)}" for operand in fn.operands)
        fn.put(fn.call(f"fp.{name}.f32", "float", given), index)
    return fn.text()


def _relation(name: str, signals: str, relations: tuple[int, ...], count: int) -> str:
    fn = _Lanes(name, count, "float", "i32", 2)
    for index in range(count):
        a, b = (fn.lane(operand, index) for operand in fn.operands)
        found = fn.call("fp.cmp.f32", "i8", f"float {a}, float {b}, i1 {signals}")
        holds = "false"
        for relation in relations:
            holds = fn.new(f"or i1 {holds}, {fn.new(f'icmp eq i8 {found}, {relation}')}")
        fn.put(fn.new(f"sext i1 {holds} to i32"), index)
    return fn.text()


def _from_integer(name: str, opcode: str, count: int) -> str:
    """As f64 every integer of 32 bits is exact, also divided by a power of 2."""
    fn = _Lanes(name, count, "i32", "float", 1, ", double %scale")
    for index in range(count):
        wide = fn.new(f"{opcode} i32 {fn.lane('a', index)} to double")
        scaled = fn.new(f"fmul double {wide}, %scale")
        fn.put(fn.call("fp.narrow", "float", f"double {scaled}"), index)
    return fn.text()


def _to_integer(name: str, least: int, most: int, count: int) -> str:
    fn = _Lanes(name, count, "float", "i32", 1, ", double %scale")
    for index in range(count):
        given = f"float {fn.lane('a', index)}, double %scale, i64 {least}, i64 {most}"
        fn.put(fn.call("fp.toint.f32", "i32", given), index)
    return fn.text()


def vector_functions() -> str:
    """The text of all of them, to be put behind that of ``float_text``."""
    return "\n".join(text for count in COUNTS for text in _of_count(count))


def _of_count(count: int) -> Iterator[str]:
    for name, operands in _ARITHMETIC.items():
        yield _arithmetic(name, operands, count)
    for name, (signals, relations) in _RELATIONS.items():
        yield _relation(name, signals, relations, count)
    yield _from_integer("from_sint", "sitofp", count)
    yield _from_integer("from_uint", "uitofp", count)
    yield _to_integer("to_sint", -(1 << 31), (1 << 31) - 1, count)
    yield _to_integer("to_uint", 0, (1 << 32) - 1, count)

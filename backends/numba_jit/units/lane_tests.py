"""Tests of lanes of f32 as LLVM text: whether the host's instruction on all lanes can have been
wrong."""

from dbt.ir.floating import SINGLE
from dbt.typing import Protocol

LEAST = 1 << SINGLE.fraction
"""The least normal number."""
_EXACT = (2 * SINGLE.fraction + 4) << SINGLE.fraction
"""What rounding cuts off a product above this magnitude is a number."""


class Text(Protocol):
    """What text is appended to."""

    def new(self, text: str) -> str: ...
    def intrinsic(self, name: str, declaration: str) -> str: ...


class LaneTests:
    """Tests of so many lanes. A *magnitude* is a number without its sign, as an integer."""

    def __init__(self, text: Text, count: int) -> None:
        self.text, self.count = text, count
        self.floats, self.words = f"<{count} x float>", f"<{count} x i32>"

    def new(self, text: str) -> str:
        return self.text.new(text)

    def call(self, name: str, kind: str, *operands: str) -> str:
        """A call of one of LLVM's intrinsics, on lanes of f32 or i32."""
        symbol = f"llvm.{name}.v{self.count}{'f32' if kind == self.floats else 'i32'}"
        self.text.intrinsic(symbol, f"{kind} @{symbol}({', '.join([kind] * len(operands))})")
        return self.new(f"call {kind} @{symbol}({', '.join(f'{kind} {x}' for x in operands)})")

    def all(self, number: int) -> str:
        """A vector of equal numbers."""
        return f"<{', '.join([f'i32 {number}'] * self.count)}>"

    def bits(self, floats: str) -> str:
        return self.new(f"bitcast {self.floats} {floats} to {self.words}")

    def magnitude(self, floats: str) -> str:
        return self.new(f"and {self.words} {self.bits(floats)}, {self.all(SINGLE.sign - 1)}")

    def test(self, relation: str, words: str, number: int) -> str:
        return self.new(f"icmp {relation} {self.words} {words}, {self.all(number)}")

    def both(self, one: str, other: str) -> str:
        return self.new(f"and <{self.count} x i1> {one}, {other}")

    def either(self, *tests: str) -> str:
        first, *others = tests
        for other in others:
            first = self.new(f"or <{self.count} x i1> {first}, {other}")
        return first

    def any(self, test: str) -> str:
        """Whether a test holds for some lane."""
        bits = self.new(f"bitcast <{self.count} x i1> {test} to i{self.count}")
        return self.new(f"icmp ne i{self.count} {bits}, 0")

    # -- what can go wrong

    def _below(self, magnitude: str) -> str:
        """A magnitude less 1: the largest integer for a zero."""
        return self.new(f"add {self.words} {magnitude}, {self.all(-1)}")

    def denormal(self, *magnitudes: str) -> str:
        """Where one of these is denormal."""
        least, *others = map(self._below, magnitudes)
        for other in others:
            least = self.call("umin", self.words, least, other)
        return self.test("ult", least, LEAST - 1)

    def no_zero(self, a: str, b: str) -> str:
        """Where neither magnitude is 0."""
        return self.test("ne", self.call("umax", self.words, self._below(a), self._below(b)), -1)

    def _large(self, magnitude: str) -> str:
        return self.test("sgt", magnitude, SINGLE.infinity - 1)

    def odd_sum(self, a: str, b: str, result: str) -> str:
        """Whether a sum raises more than INEXACT. One that is not a normal number is exact."""
        magnitudes = [self.magnitude(x) for x in (a, b, result)]
        return self.any(self.either(self.denormal(*magnitudes), self._large(magnitudes[2])))

    def odd_product(self, result: str, a: str, b: str, *added: str) -> str:
        """The same of a product, to which something may be added. It is 0 if a factor is."""
        magnitudes = [self.magnitude(x) for x in (a, b, *added)]
        found = self.magnitude(result)
        lost = self.both(self.test("slt", found, LEAST + 1), self.no_zero(*magnitudes[:2]))
        return self.any(self.either(self.denormal(*magnitudes), lost, self._large(found)))

    def odd_relation(self, a: str, b: str) -> str:
        """Whether a comparison raises something."""
        unordered = self.new(f"fcmp uno {self.floats} {a}, {b}")
        denormal = self.denormal(self.magnitude(a), self.magnitude(b))
        return self.any(self.either(unordered, denormal))

    def outside(self, conversion: str, scaled: str) -> str:
        """Where a number is too large for ``to_sint`` or ``to_uint``, or negative for this one."""
        if conversion == "to_uint":
            return self.test("ugt", self.bits(scaled), (127 + 32 << SINGLE.fraction) - 1)
        return self.test("ugt", self.magnitude(scaled), (127 + 31 << SINGLE.fraction) - 1)

    # -- what rounding has cut off

    def rest_of_sum(self, a: str, b: str, result: str) -> str:
        """A number (Knuth, TAOCP volume 2, 4.2.2, theorem B)."""
        f = self.floats
        part = self.new(f"fsub {f} {result}, {a}")
        left = self.new(f"fsub {f} {a}, {self.new(f'fsub {f} {result}, {part}')}")
        return self.new(f"fadd {f} {left}, {self.new(f'fsub {f} {b}, {part}')}")

    def rest_of_product(self, a: str, b: str, result: str) -> str:
        """A number where the product is not ``unsure``."""
        return self.call("fma", self.floats, a, b, self.new(f"fneg {self.floats} {result}"))

    def unsure_product(self, a: str, b: str, result: str) -> str:
        """Whether what was cut off may be less than the least number."""
        small = self.test("slt", self.magnitude(result), _EXACT + 1)
        return self.any(self.both(small, self.no_zero(self.magnitude(a), self.magnitude(b))))

    def some_rest(self, rest: str) -> str:
        """Whether some lane is not 0."""
        return self.any(self.new(f"fcmp une {self.floats} {rest}, zeroinitializer"))

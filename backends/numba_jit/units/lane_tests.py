"""Tests of lanes of f32 as LLVM text: whether the host's instruction on all lanes can have been
wrong."""

from backends.native.stamps import has_feature
from dbt.ir.floating import SINGLE
from dbt.typing import Protocol

LEAST = 1 << SINGLE.fraction
"""The least normal number."""
_FROM = 2 * (LEAST + 1)
_PROVEN = 2 * SINGLE.infinity - _FROM
"""The first of the products that prove that they are right, and how many integers from it on are
such products; of magnitudes, a bit to the left."""
_CLASSIFY = "llvm.x86.avx512.fpclass.ps.128"
_NAN, _INFINITE, _DENORMAL = 0x81, 0x18, 0x20
"""The classes of numbers that this instruction knows."""
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

    def _classified(self, floats: str, classes: int) -> str:
        """Which lanes are of some classes, by one instruction; empty on a host without it."""
        if self.count != 4 or not (has_feature("avx512dq") and has_feature("avx512vl")):
            return ""
        name = self.text.intrinsic(_CLASSIFY, f"<4 x i1> @{_CLASSIFY}({self.floats}, i32)")
        return self.new(
            f"call <4 x i1> {name or f'@{_CLASSIFY}'}({self.floats} {floats}, i32 {classes})"
        )

    def denormal(self, floats: str) -> str:
        """Which lanes are denormal."""
        found = self._classified(floats, _DENORMAL)
        if found:
            return found
        below = self.new(f"add {self.words} {self.magnitude(floats)}, {self.all(-1)}")
        return self.test("ult", below, LEAST - 1)

    def is_zero(self, floats: str) -> str:
        """Which lanes are zeros."""
        return self.new(f"fcmp oeq {self.floats} {floats}, zeroinitializer")

    def bad_sum(self, result: str) -> str:
        """Where a sum of numbers that are not denormal raises more than INEXACT. One that is not a
        normal number is exact."""
        found = self._classified(result, _NAN | _INFINITE | _DENORMAL)
        if found:
            return found
        large = self.test("sgt", self.magnitude(result), SINGLE.infinity - 1)
        return self.either(self.denormal(result), large)

    def bad_product(self, result: str) -> str:
        """The same of a product, to which something may be added; or it is 0."""
        doubled = self.new(f"shl {self.words} {self.bits(result)}, {self.all(1)}")
        from_least = self.new(f"sub {self.words} {doubled}, {self.all(_FROM)}")
        return self.test("ugt", from_least, _PROVEN - 1)

    def exact_zero(self, result: str, a: str, b: str) -> str:
        """Where a product is 0 because a factor is."""
        return self.both(self.is_zero(result), self.either(self.is_zero(a), self.is_zero(b)))

    def odd_sum(self, a: str, b: str, result: str) -> str:
        """Whether a sum raises more than INEXACT."""
        return self.any(self.either(self.denormal(a), self.denormal(b), self.bad_sum(result)))

    def odd_product(self, result: str, a: str, b: str) -> str:
        """The same of a product."""
        lost = self.without(self.bad_product(result), self.exact_zero(result, a, b))
        return self.any(self.either(self.denormal(a), self.denormal(b), lost))

    def without(self, one: str, other: str) -> str:
        """Where one test holds and the other does not."""
        ones = f"<{', '.join(['i1 true'] * self.count)}>"
        return self.both(one, self.new(f"xor <{self.count} x i1> {other}, {ones}"))

    def odd_relation(self, a: str, b: str) -> str:
        """Whether a comparison raises something."""
        unordered = self.new(f"fcmp uno {self.floats} {a}, {b}")
        return self.any(self.either(unordered, self.denormal(a), self.denormal(b)))

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
        return self.any(self.without(small, self.either(self.is_zero(a), self.is_zero(b))))

    def some_rest(self, rest: str) -> str:
        """Whether some lane is not 0."""
        return self.any(self.new(f"fcmp une {self.floats} {rest}, zeroinitializer"))

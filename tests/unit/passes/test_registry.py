"""How passes are named and spelled."""

import attrs
import pytest

from dbt.ir.block import Block
from dbt.passes import registry
from dbt.passes.dead_code import DeadCode
from dbt.passes.registry import name_of, parse_pass, parse_passes, register, registered, spell
from dbt.stops import UsageError


@attrs.frozen
class Sample:
    """A pass with one option of each kind."""

    depth: int = 3
    deep_check: bool = False
    names: tuple[str, ...] = attrs.field(
        default=(), converter=lambda v: tuple(v.split("+")) if isinstance(v, str) else tuple(v)
    )
    secret: object = attrs.field(default=None, metadata={"option": False})

    def run(self, block: Block) -> None:
        """Nothing."""


@pytest.fixture(autouse=True)
def _sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_PASSES", dict(registry.registered()))  # modules register once
    register("sample")(Sample)


@pytest.mark.parametrize(
    ("spelling", "expected"),
    [
        ("sample", Sample()),
        ("sample{}", Sample()),
        ("sample{depth=0x10}", Sample(depth=16)),
        ("sample{deep-check}", Sample(deep_check=True)),
        ("sample{deep_check=off, depth=1}", Sample(depth=1)),
        ("sample{names=a+b}", Sample(names=("a", "b"))),
    ],
)
def test_spelling(spelling: str, expected: Sample) -> None:
    made = parse_pass(spelling)
    assert made == expected
    assert parse_pass(spell(made)) == made


@pytest.mark.parametrize(
    ("spelling", "message"),
    [
        ("nonesuch", "no pass 'nonesuch'"),
        ("sample{", "a pass is spelled"),
        ("sample{width=1}", "no option 'width'"),
        ("sample{secret=1}", "no option 'secret'"),
        ("sample{depth=many}", "is a number"),
        ("sample{deep-check=maybe}", "true or false"),
    ],
)
def test_usage_errors(spelling: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse_pass(spelling)


def test_a_name_is_given_once() -> None:
    with pytest.raises(ValueError, match="both register 'sample'"):
        register("sample")(DeadCode)
    register("sample")(Sample)


def test_optimisations_are_registered() -> None:
    assert {"state-forward", "dead-state", "const-fold", "peephole", "dead-code"} <= set(
        registered()
    )
    assert name_of(DeadCode()) == "dead-code"
    assert parse_passes(["dead-code"]) == [DeadCode()]

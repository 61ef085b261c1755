"""The rows of the experiment, which ``--only`` chooses by their names."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import attrs

from dbt.experiments.callbacks.instrumented import INSTRUMENTED
from dbt.experiments.peers import qemu, unicorn
from dbt.hooks.callbacks.callback import PRICES

NOTHING = "nothing"
UNICORN, QEMU = unicorn.NAME, qemu.NAME
"""Stand for the tier in their rows."""
BLOCKS = "every block"
"""What Unicorn's hook on blocks counts, as one of INSTRUMENTED does."""
CALLS = "count"
"""What Unicorn's hook on calls and returns does, as one of HOOKS."""


def count(cells, pc, target):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """Count events."""
    cells[0] += 1


def table(cells, pc, target):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """Count events by their targets."""
    cells[(target >> 2) & 63] += 1


HOOKS: Mapping[str, tuple[Callable[..., None], Sequence[str]]] = {
    CALLS: (count, PRICES),
    "table": (table, [price for price in PRICES if price != "inline"]),
}
"""The hook functions, with the prices at which each can run."""


@attrs.frozen
class Case:
    """One configuration: a tier, UNICORN or QEMU, and a hook at a price."""

    tier: str
    hook: str = NOTHING
    price: str = ""

    @property
    def alone(self) -> "Case":
        """The case with the same tier and no hook."""
        return Case(self.tier)


_NAMES = {
    BLOCKS: "block-count",
    "every call and return": "call-count",
    "functions: record": "record",
    "functions: on_call": "on-call",
    "functions: on_call, depth=False": "on-call-without-depth",
}
"""Of INSTRUMENTED."""
_OF_UNICORN = {"unicorn-count": CALLS, "unicorn-blocks": BLOCKS}


def _ours() -> dict[str, tuple[str, str]]:
    """By name: the hook and the price."""
    hooks = {f"{hook}-{price}": (hook, price) for hook in HOOKS for price in HOOKS[hook][1]}
    return hooks | {_NAMES[hook]: (hook, price) for hook, (price, _) in INSTRUMENTED.items()}


def names() -> tuple[str, ...]:
    """Those that ``--only`` takes."""
    return (*_ours(), *_OF_UNICORN)


def cases(tiers: Sequence[str], only: Sequence[str] | None) -> Iterator[Case]:
    """The cases of armdbt, each tier's program alone first. ``only``: names of rows; None: all."""
    for tier in tiers:
        yield Case(tier)
        for name, (hook, price) in _ours().items():
            if only is None or name in only:
                yield Case(tier, hook, price)


def unicorn_cases(only: Sequence[str] | None) -> Iterator[Case]:
    """The cases of Unicorn, as ``cases`` yields them."""
    yield Case(UNICORN)
    for name, hook in _OF_UNICORN.items():
        if only is None or name in only:
            yield Case(UNICORN, hook, "python")

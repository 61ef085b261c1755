"""The optimisation pipeline: which passes run, in which order, and what they cost."""

import time
from collections.abc import Collection, Iterable, Sequence

from dbt import choices
from dbt.classes import attrs
from dbt.interfaces import Layout, Pass
from dbt.ir.block import Block
from dbt.ir.verifier import verify
from dbt.passes.const_fold import ConstFold
from dbt.passes.dead_code import DeadCode
from dbt.passes.dead_state import DeadState
from dbt.passes.peephole import Peephole
from dbt.passes.registry import name_of, parse_passes
from dbt.passes.state_forward import StateForward
from dbt.passes.status_forward import StatusForward

# Forwarding first: it turns what was state into values that the others can see. Dead state after
# them, since what they fold away no longer observes; dead code last, to sweep up after all.
DEFAULT: tuple[type[Pass], ...] = (
    StateForward, ConstFold, Peephole, StatusForward, DeadState, DeadCode,
)  # fmt: skip


@attrs.define
class Cost:
    """Time that one pass has taken, and numbers of ops before and after it."""

    blocks: int = 0
    microseconds: float = 0.0
    ops_before: int = 0
    ops_after: int = 0


class Pipeline:
    """Passes in order. If ``timed``, it adds up ``costs`` by name; given a ``layout``, it verifies
    blocks after each pass."""

    def __init__(
        self, passes: Iterable[Pass | str], *, timed: bool = False, layout: Layout | None = None
    ) -> None:
        self.passes: Sequence[Pass] = tuple(parse_passes(passes))
        self.timed = timed
        self.checked = layout is not None
        self.layout = layout
        self.costs: dict[str, Cost] = {}

    @classmethod
    def default(cls) -> "Pipeline":
        """A pipeline of all optimisations, in the order of ``DEFAULT``."""
        return cls(pass_() for pass_ in DEFAULT)

    @property
    def is_neutral(self) -> bool:
        """True when nobody can tell whether it has run, but by the speed of the guest."""
        return not (self.timed or self.checked) and all(type(p) in DEFAULT for p in self.passes)

    def names(self) -> list[str]:
        """Names of the passes, in order."""
        return [name_of(pass_) for pass_ in self.passes]

    def without(self, names: Collection[str]) -> "Pipeline":
        """A pipeline without some of the passes. Raises UsageError for a name it does not have."""
        known = self._known(names)
        return self._like(pass_ for pass_ in self.passes if name_of(pass_) not in known)

    def only(self, names: Collection[str]) -> "Pipeline":
        """A pipeline of these passes alone, in the same order. Raises UsageError as ``without``."""
        known = self._known(names)
        return self._like(pass_ for pass_ in self.passes if name_of(pass_) in known)

    def _known(self, names: Collection[str]) -> list[str]:
        return [choices.one_of("pass", n, self.names()) for n in choices.several("names", names)]

    def _like(self, passes: Iterable[Pass]) -> "Pipeline":
        made = Pipeline(passes, timed=self.timed, layout=self.layout)
        made.checked = self.checked
        return made

    def run(self, block: Block) -> None:
        """Optimise a block in place. Raises VerifyError when it verifies and finds a breach."""
        if self.timed or self.checked:
            self._run_watched(block)
            return
        for pass_ in self.passes:
            pass_.run(block)

    def _run_watched(self, block: Block) -> None:
        for pass_ in self.passes:
            cost = self.costs.setdefault(name_of(pass_), Cost())
            cost.blocks += 1
            cost.ops_before += len(block.insts)
            started = time.perf_counter()
            pass_.run(block)
            cost.microseconds += (time.perf_counter() - started) * 1e6
            cost.ops_after += len(block.insts)
            if self.checked:
                verify(block, self.layout)

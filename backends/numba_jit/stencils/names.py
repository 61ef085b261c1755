"""Names of counters and side stacks as stencils have them: some depend on the instruction."""

from collections.abc import Mapping

import attrs

from dbt.ir.symbolic import Term, evaluate


@attrs.frozen
class Name:
    """A name in a bank: texts, and terms with format specifications."""

    bank: str
    """An attribute of ``dbt.interfaces.Context``."""
    parts: tuple[str | tuple[Term, str], ...]

    @property
    def constant(self) -> bool:
        """True when it is always the same."""
        return len(self.parts) == 1

    def text(self, leaves: Mapping[str, int]) -> str:
        """The name for these values of the leaves of terms."""
        return "".join(
            part if isinstance(part, str) else format(evaluate(part[0], leaves), part[1])
            for part in self.parts
        )

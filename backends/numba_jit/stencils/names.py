"""Names of counters and side stacks as stencils have them: some depend on the instruction."""

from collections.abc import Mapping
from typing import Any

from dbt.classes import attrs
from dbt.ir.symbolic import Term, evaluate

NUMBERS = "numbers"
"""The bank of numbers: each is its own name."""


@attrs.frozen
class Name:
    """A name in a bank: texts, and terms with format specifications."""

    bank: str
    """An attribute of ``dbt.interfaces.Context``, or NUMBERS."""
    parts: tuple[str | tuple[Term, str], ...]

    @property
    def is_number(self) -> bool:
        """True when it stands for itself."""
        return self.bank == NUMBERS

    @property
    def constant(self) -> bool:
        """True when it is always the same."""
        return len(self.parts) == 1

    def text(self, leaves: Mapping[str, Any]) -> str:
        """The name for these values of the leaves of terms."""
        return "".join(
            part if isinstance(part, str) else format(evaluate(part[0], leaves), part[1])
            for part in self.parts
        )

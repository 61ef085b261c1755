"""The terms that chain policies and executors share: kinds of edges, and reasons for a dispatch."""

from dbt.enums import Enum
from dbt.typing import Protocol


class LinkKind(Enum):
    """How an edge leaves a block. A chain policy allows or forbids each kind."""

    DIRECT = "direct"  # Goto, Branch, Call with a known target
    RETURN = "return"  # Return
    INDIRECT = "indirect"  # Jump, Call with a computed target


class LinkRules(Protocol):
    """The rules by which an executor may chain one block to another."""

    kinds: frozenset[LinkKind]

    @property
    def exact(self) -> bool:
        """True when ``permits`` is False for none but boundaries."""

    def permits(self, pc: int) -> bool:
        """True when blocks at this pc may be chained into."""


class ChainEverything:
    """The rules of an executor before the first ``apply``: every edge may chain."""

    kinds: frozenset[LinkKind] = frozenset(LinkKind)
    exact = True

    def permits(self, pc: int) -> bool:
        """Always True."""
        del pc
        return True


class Reason(Enum):
    """Why translated code returned to the dispatcher. Each return counts under exactly one reason,
    the first in this order that applies.

    ``not_translated`` is counted once, and not again when the new translation is entered.
    """

    NOT_TRANSLATED = "not_translated"  # the next block has no translation yet
    DENIED = "denied"  # the policy denies the next block's pc
    UNLINKED = "unlinked"  # direct: the link was not made yet, or direct links are off
    INDIRECT_MISS = "indirect_miss"  # computed: indirect chaining is off
    RETURN_MISS = "return_miss"  # return: return chaining is off
    SYSCALL = "syscall"
    HOOK = "hook"
    FAULT = "fault"
    INVALIDATION = "invalidation"  # a store to a page that holds translated code
    TRAP = "trap"
    HALT = "halt"
    BUDGET = "budget"  # out of fuel

"""What may chain, and why translated code comes back: what chain policies and executors share."""

import enum
from typing import Protocol


class LinkKind(enum.Enum):
    """How an edge leaves a block: what a chain policy can tell apart."""

    DIRECT = "direct"  # Goto, Branch, Call with a known target
    RETURN = "return"  # Return
    INDIRECT = "indirect"  # Jump, Call with a computed target


class LinkRules(Protocol):
    """What an executor asks before it lets one block run on into another."""

    kinds: frozenset[LinkKind]

    def permits(self, pc: int) -> bool:
        """False when nothing may chain into blocks at this pc."""


class ChainEverything:
    """The rules of an executor before the first ``apply``: every edge may chain."""

    kinds: frozenset[LinkKind] = frozenset(LinkKind)

    def permits(self, pc: int) -> bool:
        """Always True."""
        del pc
        return True


class Reason(enum.Enum):
    """Why translated code came back to the dispatcher. Each return counts under exactly one.

    The first that applies, in this order. ``not_translated`` is counted once, not again when
    the dispatcher goes on after the translation.
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

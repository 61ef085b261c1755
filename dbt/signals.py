"""The module ``signal`` for modules that a warm start imports, without its enumerations.

To make them takes half a millisecond, and a call that goes through them ten times as long. Numbers
of signals are ints here. Type checkers see ``signal``.
"""

from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    import signal
else:
    import _signal as signal

__all__ = ["signal"]

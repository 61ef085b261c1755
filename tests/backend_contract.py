"""What every backend must do: one test class, subclassed by each backend's tests.

A subclass supplies ``make_backend``; ``options`` may choose a tier, ``dialect`` a layout. For the cases see
``tests/support/contract``. The oracle is the reference backend, which evaluates the IR, and, where it
matters most, numbers written down.
"""

from support.contract.atomic import AtomicContract
from support.contract.chaining import ChainingContract
from support.contract.effects import EffectsContract
from support.contract.functions import FunctionsContract
from support.contract.hooks import HooksContract
from support.contract.ops import OpsContract
from support.contract.watching import ProbingContract, WatchingContract


class BackendContract(
    OpsContract,
    EffectsContract,
    AtomicContract,
    ChainingContract,
    WatchingContract,
    ProbingContract,
    FunctionsContract,
    HooksContract,
):
    """All cases."""

"""The numba/LLVM backend: for the individual cases see ``backend_contract.py``."""

from backend_contract import BackendContract
from support.rig import TOY

from backends.numba_jit import NumbaBackend
from dbt.interfaces import Backend, BackendOptions


class TestCopied(BackendContract):
    options = BackendOptions(tier="0")

    def make_backend(self) -> Backend:
        return NumbaBackend()


class TestQuick(TestCopied):
    options = BackendOptions(tier="1")


class TestOptimised(TestCopied):
    options = BackendOptions(tier="2")


class TestMixed(TestCopied):
    """Blocks move from tier to tier while they run."""

    options = BackendOptions(tier="auto", unit="block", hot=2, background=False)


class TestFunctions(TestCopied):
    """Blocks that are hot become regions. These blocks have no copies, so a region that is short of
    fuel is left for the engine (``FuelOut``), and edges are counted that it does not take."""

    options = BackendOptions(tier="auto", unit="function", hot=2, background=False)
    test_random_program_has_the_same_counts = None


class TestCopiedWithoutFlags(TestCopied):
    dialect = TOY


class TestOptimisedWithoutFlags(TestOptimised):
    dialect = TOY

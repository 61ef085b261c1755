"""The reference backend; for the individual tests see ``tests/backend_contract.py``."""

from backend_contract import BackendContract
from support.rig import TOY

from backends.reference import ReferenceBackend


class TestReference(BackendContract):
    def make_backend(self) -> ReferenceBackend:
        return ReferenceBackend()


class TestWithoutFlags(TestReference):
    dialect = TOY

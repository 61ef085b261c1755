"""The parts of the backend contract (``tests/backend_contract.py``), one file each."""

from collections.abc import Iterator

import pytest
from support.rig import Dialect, Rig, rigged
from support.rotation import FULL

from dbt.interfaces import Backend, BackendOptions
from dbt.ir.parser import parse_blocks

EXAMPLES = 60 if FULL else 25
"""Random blocks or programs of each test of each class. They are other ones in each run."""


class Contract:
    """What the parts of the contract share."""

    options = BackendOptions()
    dialect = Dialect()
    live_seconds = 20.0

    def make_backend(self) -> Backend:
        """The backend under test."""
        raise NotImplementedError

    @pytest.fixture
    def rig(self) -> Iterator[Rig]:
        """A test rig for the backend under test."""
        with rigged(self.make_backend(), self.options, self.dialect) as machine:
            yield machine

    def install(self, rig: Rig, text: str) -> None:
        """Install what a text says."""
        rig.install(*parse_blocks(text))

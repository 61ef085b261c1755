"""Every test gets a kernel of its own; the host's signals are put back afterwards."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.linux_kernel import make_kernel

from dbt.linux.kernel import Kernel


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[Kernel]:
    kernel = make_kernel(tmp_path, seed=1)
    yield kernel
    kernel.close()
    kernel.memory.close()

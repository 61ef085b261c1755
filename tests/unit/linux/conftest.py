"""Kernels without a processor; the host's signals are put back afterwards."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.linux_guest import Guest
from support.linux_kernel import make_kernel

from dbt.linux.kernel import Kernel
from dbt.linux.options import LinuxOptions


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[Kernel]:
    """A kernel whose guest has 16 writable pages (see ``support.linux_kernel``)."""
    kernel = make_kernel(tmp_path, seed=1)
    yield kernel
    kernel.close()
    kernel.memory.close()


@pytest.fixture
def make_guest() -> Iterator[Callable[..., Guest]]:
    """Make guests; the keywords are those of LinuxOptions."""
    made: list[Guest] = []

    def make(**options: Any) -> Guest:
        options.setdefault("allow_read", ())
        made.append(Guest(LinuxOptions(**options)))
        return made[-1]

    yield make
    for guest in made:
        guest.close()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The guest's working directory, with something outside of it next to it."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_text("secret")
    work = tmp_path / "home"
    work.mkdir()
    return work


@pytest.fixture
def guest(make_guest: Callable[..., Guest], home: Path) -> Guest:
    """A guest without a root that may write below ``home``."""
    return make_guest(cwd=str(home))

"""The first run says what takes its time, and keeps it for the next."""

import pytest
from support.guests import guest
from support.stencils import Disk

from backends.numba_jit import NumbaBackend
from backends.numba_jit.stencils import native
from dbt.interfaces import BackendOptions
from dbt.process import Process
from dbt.stops import Exited


def run(said: list[str]) -> dict[str, int]:
    backend = NumbaBackend(said.append)
    hello, options = str(guest("hello")), BackendOptions(tier="0")
    with Process(hello, env={}, backend=backend, options=options) as process:
        assert process.run() == Exited(0)
        return process.stats()["backend"]


def test_the_first_run_says_what_it_makes(monkeypatch: pytest.MonkeyPatch) -> None:
    run([])  # what else is kept is there now
    disk = Disk(monkeypatch.setattr)
    first: list[str] = []
    figures = run(first)
    assert len(first) == 1
    assert first[0].startswith("making code")
    kept, second = disk.library, list[str]()
    assert kept
    assert run(second)["copied_insns"] == figures["copied_insns"]
    assert (second, disk.library) == ([], kept)


def test_a_second_executor_links_nothing_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    figures = run([])
    monkeypatch.setattr(native, "link", None)
    assert run([])["copied_insns"] == figures["copied_insns"]

"""Hypothesis profiles, and textual IR tests: every ``tests/filetests/**/*.ir`` is collected.

A file begins with ``test COMMAND``; what follows a block as comments is what the command must say of
it. ``pytest --bless`` writes down what it says now: read the diff.
"""

import gc
import os
import signal
from pathlib import Path

import pytest
from hypothesis import settings

pytest.register_assert_rewrite("backend_contract", "frontend_contract", "support.contract")

from support.compiled_before import STORE, remember  # noqa: E402
from support.crowded import crowd  # noqa: E402
from support.filetests import FileTest, Mismatch, load  # noqa: E402
from support.rotation import chosen  # noqa: E402

if os.environ.get("ARMDBT_CROWDED"):
    crowd()
remember()

settings.register_profile("dev", max_examples=50, deadline=None)
settings.register_profile("ci", max_examples=300, deadline=None, derandomize=True)
settings.register_profile("nightly", max_examples=5000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))

# A job in the background has these ignored from its start, and guests, ours and qemu-arm's, inherit
# that: then they cannot trap them.
for number, usual in (
    (signal.SIGINT, signal.default_int_handler),
    (signal.SIGQUIT, signal.SIG_DFL),
):
    if signal.getsignal(number) == signal.SIG_IGN:
        signal.signal(number, usual)


def pytest_sessionstart(session: pytest.Session) -> None:
    """What was remembered must not fill the disk: one process looks after that."""
    if not hasattr(session.config, "workerinput"):
        STORE.prune()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--bless", action="store_true", help="rewrite expectations of filetests")
    parser.addoption("--sequences", type=int, default=20, help="drawn sequences of file calls")


def pytest_collection_finish() -> None:
    """Collectors of garbage need not look at all that was imported again and again."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what has no turn today."""
    turn = chosen(items)
    left_out = [item for item in items if item not in turn]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item in turn]


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> "IrFile | None":
    if file_path.suffix == ".ir" and "filetests" in file_path.parts:
        return IrFile.from_parent(parent, path=file_path)
    return None


class IrFile(pytest.File):
    """One ``.ir`` file: one item per block, or one for the file when blessing."""

    def collect(self) -> list[pytest.Item]:
        test = load(self.path)
        if self.config.getoption("--bless"):
            return [BlessItem.from_parent(self, name="bless", test=test)]
        return [
            CaseItem.from_parent(self, name=case.name, test=test, index=index)
            for index, case in enumerate(test.cases)
        ]


class CaseItem(pytest.Item):
    """One block and what is expected of it."""

    def __init__(self, *, test: FileTest, index: int, **rest: object) -> None:
        super().__init__(**rest)  # type: ignore[arg-type]
        self.test = test
        self.index = index

    def runtest(self) -> None:
        self.test.check(self.index)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> str:  # type: ignore[override]
        if isinstance(excinfo.value, Mismatch):
            return f"{excinfo.value}\n(pytest --bless rewrites the file)"
        return str(super().repr_failure(excinfo))

    def reportinfo(self) -> tuple[Path, int, str]:
        case = self.test.cases[self.index]
        return self.path, case.line, f"{self.path.name}: {case.name}"


class BlessItem(pytest.Item):
    """Rewrites the file when what the command says has changed."""

    def __init__(self, *, test: FileTest, **rest: object) -> None:
        super().__init__(**rest)  # type: ignore[arg-type]
        self.test = test

    def runtest(self) -> None:
        self.test.bless()

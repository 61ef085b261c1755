"""How the speed laboratory runs and measures commands."""

import sys

import pytest

from dbt.experiments.speed.commands import Case, environment, run
from dbt.stops import UsageError

CASE = Case("small", "x", (), files=(("a", "text"),), variables=(("NAME", "value"),))


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_commands_share_a_directory_that_nobody_else_has() -> None:
    write = python("import sys; open('b', 'w').write(open('a').read() * 2); sys.exit(3)")
    show = python(
        "import os, sys; print(open('b').read()); print(os.environ['NAME'], file=sys.stderr)"
    )
    once, again = (run(CASE, [write, show]) for _ in range(2))
    assert once.statuses == (3, 0)
    assert once.visible == again.visible
    assert run(CASE, [show]).statuses == (1,)


def test_wall_and_processor_time_are_told_apart() -> None:
    ran = run(CASE, [python("import time; time.sleep(0.5)")])
    assert ran.seconds > 0.5
    assert 0 < ran.cpu < ran.seconds


def test_processor_time_of_children_counts() -> None:
    busy = "import time\nwhile time.process_time() < 0.3: pass"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {busy!r}])"
    assert run(CASE, [python(parent)]).cpu > 0.3


def test_a_program_that_is_not_there() -> None:
    with pytest.raises(UsageError, match="no/such: No such file or directory"):
        run(CASE, [["no/such"]])


def test_a_command_that_does_not_end() -> None:
    with pytest.raises(UsageError, match=r"took longer than 0 s"):
        run(CASE, [python("import time; time.sleep(60)")], timeout=0.05)


def test_the_library_may_be_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ARMDBT_CACHE", raising=False)
    assert "ARMDBT_CACHE" not in environment()
    assert environment("/here")["ARMDBT_CACHE"] == "/here"
    monkeypatch.setenv("ARMDBT_CACHE", "/there")
    assert environment()["ARMDBT_CACHE"] == "/there"

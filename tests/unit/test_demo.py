"""The demonstration shows what it has when it is interrupted."""

import json
from pathlib import Path
from typing import Any

import pytest

from dbt import demo
from dbt.interruption import Terminated


@pytest.mark.parametrize("done", [0, 2])
def test_what_was_measured_before_an_interruption_is_shown(
    done: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    measured: list[str] = []

    def measure(chain: str, denied: tuple[str, ...]) -> dict[str, Any]:
        if len(measured) == done:
            raise Terminated
        measured.append(chain)
        return {"seconds": 1.0, "instructions": 2, "dispatches": {}}

    monkeypatch.setattr(demo, "measure", measure)
    assert demo.run_demo(str(tmp_path / "json")) == 143
    result = json.loads((tmp_path / "json").read_text())
    assert result["events"]["calls"] == {"fib": 465, "helper": 1000}
    assert [*result["runs"]] == ["everything", "not helper"][:done]
    shown = capsys.readouterr().out
    assert "Hooks from Python" in shown
    assert ("three chain policies" in shown) == bool(done)

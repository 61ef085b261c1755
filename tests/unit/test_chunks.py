"""Campaigns that are done in pieces."""

import json
from pathlib import Path

import pytest
from support import chunks


def square(number: int) -> int:
    return number * number


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_piece_is_done_once(jobs: int) -> None:
    found = list(chunks.results(square, range(7), jobs))
    assert sorted(found) == [(number, number * number) for number in range(7)]


def test_progress_is_told_now_and_then(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = [0.0]
    monkeypatch.setattr(chunks.time, "monotonic", lambda: now[0])
    progress = chunks.Progress("instructions", 1000)
    for done in (100, 200, 300):
        now[0] += chunks.LINE_SECONDS / 2
        progress.tell(done, 1)
    assert capsys.readouterr().err == "200 of 1000 instructions, 1 differences, 240 s left\n"
    assert progress.seconds == 90.0


def test_a_result_is_written_where_it_is_wanted(tmp_path: Path) -> None:
    chunks.write(None, {"seed": 1})
    chunks.write(tmp_path / "result.json", {"seed": 1})
    assert json.loads((tmp_path / "result.json").read_text()) == {"seed": 1}

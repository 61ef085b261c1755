"""Campaigns that are done in pieces."""

import argparse
import json
import re
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


def command_line(*args: str) -> tuple[argparse.ArgumentParser, argparse.Namespace]:
    parser = argparse.ArgumentParser(prog="campaign")
    chunks.arguments(parser, resumes=True)
    return parser, parser.parse_args(args)


def begin(*args: str) -> None:
    """What a campaign of nine pieces asks of its command line."""
    parser, given = command_line(*args)
    chunks.chosen(parser, given, 9)
    chunks.resume(parser, given, chunks.Ledger({}, 9))


@pytest.mark.parametrize(
    ("args", "pieces"),
    [
        ((), range(9)),
        (("--piece", "3"), range(3, 4)),
        (("--pieces", "2:5"), range(2, 5)),
        (("--pieces", "0:9"), range(9)),
    ],
)
def test_pieces_are_chosen(args: tuple[str, ...], pieces: range) -> None:
    assert chunks.chosen(*command_line(*args), 9) == pieces


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ("--piece x", "'x' is no number of a piece"),
        ("--piece=-1", "'-1' is no number of a piece"),
        ("--piece 9", "there are only 9 pieces, 0 to 8"),
        ("--pieces 3", "'3' is no range of pieces (A:B, A less than B)"),
        ("--pieces 3:3", "'3:3' is no range of pieces (A:B, A less than B)"),
        ("--pieces :3", "':3' is no range of pieces (A:B, A less than B)"),
        ("--pieces 4:10", "there are only 9 pieces, 0 to 8"),
        ("--piece 1 --pieces 1:2", "not allowed with"),
        ("--jobs 0", "'0' is no number from 1 on"),
        ("--resume", "--resume needs --json, the file to go on with"),
    ],
)
def test_wrong_choices_are_refused(
    args: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        begin(*args.split())
    assert ended.value.code == 2
    assert words in capsys.readouterr().err


def test_a_ledger_goes_on_with_what_another_has_done(tmp_path: Path) -> None:
    path, what = tmp_path / "result.json", {"seed": 1, "rows": ("ADC",)}
    parser, args = command_line("--json", str(path), "--resume")
    first, second = (chunks.Ledger(what, 6) for _ in range(2))
    chunks.resume(parser, args, first)  # there is nothing yet
    first.add(4, {"ran": {"a": 1}, "differences": ["x"], "by": {"mmu": {"n": 1}}}, 2.0)
    first.add(3, {"ran": {"a": 1, "b": 1}, "differences": [], "by": {"mmu": {"n": 2}}}, 1.5)
    chunks.write_all(path, [first])
    chunks.resume(parser, args, second)
    assert second.left(range(2, 6)) == [2, 5]
    second.add(0, {"ran": {"c": 5}, "differences": ["y"], "by": {"mmu": {"n": 3}}}, 1.0)
    assert str(second) == "3 of 6 pieces"
    assert second.data == {
        "campaign": {"seed": 1, "rows": ["ADC"]},
        "pieces": [[0, 1], [3, 5]],
        "of pieces": 6,
        "seconds": 4.5,
        "figures": {
            "ran": {"a": 2, "b": 1, "c": 5},
            "differences": ["x", "y"],
            "by": {"mmu": {"n": 6}},
        },
    }


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"campaigns": [{"campaign": {"seed": 2}}]}', "another campaign: its seed is 2, not 1"),
        ('{"campaigns": []}', "it has 0 campaigns, not 1"),
        ('{"seed": 1}', "it is no result of a campaign"),
        ("[1]", "it is no result of a campaign"),
        ("", "it is no result of a campaign"),
    ],
)
def test_a_ledger_does_not_go_on_with_anything_else(
    tmp_path: Path, content: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "result.json"
    path.write_text(content)
    with pytest.raises(SystemExit):
        chunks.resume(*command_line("--json", str(path), "--resume"), chunks.Ledger({"seed": 1}, 6))
    assert re.search(f"cannot go on with .*: .*{words}", capsys.readouterr().err)
    assert path.read_text() == content

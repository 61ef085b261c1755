"""``benchmarks.plot``: what is wrong is one line."""

import sys
from pathlib import Path

import pytest

from benchmarks import plot


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (None, "result.json: No such file or directory"),
        ("nonsense", "result.json: no result of bench_guest"),
        ("{}", "result.json: no result of bench_guest"),
        ('{"rows": []}', "matplotlib is not installed: pip install armdbt[plot]"),
    ],
)
def test_one_line(
    text: str | None,
    line: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    if text is not None:
        Path("result.json").write_text(text)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert plot.main(["result.json", "out.svg"]) == 2
    assert capsys.readouterr().err == f"{line}\n"

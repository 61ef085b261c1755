"""The fork server: jobs are as fresh processes are."""

from pathlib import Path

import pytest
from support.forkserver import ForkServer
from support.guests import guest


def test_a_job_finds_what_others_have_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With an empty cache: what the first one made, which the server has not, is not made again."""
    kept = tmp_path / "kept"
    monkeypatch.setenv("ARMDBT_CACHE", str(kept))
    server = ForkServer()
    try:
        seen = []
        for _ in range(2):
            job = ("run", "--tier", "0", str(guest("files")), "x")
            server.run(job, cwd=tmp_path, env={"ARMDBT_CACHE": str(kept)})
            seen.append({file.name: file.stat().st_ino for file in kept.iterdir()})
    finally:
        server.close()
    assert any(name.startswith("stencils") for name in seen[0])
    assert seen[0] == seen[1]

"""Directories that are in several places."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.guests import guest

LOOK = """
import sys
import dbt
from dbt.linux.options import LinuxOptions

program, root, allowed = sys.argv[1:]
options = LinuxOptions(root=root, allow_read=(allowed,))
with dbt.Process(program, env={}, linux=options) as process:
    text = process.call("map", 4096)
    for call, path in ("chdir", b"/work\\0"), ("open", b"there\\0"):
        process.memory.write(text, path)
        assert process.kernel.perform(call, [text, 0, 0, 0, 0, 0]) >= 0, call
    print(process.kernel.paths.cwd.decode())
"""


def test_an_allowed_directory_that_is_mounted_in_the_root_is_where_it_was_entered(
    tmp_path: Path,
) -> None:
    """The host may show a directory of its own in ROOT: it is not taken for that of the host."""
    alone = ["unshare", "--map-root-user", "--mount"]
    if shutil.which("unshare") is None or subprocess.run([*alone, "true"], check=False).returncode:
        pytest.skip("the host lets nobody mount")
    allowed, root = tmp_path / "allowed", tmp_path / "root"
    (root / "work").mkdir(parents=True)
    allowed.mkdir()
    (allowed / "there").touch()
    script = 'mount --bind "$2" "$1/work" && shift 2 && exec "$@"'
    look = [sys.executable, "-c", LOOK, str(guest("callable")), str(root), str(allowed)]
    done = subprocess.run(
        [*alone, "sh", "-c", script, "sh", str(root), str(allowed), *look],
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("/work\n", "")

"""Fetch programs for armhf that PyPI has as wheels: one in Go, and some in Rust.

    python tests/support/wheel_programs.py .cache/armhf-wheels

Go's program is static and has a runtime of its own, which makes threads, signals and system calls
without a C library. Those in Rust are linked with Debian's (``debian_root``).
"""

import argparse
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

PLATFORM = "manylinux_2_17_armv7l"
PROGRAMS = {
    "buf": "buf-bin==1.75.0",  # Go
    "rg": "ripgrep==14.1.0",
    "just": "rust-just==1.59.0",
    "ruff": "ruff==0.17.6",
}
"""The wheel of each program."""
DONE = ".unpacked"
"""Made in the directory when it is whole; holds the wheels it was made from."""

DEFAULT_DIRECTORY = Path(__file__).resolve().parents[2] / ".cache/armhf-wheels"


def is_whole(directory: Path) -> bool:
    """Whether a directory was filled to its end, from today's wheels."""
    done = directory / DONE
    return done.is_file() and done.read_text().split() == list(PROGRAMS.values())


def fetch(directory: Path) -> None:
    """Make the directory anew. Raises CalledProcessError."""
    shutil.rmtree(directory, ignore_errors=True)
    wheels = directory / "wheels"
    wheels.mkdir(parents=True)
    command = [sys.executable, "-m", "pip", "--quiet", "download", "--no-deps"]
    command += ["--only-binary", ":all:", "--platform", PLATFORM, "--dest", str(wheels)]
    subprocess.run([*command, *PROGRAMS.values()], check=True)
    for wheel in wheels.iterdir():
        unpack(wheel, directory)
    missing = [name for name in PROGRAMS if not (directory / name).is_file()]
    assert not missing, f"no wheel has {', '.join(missing)}"
    shutil.rmtree(wheels)
    (directory / DONE).write_text("\n".join(PROGRAMS.values()) + "\n")


def unpack(wheel: Path, directory: Path) -> None:
    """Put the programs of a wheel into a directory."""
    with zipfile.ZipFile(wheel) as archive:
        for member in archive.infolist():
            name = Path(member.filename)
            if name.name in PROGRAMS and name.parent.name == "scripts":
                program = directory / name.name
                program.write_bytes(archive.read(member))
                program.chmod(0o755)


def main() -> int:
    parser = argparse.ArgumentParser(description="Fetch programs in Go and Rust for armhf.")
    parser.add_argument(
        "directory", nargs="?", type=Path, default=DEFAULT_DIRECTORY,
        help=".cache/armhf-wheels by default",
    )  # fmt: skip
    directory = parser.parse_args().directory.resolve()
    if not is_whole(directory):
        fetch(directory)
    return 0


if __name__ == "__main__":
    sys.exit(main())

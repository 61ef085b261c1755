"""Unpack Debian packages for armel or armhf, with everything they need, into a directory.

    python tests/support/debian_root.py --architecture armel .cache/debian-armel

It keeps an apt of its own beside the directory (state, lists, downloaded files), so the machine's
apt learns nothing of the foreign architecture, and unpacks with dpkg-deb: nothing is installed and
no maintainer script runs. It needs apt-get and dpkg-deb, and the machine's Debian sources.
"""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ARCHITECTURES = ("armel", "armhf")
PACKAGES = (
    "busybox-static",
    "bash",
    "coreutils",
    "diffutils",
    "findutils",
    "grep",
    "sed",
    "mawk",
    "gzip",
    "bzip2",
    "xz-utils",
    "sqlite3",
    "lua5.4",
    "perl",
    "python3.11-minimal",
    "libpython3.11-stdlib",
    "jq",
    "openssl",
    "git",
    "cpp-12",
)
LARGE = (
    "dash",
    "zstd",
    "tcl8.6",
    "gcc-12",
    "ghostscript",
    "ffmpeg",
    "luajit",
    "nodejs",
)
"""Packages that come on top, in a directory that the others have made."""
DONE = ".unpacked"
"""Made in the directory when it is whole; holds the list of packages it was made from."""

CACHE = Path(__file__).resolve().parents[2] / ".cache"
DEFAULT_ROOT = CACHE / "debian-armel"
ARMHF_ROOT = CACHE / "debian-armhf"


def is_whole(root: Path, packages: Sequence[str] = PACKAGES) -> bool:
    """Whether ``root`` was unpacked to its end, with these packages among its own."""
    return set(packages) <= unpacked(root)


def unpacked(root: Path) -> set[str]:
    """The packages in a directory that was unpacked to its end."""
    done = root / DONE
    return set(done.read_text().split()) if done.is_file() else set()


def private_apt(home: Path, architecture: str) -> dict[str, str]:
    """Environment of an apt that keeps its state in ``home`` and knows only one architecture."""
    for directory in ("state/lists/partial", "cache/archives/partial"):
        (home / directory).mkdir(parents=True, exist_ok=True)
    (home / "state/status").touch()
    config = home / "apt.conf"
    config.write_text(
        f'APT::Architecture "{architecture}";\n'
        f'APT::Architectures {{ "{architecture}"; }};\n'
        f'Dir::State "{home}/state";\n'
        f'Dir::State::status "{home}/state/status";\n'
        f'Dir::Cache "{home}/cache";\n'
        'APT::Sandbox::User "root";\n'
        'APT::Install-Recommends "false";\n'
        'Acquire::Languages "none";\n'
        'Debug::NoLocking "true";\n'
    )
    return {**os.environ, "APT_CONFIG": str(config), "DEBIAN_FRONTEND": "noninteractive"}


def download(home: Path, architecture: str, packages: Sequence[str]) -> list[Path]:
    """Fetch packages and all they depend on. The files, in ``home``."""
    environment = private_apt(home, architecture)

    def apt_get(*arguments: str, check: bool = True) -> None:
        subprocess.run(["apt-get", "-q", *arguments], env=environment, check=check)

    archives = home / "cache/archives"
    for old in archives.glob("*.deb"):
        old.unlink()
    apt_get("update", check=False)  # a mirror may lack one of the indices for a while
    apt_get("install", "--yes", "--download-only", *packages)
    return sorted(archives.glob("*.deb"))


def unpack(root: Path, architecture: str, packages: Sequence[str], *, anew: bool) -> None:
    """Unpack packages into ``root``, made ``anew`` or with others in it."""
    files = download(root.with_name(root.name + "-apt"), architecture, packages)
    there = set() if anew else unpacked(root)
    if anew:
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir(parents=True)
    for file in files:
        subprocess.run(["dpkg-deb", "--extract", file, root], check=True)
    (root / DONE).write_text("\n".join(sorted(there | set(packages))) + "\n")
    print(f"unpacked {len(files)} packages")


def main() -> int:
    parser = argparse.ArgumentParser(description="Unpack Debian's packages into a directory.")
    parser.add_argument("--architecture", choices=ARCHITECTURES, default=ARCHITECTURES[0])
    parser.add_argument("root", nargs="?", type=Path, help=".cache/debian-ARCHITECTURE by default")
    args = parser.parse_args()
    root = (args.root or CACHE / f"debian-{args.architecture}").resolve()
    missing = [tool for tool in ("apt-get", "dpkg-deb") if shutil.which(tool) is None]
    if missing:
        print(f"debian_root: this machine has no {' and no '.join(missing)}", file=sys.stderr)
        return 2
    if not is_whole(root):
        unpack(root, args.architecture, PACKAGES, anew=True)
    if not is_whole(root, LARGE):
        unpack(root, args.architecture, LARGE, anew=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())

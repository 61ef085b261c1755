"""Symbols and lines of programs whose debug information is in a file of its own."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from support.guests import GUESTS
from support.oracle import lacking
from support.random_calls import compiler
from support.runs import command

import dbt
from dbt.linux.options import LinuxOptions
from dbt.stops import UsageError

OBJCOPY = "arm-linux-gnueabi-objcopy"
SOURCE = GUESTS / "src" / "named.c"
NUMBER = next(
    n for n, line in enumerate(SOURCE.read_text().splitlines(), 1) if "mark: falls" in line
)
PLACE = f"(fall in named, named.c:{NUMBER})"
BARE = "(0x"
FORMATS = ("dwarf-4", "dwarf-5 -gz")


def objcopy(*words: str | Path) -> None:
    if shutil.which(OBJCOPY) is None:
        lacking(f"needs {OBJCOPY} (Debian: binutils-arm-linux-gnueabi)")
    subprocess.run([OBJCOPY, *words], check=True)


@pytest.fixture(scope="module", params=FORMATS)
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the stripped program, ``named``, and its debug file, ``whole.debug``."""
    home = tmp_path_factory.mktemp("built")
    runtime = GUESTS / "src" / "rt"
    subprocess.run(
        [compiler(), f"-g{request.param.split()[0]}", *request.param.split()[1:], "-O2",
         "-ffreestanding", "-fno-stack-protector", "-fno-tree-loop-distribute-patterns", "-fno-pic",
         "-no-pie", "-static", "-nostdlib", "-Wl,--build-id=sha1", f"-I{runtime}", "-o", home / "whole",
         SOURCE, runtime / "start.S", runtime / "guest.c", "-lgcc"],
        check=True,
    )  # fmt: skip
    objcopy("--only-keep-debug", home / "whole", home / "whole.debug")
    objcopy("--strip-all", home / "whole", home / "named")
    return home


@pytest.fixture
def root(built: Path, tmp_path: Path) -> Path:
    """A root with the program at ``/usr/bin/named``."""
    (tmp_path / "root/usr/bin").mkdir(parents=True)
    shutil.copy(built / "named", tmp_path / "root/usr/bin/named")
    return tmp_path / "root"


def build_id(built: Path) -> str:
    text = subprocess.run(
        ["arm-linux-gnueabi-readelf", "-n", built / "named"], capture_output=True, check=True
    ).stdout.decode()
    return text.partition("Build ID: ")[2].split()[0]


def crashed(root: Path, *options: str) -> str:
    """The first line of the crash report."""
    program = root / "usr/bin/named"
    outcome = command("run", "-L", str(root), *options, str(program), "crash", cwd=root)
    return outcome.stderr.decode().splitlines()[0]


def test_without_the_file_there_is_no_name(root: Path) -> None:
    assert BARE in crashed(root) or "(sub_" in crashed(root)


def test_by_the_build_id(built: Path, root: Path) -> None:
    name = build_id(built)
    place = root / "usr/lib/debug/.build-id" / name[:2] / f"{name[2:]}.debug"
    place.parent.mkdir(parents=True)
    shutil.copy(built / "whole.debug", place)
    assert crashed(root).endswith(PLACE)
    with dbt.Process(str(root / "usr/bin/named"), linux=LinuxOptions(root=str(root))) as process:
        line = process.line(process.resolve("fall"))
        assert line is not None
        assert (Path(line.path), line.number) == (SOURCE, NUMBER)
        process.resolve("Foo::bar(int)")


def test_the_file_of_another_build_is_passed_over(built: Path, root: Path) -> None:
    name = build_id(built)
    place = root / "usr/lib/debug/.build-id" / name[:2] / f"{name[2:]}.debug"
    place.parent.mkdir(parents=True)
    place.write_bytes((built / "whole.debug").read_bytes().replace(bytes.fromhex(name), bytes(20)))
    assert PLACE not in crashed(root)


@pytest.mark.parametrize("where", ["usr/bin", "usr/bin/.debug", "usr/lib/debug/usr/bin"])
def test_by_the_link(built: Path, root: Path, where: str) -> None:
    program = root / "usr/bin/named"
    objcopy(f"--add-gnu-debuglink={built / 'whole.debug'}", program)
    (root / where).mkdir(parents=True, exist_ok=True)
    debug = root / where / "whole.debug"
    shutil.copy(built / "whole.debug", debug)
    assert crashed(root).endswith(PLACE)
    debug.write_bytes(debug.read_bytes() + b"changed")
    assert PLACE not in crashed(root)


def test_in_a_directory_of_the_users(built: Path, root: Path, tmp_path: Path) -> None:
    objcopy(f"--add-gnu-debuglink={built / 'whole.debug'}", root / "usr/bin/named")
    (tmp_path / "mine").mkdir()
    shutil.copy(built / "whole.debug", tmp_path / "mine")
    assert PLACE not in crashed(root)
    assert crashed(root, "--debug-dir", str(tmp_path / "mine")).endswith(PLACE)
    with pytest.raises(UsageError, match="not a directory"):
        LinuxOptions(debug_dirs="/nowhere")


def test_an_endless_file_is_passed_over(built: Path, root: Path) -> None:
    """Its checksum would take hours."""
    objcopy(f"--add-gnu-debuglink={built / 'whole.debug'}", root / "usr/bin/named")
    with (root / "usr/bin/whole.debug").open("wb") as file:
        file.truncate(1 << 42)
    assert PLACE not in crashed(root)


def test_a_fifo_or_a_damaged_file_is_passed_over(built: Path, root: Path) -> None:
    name = build_id(built)
    place = root / "usr/lib/debug/.build-id" / name[:2] / f"{name[2:]}.debug"
    place.parent.mkdir(parents=True)
    os.mkfifo(place)
    assert PLACE not in crashed(root)
    place.unlink()
    place.write_bytes((built / "whole.debug").read_bytes()[:2000])
    assert PLACE not in crashed(root)

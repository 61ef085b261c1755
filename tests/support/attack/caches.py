"""Attack: the files that armdbt keeps are cut, changed, or replaced by something else.

A copy of the installation is damaged, and runs a program as if nothing had happened.
"""

import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from support.attack.frame import Finding, Plan, Report
from support.guests import GUESTS, ROOT

NAME = "caches"
SECONDS = 300.0
HELLO = str(GUESTS / "hello.elf")


def _cut(draw: random.Random, file: Path) -> None:
    os.truncate(file, draw.choice((0, 1, draw.randrange(file.stat().st_size + 1))))


def _change(draw: random.Random, file: Path) -> None:
    data = bytearray(file.read_bytes())
    for _ in range(draw.choice((1, 1, 16))):
        if data:
            data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
    file.write_bytes(data)


def _overwrite(draw: random.Random, file: Path) -> None:
    file.write_bytes(draw.choice((b"\0" * 4096, draw.randbytes(4096))))


def _append(draw: random.Random, file: Path) -> None:
    with file.open("ab") as end:
        end.write(draw.randbytes(draw.randrange(1, 100)))


def _remove(draw: random.Random, file: Path) -> None:
    file.unlink()
    draw.choice((lambda: None, file.mkdir, lambda: os.mkfifo(file),
                 lambda: file.symlink_to("/dev/zero"), lambda: file.symlink_to(file.name)))()  # fmt: skip


def _open_to_others(draw: random.Random, file: Path) -> None:
    file.chmod(draw.choice((0o666, 0o000, 0o4755)))


DAMAGES = (_cut, _change, _overwrite, _append, _remove, _open_to_others)


def kept(copy: Path) -> list[Path]:
    """The files that armdbt keeps, without Python's own."""
    found = [*(copy / "backends").rglob("__pycache__/*"), *(copy / "home").rglob("*")]
    return sorted(file for file in found if file.is_file() and file.suffix != ".pyc")


def check(copy: Path, seed: int, number: int) -> Finding | None:
    """Damage one or all of the files, run a program twice: the second time all is well again."""
    draw = random.Random(f"{seed}/{number}")
    files = kept(copy)
    chosen = files if draw.random() < 0.3 else draw.sample(files, min(1, len(files)))
    done = []
    for file in chosen:
        damage = draw.choice(DAMAGES)
        damage(draw, file)
        done.append(f"{damage.__name__.strip('_')} {file.name}")
    environment = {"PYTHONPATH": str(copy), "HOME": str(copy / "home"), "PATH": os.environ["PATH"]}
    words = [sys.executable, "-m", "dbt", "run", "--tier", draw.choice(("0", "2", "auto")), HELLO]
    for _ in range(2):
        try:
            ended = subprocess.run(words, env=environment, cwd="/", capture_output=True,
                                   check=False, timeout=SECONDS)  # fmt: skip
        except subprocess.TimeoutExpired:
            return Finding(number, f"hang after {', '.join(done)}")
        if (ended.returncode, ended.stdout, ended.stderr) != (0, b"hello, world\n", b""):
            what = f"status {ended.returncode} after {', '.join(done)}"
            return Finding(number, what, ended.stderr.decode(errors="replace"))
    return None


def run(plan: Plan) -> Report:
    """Damage copies until the plan is over: a fresh one each round, so that rounds repeat."""
    findings: list[Finding] = []
    done = 0
    with tempfile.TemporaryDirectory(prefix="armdbt-attack-") as name:
        subprocess.run([sys.executable, "-m", "dbt", "run", HELLO], cwd=ROOT, check=True,
                       stdout=subprocess.DEVNULL)  # fmt: skip
        while not plan.over(done):
            copy = Path(name) / str(done)
            for package in ("dbt", "frontends", "backends"):
                shutil.copytree(ROOT / package, copy / package)
            (copy / "home").mkdir()
            found = check(copy, plan.seed, plan.first + done)
            findings += [found] if found is not None else []
            shutil.rmtree(copy)
            done += 1
    return Report(done, findings)

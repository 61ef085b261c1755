"""A wheel is installed beside dbt-core, which has a package ``dbt``, too."""

import re
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest
from support.guests import GUESTS, ROOT

HELLO = str(GUESTS / "hello.elf")
OTHERS = ("__init__.py", "cli/__init__.py", "cli/main.py", "parser/__init__.py",
          "plugins/__init__.py", "version.py", "py.typed")  # fmt: skip
"""Of dbt-core 1.12, what has names of armdbt's own modules."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    for module in ("hatchling", "hatch_fancy_pypi_readme"):
        pytest.importorskip(module, reason="wheels are made by hatchling (group docs)")
    out = tmp_path_factory.mktemp("wheel")
    words = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", out]
    subprocess.run(words, cwd=ROOT, check=True, capture_output=True)
    (path,) = out.glob("*.whl")
    return zipfile.ZipFile(path)


@pytest.fixture(scope="module")
def python(wheel: zipfile.ZipFile, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment with the wheel, what it needs, and files like dbt-core's."""
    home = tmp_path_factory.mktemp("environment")
    venv.create(home, with_pip=False)
    (packages,) = home.glob("lib/python*/site-packages")
    wheel.extractall(packages)
    (packages / "needed.pth").write_text(str(Path(pytest.__file__).parents[1]))
    for name in OTHERS:
        (packages / "dbt" / name).parent.mkdir(parents=True, exist_ok=True)
        (packages / "dbt" / name).touch()
    return home / "bin" / "python"


def run(python: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(python.parent)}
    return subprocess.run(
        [str(python), *words],
        cwd="/", env=environment, capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip


def test_what_is_in_it_is_where_no_other_package_is(wheel: zipfile.ZipFile) -> None:
    tops = {name.partition("/")[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {
        "armdbt-packages", "armdbt.pth",
    }  # fmt: skip
    assert wheel.read("armdbt.pth") == b"armdbt-packages\n"
    folders = {name.split("/")[1] for name in wheel.namelist() if name.startswith("armdbt-p")}
    assert folders == {"armdbt", "dbt", "frontends", "backends"}
    (points,) = [name for name in wheel.namelist() if name.endswith("entry_points.txt")]
    assert b"\narmdbt = armdbt:main\n" in wheel.read(points)


def test_the_command_is_ours(python: Path) -> None:
    done = run(python, "-m", "armdbt", "run", "--backend", "reference", HELLO)
    assert (done.stdout, done.stderr, done.returncode) == ("hello, world\n", "", 0)


def test_the_package_is_the_others_until_armdbt_is_imported(python: Path) -> None:
    shown = "print(dbt.__file__.split('site-packages')[1])"
    assert run(python, "-c", f"import dbt; {shown}").stdout == "/dbt/__init__.py\n"
    done = run(python, "-c", f"import armdbt, dbt; {shown}; print(dbt.Process)")
    assert done.stdout == (
        "/armdbt-packages/dbt/__init__.py\n<class 'dbt.process.facade.Process'>\n"
    )


def test_a_process_does_not_get_both(python: Path) -> None:
    done = run(python, "-c", "import dbt.version, armdbt")
    last = done.stderr.splitlines()[-1]
    assert last.startswith("ImportError: this process has another package dbt, ")
    assert last.endswith("/site-packages/dbt/__init__.py: import armdbt before it")


def test_interpreters_that_armdbt_starts_have_ours(python: Path) -> None:
    code = (
        "import armdbt, dbt.stops\n"
        "from dbt.experiments.harness.isolation import in_fresh_interpreter\n"
        "from dbt.experiments.speed.commands import armdbt, main_of\n"
        "print(in_fresh_interpreter(dbt.stops.UsageError))\n"
        "import subprocess\n"
        f"subprocess.run(armdbt('run', '--backend', 'reference', {HELLO!r}))\n"
        f"subprocess.run(main_of('dbt.experiments.speed.unicorn_run', {HELLO!r}))\n"
    )
    done = run(python, "-c", code)
    assert done.stdout.count("hello, world\n") == 2, done.stderr


def test_its_description_has_no_link_that_leads_nowhere(wheel: zipfile.ZipFile) -> None:
    (name,) = [name for name in wheel.namelist() if name.endswith("/METADATA")]
    text = wheel.read(name).decode()
    assert "docs/recordings.md` on events as arrays" in text
    assert re.findall(r"\]\((?!https?:)[^)]*\)", text) == []

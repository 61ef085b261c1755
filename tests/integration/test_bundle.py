"""The bundle: a start reads the code of armdbt's modules from one file."""

import marshal
import os
import shutil
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
from support.guests import guest

import dbt
from dbt import bundle
from dbt.linux import calls

TREE = Path(dbt.__file__).parent.parent
SCRIPT = """
import atexit, sys
from dbt.cli import main

def report():
    for name in ("dbt.process.facade", "dbt.linux", "dbt.text"):
        module = sys.modules[name]
        spec = module.__spec__
        print(name, type(module.__loader__).__name__, module.__file__ == spec.origin,
              module.__cached__ == spec.cached, hasattr(module, "__path__"),
              getattr(module, "NEW", None), file=sys.stderr)

atexit.register(report)
sys.argv = ["armdbt", *sys.argv[1:]]
main()
"""
LATE = """
import importlib, resource, sys
from dbt.cli import main
from dbt.linux import calls
from dbt.linux.kernel import Kernel

def import_all(self):
    close(self)
    before = {*sys.modules}
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, limits[1]))
    for name in calls.RARE:
        importlib.import_module(f"dbt.linux.calls.{name}")
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    print("late", *{*sys.modules} - before, file=sys.stderr)

close, Kernel.close = Kernel.close, import_all
sys.argv = ["armdbt", *sys.argv[1:]]
main()
"""
USUAL = {
    "dbt.process.facade": ["SourceFileLoader", "True", "True", "False", "None"],
    "dbt.linux": ["SourceFileLoader", "True", "True", "True", "None"],
    "dbt.text": ["SourceFileLoader", "True", "True", "False", "None"],
}
BUNDLED = {name: ["_Loader", *row[1:]] for name, row in USUAL.items()}


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of armdbt that has compiled what it keeps."""
    tree = tmp_path_factory.mktemp("compiled") / "tree"
    for package in bundle.PACKAGES:
        without = shutil.ignore_patterns("__pycache__")
        shutil.copytree(TREE / package, tree / package, ignore=without)
    run(tree, PYTHONDONTWRITEBYTECODE="1")
    return tree


@pytest.fixture
def tree(compiled: Path, tmp_path: Path) -> Path:
    """A copy of armdbt that has compiled what it keeps, and has no bundle."""
    return shutil.copytree(compiled, tmp_path / "tree")


def run(tree: Path, script: str = SCRIPT, **variables: str) -> dict[str, list[str]]:
    """Run a program by a copy of armdbt. Returns what was seen of some modules."""
    environment = {**os.environ, "PYTHONPATH": str(tree), **variables}
    if not variables:
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(
        [sys.executable, "-c", script, "run", "--backend", "reference", str(guest("hello"))],
        cwd=tree, env=environment, capture_output=True, text=True, check=True, timeout=600,
    )  # fmt: skip
    assert done.stdout.startswith("hello")
    return {line.split()[0]: line.split()[1:] for line in done.stderr.splitlines()}


def file_of(tree: Path) -> Path:
    """The bundle of a copy."""
    return tree / "dbt" / "__pycache__" / f"bundle.{sys.implementation.cache_tag}.pyc.bundle"


def test_a_start_imports_what_the_one_before_has_kept(tree: Path) -> None:
    assert run(tree) == USUAL
    assert run(tree) == BUNDLED
    assert not list(file_of(tree).parent.glob("*.bundle.*"))


def test_system_calls_of_few_programs_are_imported_late_without_a_descriptor(tree: Path) -> None:
    """Not their modules alone: what these import has been imported."""
    run(tree)
    assert {*run(tree, LATE)["late"]} == {f"dbt.linux.calls.{name}" for name in calls.RARE}


def test_a_module_that_has_changed_is_imported_as_usual(tree: Path) -> None:
    run(tree)
    before = file_of(tree).read_bytes()
    with (tree / "dbt" / "text.py").open("a") as source:
        source.write("NEW = 1\n")
    assert run(tree) == {**BUNDLED, "dbt.text": [*USUAL["dbt.text"][:-1], "1"]}
    assert file_of(tree).read_bytes() == before


def test_a_module_that_is_to_be_held_and_has_changed_is_added(tree: Path) -> None:
    run(tree)
    os.utime(tree / "dbt" / "linux" / "calls" / "epoll.py", (1, 1))
    run(tree)
    assert len(run(tree, LATE)["late"]) == len(calls.RARE)


def test_many_modules_that_have_changed_are_added(tree: Path) -> None:
    run(tree)
    for source in (tree / "dbt").rglob("*.py"):
        os.utime(source, (1, 1))
    assert run(tree) == USUAL
    assert run(tree) == BUNDLED


def test_a_tree_that_was_moved_is_imported_as_usual(tree: Path) -> None:
    run(tree)
    moved = tree.rename(tree.with_name("moved"))
    assert run(moved) == USUAL
    assert run(moved) == BUNDLED


@pytest.mark.parametrize("damage", ["empty", "cut", "other Python", "other content"])
def test_a_damaged_bundle_is_not_used(tree: Path, damage: str) -> None:
    run(tree)
    content = file_of(tree).read_bytes()
    file_of(tree).write_bytes(
        {
            "empty": b"",
            "cut": content[:-1000],
            "other Python": content.replace(b"modules 2", b"modules 0", 1),
            "other content": content[: content.index(b"\n") + 1] + b"i\0\0\0\0",
        }[damage]
    )
    assert run(tree) == USUAL
    assert run(tree) == BUNDLED


def test_a_bundle_that_says_it_is_larger_than_memory_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(content: bytes) -> None:
        raise MemoryError

    file = tmp_path / "bundle"
    bundle._write(str(file), {"a.py": bundle.Entry(1, 2, "a.pyc", b"N")})
    assert bundle.Bundle(str(file))._index
    monkeypatch.setattr(bundle.marshal, "loads", full)
    assert not bundle.Bundle(str(file))._index


@pytest.fixture
def sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The bundle of a package that has one module."""
    package = tmp_path / "dbt_sample"
    package.mkdir()
    (package / "__init__.py").write_text("")
    source = package / "part.py"
    source.write_text("NEW = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    file = tmp_path / "bundle"
    made = marshal.dumps(compile("NEW = 1", str(source), "exec"))
    bundle._write(str(file), {str(source): bundle.Entry(*bundle._state(str(source)), "", made)})
    return file


def found(sample: Path, of: bundle.Bundle) -> bool:
    """Whether the module is imported from the bundle."""
    return of.find_spec("dbt_sample.part", [str(sample.parent / "dbt_sample")]) is not None


def test_a_module_is_imported_late_from_the_same_bundle_alone(sample: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    installed = bundle.Bundle(str(sample))
    assert found(sample, installed)
    installed.rest()
    assert len(os.listdir("/proc/self/fd")) == before
    assert found(sample, installed)
    assert len(os.listdir("/proc/self/fd")) == before
    content = sample.read_bytes()
    sample.unlink()
    assert not found(sample, installed)
    sample.write_bytes(content)
    assert not found(sample, installed)


def test_a_module_that_is_held_is_imported_without_the_file(sample: Path) -> None:
    source = sample.parent / "dbt_sample" / "part.py"
    installed = bundle.Bundle(str(sample))
    assert not installed.hold([str(source), str(source.with_name("other.py"))])
    assert installed.hold([str(source)])
    installed.rest()
    sample.unlink()
    assert found(sample, installed)
    assert not installed.hold([str(source)])
    os.utime(source, (1, 1))
    assert not found(sample, installed)


def test_a_module_whose_code_is_damaged_is_imported_as_usual(sample: Path) -> None:
    content = bytearray(sample.read_bytes())
    content[bundle.Bundle(str(sample))._codes] = 0xFF
    sample.write_bytes(content)
    installed = bundle.Bundle(str(sample))
    assert installed._index
    assert not found(sample, installed)


def test_nothing_is_kept_where_python_keeps_nothing(tree: Path) -> None:
    run(tree, PYTHONDONTWRITEBYTECODE="1")
    assert not file_of(tree).exists()
    run(tree)
    assert file_of(tree).exists()


def test_nothing_is_kept_of_a_start_that_compiles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    made = bundle.Bundle(str(tmp_path / "bundle"))
    monkeypatch.setitem(sys.modules, "llvmlite", sys)
    made.keep()
    assert not list(tmp_path.iterdir())
    monkeypatch.delitem(sys.modules, "llvmlite")
    made.keep()
    assert list(tmp_path.iterdir()) == [tmp_path / "bundle"]


def test_a_source_that_is_wrong_by_now_is_not_kept(tmp_path: Path) -> None:
    source = tmp_path / "sample.py"
    source.write_text("NEW = 1\n")
    loader = SourceFileLoader("dbt.sample", str(source))
    module = module_from_spec(spec_from_file_location("dbt.sample", source, loader=loader))
    entry = bundle._entry(str(source), module)
    assert entry is not None
    found: dict[str, object] = {}
    exec(marshal.loads(entry.code), found)
    assert found["NEW"] == 1
    source.write_text("NEW = = 1\n")
    assert bundle._entry(str(source), module) is None


@pytest.mark.parametrize("file", ["nowhere/bundle", ""])
def test_nothing_is_collected_where_nothing_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    collected: list[str] = []
    monkeypatch.setattr(bundle, "_entry", lambda source, _: collected.append(source))
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.delitem(sys.modules, "llvmlite", raising=False)
    monkeypatch.chdir(tmp_path)
    bundle.Bundle(file).keep()
    assert not list(tmp_path.iterdir())
    assert not collected
    bundle.Bundle(str(tmp_path / "bundle")).keep()
    assert len(collected) >= bundle.MANY


def test_a_file_that_cannot_be_made_is_no_error(tmp_path: Path) -> None:
    bundle._write(str(tmp_path / "nowhere" / "bundle"), {})
    assert not list(tmp_path.iterdir())


def test_others_may_not_write_a_bundle_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        bundle._write(str(tmp_path / "bundle"), {})
    finally:
        os.umask(before)
    assert (tmp_path / "bundle").stat().st_mode & 0o777 == 0o644

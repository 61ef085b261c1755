"""The bundle: a start reads the code of armdbt's modules from one file."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
from support.guests import guest

import dbt
from dbt import bundle, bundle_writing
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


def keep(made: bundle.Bundle) -> None:
    """What a start does at its end."""
    if added := made.added():
        bundle_writing.keep(made, added)


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
            "other Python": content.replace(b"modules 3", b"modules 0", 1),
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
    code = compile("", "a.py", "exec")
    bundle_writing.write(str(file), {"a.py": bundle.Entry("dbt.a", 1, 2, "a.pyc", code)})
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
    made = compile("NEW = 1", str(source), "exec")
    state = bundle.state(str(source))
    bundle_writing.write(
        str(file), {str(source): bundle.Entry("dbt_sample.part", *state, "", made)}
    )
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


def test_a_file_that_is_cut_while_it_is_open_has_no_code(sample: Path) -> None:
    installed = bundle.Bundle(str(sample))
    os.truncate(sample, installed._codes)
    assert installed._index
    assert not found(sample, installed)
    assert not bundle.Bundle(str(sample))._index


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
    keep(made)
    assert not list(tmp_path.iterdir())
    monkeypatch.delitem(sys.modules, "llvmlite")
    keep(made)
    assert list(tmp_path.iterdir()) == [tmp_path / "bundle"]


def test_a_source_that_is_wrong_by_now_is_not_kept(tmp_path: Path) -> None:
    source = tmp_path / "sample.py"
    source.write_text("NEW = 1\n")
    loader = SourceFileLoader("dbt.sample", str(source))
    module = module_from_spec(spec_from_file_location("dbt.sample", source, loader=loader))
    entry = bundle_writing.entry(str(source), module)
    assert entry is not None
    found: dict[str, object] = {}
    exec(entry.code, found)
    assert found["NEW"] == 1
    source.write_text("NEW = = 1\n")
    assert bundle_writing.entry(str(source), module) is None


@pytest.mark.parametrize("file", ["nowhere/bundle", ""])
def test_nothing_is_collected_where_nothing_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    collected: list[str] = []
    monkeypatch.setattr(bundle_writing, "entry", lambda source, _: collected.append(source))
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.delitem(sys.modules, "llvmlite", raising=False)
    monkeypatch.chdir(tmp_path)
    keep(bundle.Bundle(file))
    assert not list(tmp_path.iterdir())
    assert not collected
    keep(bundle.Bundle(str(tmp_path / "bundle")))
    assert len(collected) >= bundle.MANY


def test_a_file_that_cannot_be_made_is_no_error(tmp_path: Path) -> None:
    bundle_writing.write(str(tmp_path / "nowhere" / "bundle"), {})
    assert not list(tmp_path.iterdir())


def test_others_may_not_write_a_bundle_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        bundle_writing.write(str(tmp_path / "bundle"), {})
    finally:
        os.umask(before)
    assert (tmp_path / "bundle").stat().st_mode & 0o777 == 0o644


@pytest.fixture
def several(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[bundle.Bundle]:
    """The bundle of a package that a run has imported: ``dbt_several.first`` imports ``second``,
    which imports ``third``."""
    package = tmp_path / "dbt_several"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "third.py").write_text("WORD = 'third'\n")
    (package / "second.py").write_text("from dbt_several.third import WORD\n")
    (package / "first.py").write_text("from dbt_several import second\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.delitem(sys.modules, "llvmlite", raising=False)
    monkeypatch.setattr(bundle, "MANY", 1)
    monkeypatch.setattr(bundle, "_is_alone", lambda: True)  # other tests leave threads
    file = str(tmp_path / "bundle")
    writes = bundle.Bundle(file)
    monkeypatch.setattr(sys, "meta_path", [writes, *sys.meta_path])
    import_module("dbt_several.first")
    monkeypatch.setattr(bundle, "PACKAGES", ("dbt_several",))
    keep(writes)
    forget()
    reads = bundle.Bundle(file)
    monkeypatch.setattr(sys, "meta_path", [reads, *sys.meta_path[1:]])
    yield reads
    forget()


def forget() -> None:
    """Let the modules of the package be imported again."""
    for name in [name for name in sys.modules if name.startswith("dbt_several")]:
        del sys.modules[name]


def asked(several: bundle.Bundle, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The modules that Python's import asks the bundle for, from now on."""
    names: list[str] = []
    find = several.find_spec

    def find_spec(name: str, *rest: object) -> object:
        if name.startswith("dbt_several."):
            names.append(name.partition(".")[2])
        return find(name, *rest)

    monkeypatch.setattr(several, "find_spec", find_spec)
    return names


def test_modules_that_one_imports_are_made_before_it(
    several: bundle.Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = asked(several, monkeypatch)
    first = import_module("dbt_several.first")
    assert names == ["first"]
    package, third = sys.modules["dbt_several"], sys.modules["dbt_several.third"]
    assert package.second is first.second
    assert package.third is third
    assert third.WORD == first.second.WORD == "third"
    usual = module_from_spec(spec_from_file_location("dbt_several.third", third.__file__))
    for name in ("__name__", "__package__", "__file__", "__cached__", "__doc__"):
        assert getattr(third, name) == getattr(usual, name)
    assert third.__spec__.origin == usual.__spec__.origin
    assert third.__spec__.cached == usual.__spec__.cached
    assert third.__loader__ is third.__spec__.loader


def test_a_module_that_has_changed_is_not_made_before(
    several: bundle.Bundle, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "dbt_several" / "third.py").write_text("WORD = 'changed'\n")
    names = asked(several, monkeypatch)
    assert import_module("dbt_several.first").second.WORD == "changed"
    assert names == ["first", "third"]


def test_no_module_is_made_before_while_other_threads_run(
    several: bundle.Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They might find it unfinished."""
    names = asked(several, monkeypatch)
    monkeypatch.setattr(bundle, "_is_alone", lambda: False)
    assert import_module("dbt_several.first").second.WORD == "third"
    assert names == ["first", "second", "third"]


def test_a_module_that_fails_when_it_is_made_fails_where_it_is_imported(
    several: bundle.Bundle, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    third = str(tmp_path / "dbt_several" / "third.py")
    entries = dict(several.entries())
    wrong = entries[third]._replace(code=compile("import dbt_nowhere", third, "exec"))
    chunks = [sources for _, _, sources in several._chunks]
    bundle_writing.write(str(tmp_path / "bundle"), {**entries, third: wrong}, chunks)
    again = bundle.Bundle(str(tmp_path / "bundle"))
    monkeypatch.setattr(sys, "meta_path", [again, *sys.meta_path[1:]])
    with pytest.raises(ModuleNotFoundError, match="dbt_nowhere"):
        import_module("dbt_several.first")
    assert {name for name in sys.modules if name.startswith("dbt_several")} == {"dbt_several"}

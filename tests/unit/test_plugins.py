"""Frontends, backends and passes by entry point: found, refused, and one by a third party."""

import sys
from pathlib import Path

import pytest
from support.guests import BENCHMARKS

from dbt import plugins
from dbt.interfaces import BackendOptions
from dbt.passes import registry
from dbt.passes.registry import parse_pass, registered
from dbt.process import Process
from dbt.stops import Exited, UsageError

PLUGIN = Path(__file__).parents[1] / "plugin"
DEEPEST = "armdbt_deepest:Deepest"


@pytest.fixture(autouse=True)
def _own_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test registers is forgotten after it; modules register when first imported."""
    monkeypatch.setattr(registry, "_PASSES", dict(registered()))
    for module in ("armdbt_deepest", "thief"):
        monkeypatch.delitem(sys.modules, module, raising=False)


def distribution(home: Path, name: str, group: str, *points: str) -> None:
    """A distribution's metadata as an installer leaves it."""
    info = home / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("\n".join([f"[{group}]", *points, ""]))


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory for distributions, on the path along with the plug-in's package."""
    monkeypatch.syspath_prepend(str(PLUGIN))
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_what_comes_along() -> None:
    assert {"arm"} <= plugins.available("dbt.frontends").keys()
    assert {"reference", "numba_jit"} <= plugins.available("dbt.backends").keys()
    assert plugins.load("dbt.backends", "reference")().name == "reference"


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"no backend 'abacus' .*reference"):
        plugins.load("dbt.backends", "abacus")


def test_two_plugins_of_one_name_are_refused(site: Path) -> None:
    distribution(site, "impostor", "dbt.backends", "reference = elsewhere:Backend")
    with pytest.raises(UsageError, match=r"two plug-ins .* 'reference'.*elsewhere:Backend"):
        plugins.load("dbt.backends", "reference")


def test_the_same_plugin_found_twice_is_one(site: Path) -> None:
    distribution(site, "copy", "dbt.backends", "reference = backends.reference:ReferenceBackend")
    assert plugins.load("dbt.backends", "reference")().name == "reference"


def test_a_pass_that_takes_anothers_name_is_refused(site: Path) -> None:
    (site / "thief.py").write_text(
        "from dbt.passes.registry import register\n"
        "@register('shadow-stack')\n"
        "class Thief:\n"
        "    def run(self, block): pass\n"
    )
    distribution(site, "thief", "dbt.passes", "thief = thief:Thief")
    with pytest.raises(UsageError, match=r"plug-in thief .* both register 'shadow-stack'"):
        registered()


@pytest.mark.parametrize("value", ["no_such_module_here:Pass", "armdbt_deepest:NoSuchClass"])
def test_a_plugin_that_cannot_be_imported_is_named(site: Path, value: str) -> None:
    distribution(site, "broken", "dbt.passes", f"broken = {value}")
    with pytest.raises(UsageError, match=r"plug-in broken \("):
        registered()


def test_without_its_entry_point_it_is_unknown() -> None:
    with pytest.raises(UsageError, match="no pass 'deepest'"):
        parse_pass("deepest")


@pytest.mark.parametrize(
    ("backend", "tier"), [("reference", "0"), ("numba_jit", "0"), ("numba_jit", "2")]
)
def test_a_third_partys_pass_works(site: Path, backend: str, tier: str) -> None:
    distribution(site, "armdbt_deepest", "dbt.passes", f"deepest = {DEEPEST}")
    pass_ = parse_pass("deepest{slot=r13}")
    assert "deepest" in registered()
    process = Process(
        str(BENCHMARKS / "fib.elf"),
        ["8"],
        env={},
        backend=backend,
        options=BackendOptions(tier=tier),
        passes=[pass_],
    )
    assert isinstance(process.run(), Exited)
    depths = [process.stacks.pop("deepest") for _ in range(process.stacks.depth("deepest"))]
    process.close()
    # fib(8) calls itself 66 times, each a call; the deepest is well below the shallowest.
    assert len(depths) > 66
    assert max(depths) - min(depths) >= 8 * 8
    assert all(depth % 4 == 0 for depth in depths)

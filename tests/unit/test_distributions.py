"""Distributions on the path are found as ``importlib.metadata`` finds them."""

import sys
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

from dbt import distributions

GROUP = "test.points"


def make(home: Path, directory: str, points: str | None = None) -> Path:
    info = home / directory
    info.mkdir(parents=True)
    name, _, version = directory.rpartition(".")[0].partition("-")
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    if points is not None:
        (info / "entry_points.txt").write_text(points)
    return info


def found() -> list[tuple[str, str, str]]:
    ours = [tuple(point) for point in distributions.entry_points(GROUP)]
    theirs = [(p.group, p.name, p.value) for p in metadata.entry_points(group=GROUP)]
    assert ours == theirs
    return ours  # type: ignore[return-value]


@pytest.mark.parametrize("group", ["dbt.frontends", "dbt.backends", "dbt.passes", "pytest11"])
def test_those_of_this_installation(group: str) -> None:
    points = distributions.entry_points(group)
    assert [tuple(p) for p in points] == [
        (p.group, p.name, p.value) for p in metadata.entry_points(group=group)
    ]
    assert points
    for point in points[:3]:
        assert point.load() is metadata.EntryPoint(point.name, point.value, group).load()


def test_the_versions_of_this_installation() -> None:
    for name in ("attrs", "numba", "llvmlite", "armdbt", "NumPy", "pytest"):
        assert distributions.version(name) == metadata.version(name)
    assert distributions.version("no-such-distribution") == ""


def test_the_first_of_a_name_on_the_path_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path / "first", "some_thing-1.0.dist-info", f"[{GROUP}]\na = m:A\n")
    make(tmp_path / "second", "Some.Thing-2.0.dist-info", f"[{GROUP}]\nb = m:B\n")
    make(tmp_path / "second", "other-2.0.egg-info", f"[{GROUP}]\nc = m:C [extra]\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path / "first"), str(tmp_path / "second")])
    assert found() == [(GROUP, "a", "m:A"), (GROUP, "c", "m:C [extra]")]
    assert distributions.version("some-thing") == metadata.version("some-thing") == "1.0"
    monkeypatch.setattr(sys, "path", sys.path[::-1])
    assert distributions.version("some-thing") == metadata.version("some-thing") == "2.0"


def test_comments_other_groups_and_what_has_no_entry_points(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = f"# one\n[other]\nx = m:X\n\n [{GROUP}] \n# two\n  a = m.n : A.b \n[last]\na = m:Z\n"
    make(tmp_path, "several-1.dist-info", text)
    make(tmp_path, "none-1.dist-info")
    (tmp_path / "file-1.egg-info").write_text("Name: file\nVersion: 1\n")
    monkeypatch.setattr(sys, "path", ["/nowhere", "", str(tmp_path)])
    assert found() == [(GROUP, "a", "m.n : A.b")]


def test_archives_are_left_to_the_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = tmp_path / "packed.zip"
    with zipfile.ZipFile(archive, "w") as out:
        out.writestr("packed-3.0.dist-info/METADATA", "Name: packed\nVersion: 3.0\n")
        out.writestr("packed-3.0.dist-info/entry_points.txt", f"[{GROUP}]\na = m:A\n")
    monkeypatch.setattr(sys, "path", [str(archive)])
    assert found() == [(GROUP, "a", "m:A")]
    assert distributions.version("packed") == "3.0"


def test_another_finder_is_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    info = make(tmp_path, "hidden-4.0.dist-info", f"[{GROUP}]\na = m:A\n")

    class Finder:
        def find_spec(self, *_: object) -> None: ...

        def find_distributions(self, context: metadata.DistributionFinder.Context) -> object:
            if context.name in (None, "hidden"):
                yield metadata.Distribution.at(info)

    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Finder()])
    assert found() == [(GROUP, "a", "m:A")]
    assert distributions.version("hidden") == "4.0"

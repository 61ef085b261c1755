"""Debian's programs with every call of malloc watched by each mechanism: they do what they do under
qemu-arm, and each mechanism sees the calls that the others see.

Which tier, unit and chain policy a row has follows from its place: neighbours have different ones.
"""

import functools
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import attrs
import pytest
from support.debian_cases import cases
from support.debian_root import ARMHF_ROOT, DEFAULT_ROOT, is_whole
from support.debian_thread_cases import case as threads
from support.oracle import (
    NOTHING,
    Case,
    Result,
    armdbt_result,
    assert_same,
    mode_options,
    need_armhf_root,
    need_qemu,
    need_root,
    qemu_result,
)

from dbt.hooks.mechanisms import NAMES

pytestmark = pytest.mark.oracle

SETTINGS: Mapping[str, tuple[str, ...]] = {
    "auto": (),
    "off": ("--chain", "off"),
    "copied-direct": ("--tier", "0", "--chain", "direct"),
    "blocks": ("--unit", "block", "--hot", "2000", "--background", "off"),
    "checked": ("--memory-checks", "explicit", "--tier", "0"),
    "denied": (),  # and --no-chain for twenty random targets
    "regions": ("--unit", "function", "--hot", "2000", "--background", "off"),
}
TRUTH = ("entry", "copied-direct")
"""The mechanism and the setting that the others are compared with."""

COMPARED = ("kind", "function", "site", "stack", "depth")
"""What repeats: the addresses of what malloc gives depend on random numbers in Perl and Python."""
OF_THE_HOST = frozenset(["cp", "find", "grep", "ls", "xz-threads", "zstd-threads"])
"""What they allocate depends on the host: on inode numbers, which they keep in hash tables, or on
which thread waits for which."""

Call = tuple[object, ...]


def selected() -> list[Case]:
    roots = [root for root in (DEFAULT_ROOT, ARMHF_ROOT) if is_whole(root)]
    names = ("xz", "zstd") if roots else ()
    return [
        *(found for root in roots for found in cases(root)),
        *(attrs.evolve(threads(name, roots[-1]), name=f"{name}-threads") for name in names),
    ]


def rows() -> Iterator[pytest.ParameterSet]:
    """Cases, mechanisms, and the settings that take turns among them."""
    names = list(SETTINGS)
    for place, case in enumerate(selected() or [NOTHING]):
        root = "armel" if str(DEFAULT_ROOT) in case.options else "armhf"
        for number, mechanism in enumerate(NAMES):
            setting = names[(place + number) % len(names)]
            label = f"{root}-{case.name}-{mechanism}-{setting}"
            yield pytest.param(case, mechanism, setting, id=label)


def watched(
    case: Case, mechanism: str, setting: str, home: Path
) -> tuple[Result, list[list[Call]]]:
    """What a case does, and the calls of malloc of each of its threads and processes."""
    file = home / "calls.jsonl"
    options = mode_options("denied", case) if setting == "denied" else SETTINGS[setting]
    watching = ("--only", "malloc", "--no-syscalls", "--mechanism", mechanism)
    result = armdbt_result(
        case, ("-seed", "1", *options, *watching, "--format", f"jsonl:{file}"), "calls"
    )
    threads: dict[int, list[Call]] = {}
    for line in file.read_text().splitlines():
        row = json.loads(line)
        told = tuple(row.get(name) for name in COMPARED)
        threads.setdefault(row["thread"], []).append((*told, row.get("arguments", [None])[0]))
    return result, sorted(threads.values(), key=repr)


@functools.cache
def truth(case: Case, home: Path) -> list[list[Call]]:
    return watched(case, *TRUTH, home)[1]


@pytest.mark.shares(240)
@pytest.mark.parametrize(("case", "mechanism", "setting"), list(rows()))
def test_each_mechanism_sees_the_same(
    case: Case, mechanism: str, setting: str, tmp_path: Path
) -> None:
    need_qemu()
    need_root()
    need_armhf_root()
    result, calls = watched(case, mechanism, setting, tmp_path)
    assert_same(attrs.evolve(case, compare_stderr=False), qemu_result(case), result)
    if case.name not in OF_THE_HOST:
        assert calls == truth(case, tmp_path)

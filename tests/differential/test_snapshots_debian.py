"""Snapshots of real programs: what runs from one is the run that went on."""

from pathlib import Path

import pytest
from support.debian_root import ARMHF_ROOT, DEFAULT_ROOT, is_whole
from support.oracle import lacking

import dbt
from dbt.linux.options import LinuxOptions
from dbt.stops import Exited, InsnLimit

pytestmark = pytest.mark.oracle

PROGRAMS = {
    "bash": ["/bin/bash", "-c", "for i in 1 2 3; do echo $i $((i * i)); done; echo done"],
    "perl": [
        "/usr/bin/perl",
        "-e",
        "my %h; $h{$_ % 97} += $_ for 1..2000; print join(' ', map $h{$_}, sort keys %h)",
    ],
}


@pytest.mark.parametrize("root", [DEFAULT_ROOT, ARMHF_ROOT], ids=lambda root: root.name)
@pytest.mark.parametrize("name", PROGRAMS)
def test_the_rest_of_a_run_is_the_same_each_time(name: str, root: Path) -> None:
    if not is_whole(root):
        lacking("no root of Debian: make root")
    program, *args = PROGRAMS[name]
    linux = LinuxOptions(root=str(root), seed=1)
    with dbt.Process(
        f"{root}{program}",
        args,
        env={"PERL_HASH_SEED": "0"},
        stdin=b"",
        stdout=dbt.CAPTURE,
        linux=linux,
    ) as process:
        begin = process.snapshot()
        assert process.run() == Exited(0)
        printed, executed = process.stdout, process.engine.executed
        assert printed
        process.restore(begin)
        snapshots = []
        for share in (1, 2, 3):
            more = executed * share // 4 - process.engine.executed
            assert isinstance(process.run(max_insns=more), InsnLimit)
            snapshots.append(process.snapshot())
        for snapshot in (snapshots[1], snapshots[0], begin, snapshots[2]):
            for _ in range(2):
                process.restore(snapshot)
                assert process.engine.executed == snapshot.insns
                assert process.run() == Exited(0)
                assert (process.stdout, process.engine.executed) == (printed, executed)

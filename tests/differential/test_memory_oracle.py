"""The writes that hooks on memory report are those that Unicorn sees."""

import pytest
from support.guests import guest
from support.oracle import lacking

import dbt
from dbt.experiments.harness.guest_run import GUEST_ENVIRONMENT, Program
from dbt.experiments.peers import load_image, unicorn
from dbt.interfaces import BackendOptions
from dbt.linux.options import LinuxOptions
from dbt.stops import Exited

pytestmark = pytest.mark.oracle


@pytest.mark.parametrize("tier", ["0", "auto"])
@pytest.mark.parametrize(
    ("name", "arguments"),
    [("fib", ("8",)), ("strings", ("1",)), ("thumb_md5", ("1",)), ("hello", ())],
)
def test_writes_are_those_that_unicorn_sees(
    name: str, arguments: tuple[str, ...], tier: str
) -> None:
    if unicorn.lacking():
        lacking("no unicorn")
    path, found = str(guest(name)), list[unicorn.Write]()
    seen, expected = unicorn.writes(load_image(Program(path, arguments)))
    options = BackendOptions(tier=tier, hot=20, background=False)
    linux = LinuxOptions(seed=1)
    with dbt.Process(
        path, arguments, env=GUEST_ENVIRONMENT, stdout=dbt.CAPTURE, options=options, linux=linux
    ) as process:
        process.hooks.on_memory(
            None, lambda event: found.append((event.address, event.size, event.value)), "w"
        )
        assert process.run() == Exited(0)
        assert process.stdout == seen.output
    assert len(expected) > 20
    assert in_words(found) == in_words(expected)


def in_words(writes: list[unicorn.Write]) -> list[unicorn.Write]:
    """Writes of 8 bytes as two of 4, as Unicorn may make them."""
    found: list[unicorn.Write] = []
    for at, size, value in writes:
        if size == 8:
            found += [(at, 4, value & 0xFFFFFFFF), (at + 4, 4, value >> 32)]
        else:
            found.append((at, size, value))
    return found

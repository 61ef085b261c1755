"""The shared runner of comparisons with qemu-arm."""

from collections.abc import Iterator

import pytest
from support.oracle import Case, Runner, mode_options


@pytest.fixture(scope="session")
def runner(request: pytest.FixtureRequest) -> Iterator[Runner]:
    """Runs cases with a warm armdbt, all the selected ones ahead of their tests."""
    shared = Runner()
    for item in request.session.items:
        params = item.callspec.params if hasattr(item, "callspec") else {}
        if isinstance(params.get("case"), Case) and "mode" in params:
            shared.submit(params["case"], mode_options(params["mode"], params["case"]))
    yield shared
    shared.close()

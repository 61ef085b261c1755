"""Every op is handled wherever ops are handled."""

import sys
from importlib.util import find_spec, module_from_spec

import pytest

from dbt.ir import ops
from dbt.ir.ops import Effect, Op

HANDLERS = (
    "dbt.ir.evaluate",  # the reference backend and single steps run through it
    "backends.numba_jit.units.emitter",
)


def execute(name: str) -> None:
    """Execute a module's code in a module that nobody else sees."""
    spec = find_spec(name)
    assert spec is not None
    assert spec.loader is not None
    spec.loader.exec_module(module_from_spec(spec))


@pytest.mark.parametrize("effects", [Effect.PURE, Effect.WRITES_STATE])
@pytest.mark.parametrize("name", HANDLERS)
def test_a_new_op_is_refused(name: str, effects: Effect, monkeypatch: pytest.MonkeyPatch) -> None:
    execute(name)
    known, loaded = dict(ops.OPS), sys.modules.get(name)
    with monkeypatch.context() as patch:
        patch.setitem(ops.OPS, "frob", Op("frob", ("T",), "T", effects, "Frobnicate."))
        with pytest.raises(NotImplementedError, match=rf"^{name} does not handle the op frob$"):
            execute(name)
    assert known == ops.OPS
    assert sys.modules.get(name) is loaded
    execute(name)

"""The bank of functions: indices, arity, replacing, failures."""

import ctypes

import pytest

from dbt.interfaces import NativeFunction
from dbt.runtime.functions import Functions, prototype


def table(functions: Functions) -> "ctypes.Array[ctypes.c_uint64]":
    return (ctypes.c_uint64 * 64).from_address(functions.address)


def called(functions: Functions, name: str, *args: int) -> None:
    """Call a function as compiled code does: by its address."""
    address = table(functions)[functions.names[name]]
    prototype(len(args))(address)(functions.environment, *args)


def test_a_function_is_called_by_name_and_by_address() -> None:
    functions = Functions(0x1234)
    seen: list[tuple[int, ...]] = []
    functions.define("two", lambda env, a, b: seen.append((env, a, b)))
    called(functions, "two", 1, -1)
    functions.call("two", [1, (1 << 64) - 1])
    assert seen == [(0x1234, 1, -1)] * 2
    functions.define("two", lambda mine, a, b: seen.append((mine, a, b)), "mine")  # type: ignore[arg-type]
    called(functions, "two", 3, 4)
    assert seen[-1] == ("mine", 3, 4)


def test_indices_stay() -> None:
    functions = Functions(0)
    assert [functions.index(name, 0) for name in ("a", "b", "a")] == [0, 1, 0]
    before = table(functions)[1]
    functions.define("b", lambda env: None)
    assert functions.index("b", 0) == 1
    assert table(functions)[1] != before


def test_the_number_of_arguments_has_to_fit() -> None:
    functions = Functions(0)
    functions.index("f", 2)
    with pytest.raises(ValueError, match="takes 2 arguments, not 1"):
        functions.define("f", lambda env, a: None)
    with pytest.raises(ValueError, match="takes 2 arguments, not 3"):
        functions.call("f", [1, 2, 3])
    with pytest.raises(ValueError, match="more than 6"):
        functions.define("g", lambda env, a, b, c, d, e, f, g: None)
    with pytest.raises(ValueError, match="fixed number"):
        functions.define("g", lambda *args: None)
    with pytest.raises(ValueError, match="fixed number"):
        functions.define("g", lambda: None)


@pytest.mark.parametrize("by_address", [False, True])
def test_the_first_failure_is_kept(by_address: bool) -> None:
    functions = Functions(0)
    told = []
    functions.on_failure = lambda: told.append(repr(functions.failure))

    def fail(env: int, number: int) -> None:
        raise OSError(number)

    functions.define("fail", fail)
    for number in (5, 6):
        if by_address:
            called(functions, "fail", number)
        else:
            functions.call("fail", [number])
    assert told == ["OSError(5)"]
    assert repr(functions.take_failure()) == "OSError(5)"
    assert functions.take_failure() is None


def test_a_function_that_is_not_there_fails() -> None:
    functions = Functions(0)
    functions.index("nobody", 1)
    called(functions, "nobody", 1)
    assert "nobody" in str(functions.take_failure())


def test_change_is_told_when_more_than_the_address_changes() -> None:
    functions = Functions(0)
    changes = []
    functions.on_change = lambda: changes.append(len(changes))
    thunk = prototype(0)(lambda env: None)
    address = ctypes.cast(thunk, ctypes.c_void_p).value
    assert address is not None
    functions.define("f", lambda env: None)
    functions.define_native("f", address, 0)
    assert changes == []
    functions.define_native("f", address, 0, NativeFunction(uses_state=False))
    assert changes == [0]
    functions.define("f", lambda env: None)
    assert changes == [0, 1]


@pytest.mark.parametrize("fails", [False, True])
def test_on_return_is_called_when_a_function_in_python_has_returned(*, fails: bool) -> None:
    functions = Functions(0)
    told: list[str] = []

    def function(_: object) -> None:
        told.append("call")
        if fails:
            raise ValueError

    functions.on_return = lambda: told.append("return")
    functions.define("f", function)
    called(functions, "f")
    assert told == ["call", "return"]


def test_there_is_room_for_every_function_of_a_large_program() -> None:
    functions = Functions(0)
    thunk = prototype(0)(lambda env: None)
    address = ctypes.cast(thunk, ctypes.c_void_p).value
    assert address is not None
    for number in range(20_000):
        functions.define_native(str(number), address, 0, anchor=thunk)
    assert functions.index("19999", 0) == 19_999
    called(functions, "7")
    assert functions.failure is None

"""Functions that translated code invokes: named in Python, called by pointer."""

import ctypes
from collections.abc import Callable, Sequence

from dbt import interruption
from dbt.classes import attrs
from dbt.interfaces import NativeFunction
from dbt.phases import UNTIMED, Phase, Phases
from dbt.reservation import Reservation
from dbt.typing import Any

CAPACITY = 1 << 18
_PYTHON = NativeFunction()


def prototype(arity: int) -> Any:
    """The ctypes type of ``void f(i64 environment, i64 a0, …)`` with ``arity`` arguments."""
    return ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * (1 + arity))


@attrs.frozen
class _Defined:
    """One definition: the native function, and the object that keeps it alive."""

    arity: int
    call: Callable[..., Any]
    address: int
    native: NativeFunction
    anchor: object


class Functions:
    """Named functions, and the table of their addresses, which never moves.

    An exception cannot pass through compiled code. The first one is kept in ``failure``, and
    ``on_failure`` is called to stop the run. Replacing a function takes effect at its next call.
    If what ``native`` says of it changes, ``on_change`` is called to drop the code that relies on
    it.
    """

    def __init__(self, environment: int, phases: Phases = UNTIMED) -> None:
        self._phases = phases
        self.environment = environment
        reservation = Reservation(8 * CAPACITY, "functions")
        self._table = reservation.view.cast("Q")
        self.address = reservation.address
        self.names: dict[str, int] = {}
        self.failure: BaseException | None = None
        self.on_failure: Callable[[], None] = _nothing
        self.on_change: Callable[[], None] = _nothing
        self.on_return: Callable[[], None] = _nothing
        self._arity: dict[str, int] = {}
        self._defined: dict[str, _Defined] = {}
        self._kept: list[_Defined] = []
        """Definitions that were replaced: code may still be about to call them."""

    # -- for translated code -----------------------------------------------------------------------

    def index(self, name: str, arity: int) -> int:
        """Index of a function in the table, made when the name is new. Raises ValueError when it is
        defined with another number of arguments."""
        self._check(name, arity)
        if name not in self.names:
            self._set(name, self._undefined(name, arity))
        return self.names[name]

    def _check(self, name: str, arity: int) -> None:
        if self._arity.setdefault(name, arity) != arity:
            raise ValueError(f"function {name!r} takes {self._arity[name]} arguments, not {arity}")

    def native(self, name: str) -> NativeFunction:
        """What compiled code may know of a function."""
        return self._defined[name].native

    def call(self, name: str, args: Sequence[int]) -> None:
        """Call a function as translated code does."""
        self.index(name, len(args))
        signed = [value - (1 << 64) if value >> 63 else value for value in args]
        self._defined[name].call(self.environment, *signed)

    # -- defining ----------------------------------------------------------------------------------

    def define(self, name: str, function: Callable[..., Any], first: Any = None) -> None:
        """Make ``invoke "name"`` call a Python function with ``first`` and the arguments. Without
        ``first`` it gets the environment, which is the address of the state buffer.

        Raises ValueError when translated code passes another number of arguments.
        """
        self._define(name, self._guarded(function, _arity(function), first))

    def define_native(
        self,
        name: str,
        address: int,
        arity: int,
        native: NativeFunction = _PYTHON,
        anchor: object = None,
    ) -> None:
        """Make ``invoke "name"`` call the compiled function at ``address``, which gets the
        environment and the arguments. ``anchor`` is kept alive as long as the function may run."""
        call = prototype(arity)(address)
        self._define(name, _Defined(arity, call, address, native, anchor))

    def _define(self, name: str, defined: _Defined) -> None:
        from dbt.ir.ops import MOST_ARGUMENTS

        if defined.arity > MOST_ARGUMENTS:
            raise ValueError(f"function {name!r} takes more than {MOST_ARGUMENTS} arguments")
        self._check(name, defined.arity)
        changes = name in self._defined and self._defined[name].native != defined.native
        self._set(name, defined)
        if changes:
            self.on_change()

    def _set(self, name: str, defined: _Defined) -> None:
        if self.names.setdefault(name, len(self.names)) >= CAPACITY:
            del self.names[name]
            raise MemoryError(f"more than {CAPACITY} functions, at {name!r}")
        old = self._defined.get(name)
        if old is not None:
            self._kept.append(old)
        self._defined[name] = defined
        self._table[self.names[name]] = defined.address

    def _undefined(self, name: str, arity: int) -> _Defined:
        def call(*_: int) -> None:
            raise LookupError(f"no function is named {name!r}")

        return self._guarded(call, arity)

    def _guarded(self, function: Callable[..., Any], arity: int, first: Any = None) -> _Defined:
        first = self.environment if first is None else first
        function = self._phases.around(Phase.HOOKS, function)

        def guarded(_environment: int, *args: int) -> None:
            try:
                function(first, *args)
                self.on_return()
                if interruption.late:
                    interruption.raise_late()
            except BaseException as error:  # it is raised where the run returns to Python
                self.fail(error)
                self.on_return()

        interruption.is_called(guarded)
        thunk = prototype(arity)(guarded)
        address = ctypes.cast(thunk, ctypes.c_void_p).value
        assert address is not None
        return _Defined(arity, guarded, address, _PYTHON, thunk)

    # -- failing -----------------------------------------------------------------------------------

    def fail(self, error: BaseException) -> None:
        """Keep an exception, if it is the first one, and stop the run."""
        if self.failure is None:
            self.failure = error
            self.on_failure()

    def take_failure(self) -> BaseException | None:
        """The exception that is kept, or None. It is not kept any longer."""
        failure, self.failure = self.failure, None
        return failure


def _arity(function: Callable[..., Any]) -> int:
    """Number of a function's arguments, without the first."""
    import inspect

    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = inspect.signature(function).parameters.values()
    if not parameters or any(parameter.kind not in kinds for parameter in parameters):
        raise ValueError(f"{function} must take the first and a fixed number of arguments")
    return len(parameters) - 1


def _nothing() -> None:
    """The callback before one is set."""

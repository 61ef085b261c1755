"""The hook registry: which functions stand at which pc, and the returns that are awaited.

A hooked pc begins a block of its own, a stub that enters the host, so chaining stays on everywhere
else. Return hooks learn their return site when the function is entered: the pair (return location,
stack pointer) identifies the activation, so recursion is told apart; activations that a longjmp
unwound are dropped when an outer one returns. Limit: a function whose return site is never reached
again (noreturn, longjmp past it) has no return event.
"""

from collections.abc import Callable
from typing import Any, Protocol

import attrs

from dbt.hooks.events import CallEvent, ReturnEvent, SyscallEvent
from dbt.interfaces import CallAbi, Memory, State
from dbt.ir.block import BlockKey

CallHook = Callable[[CallEvent], Any]
ReturnHook = Callable[[ReturnEvent], Any]
SyscallHook = Callable[[SyscallEvent], Any]


class Host(Protocol):
    """What the registry needs of a process."""

    call_abi: CallAbi

    @property
    def state(self) -> State: ...
    @property
    def memory(self) -> Memory: ...
    def hook_changed(self, pc: int, *, present: bool) -> None:
        """A hook now stands, or no longer stands, at ``pc``: make its block anew."""

    def symbolize(self, pc: int) -> str: ...
    def resolve(self, where: int | str) -> int: ...
    def key_of(self, location: int) -> BlockKey: ...


@attrs.frozen
class _Activation:
    function: int
    site: int
    location: int
    stack: int


class Hooks:
    """Set and remove hooks, at any time, also from inside one."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._calls: dict[int, list[CallHook]] = {}
        self._returns: dict[int, list[ReturnHook]] = {}
        self._sites: set[int] = set()
        self._active: list[_Activation] = []
        self._entering: dict[str | None, list[SyscallHook]] = {}
        self._leaving: dict[str | None, list[SyscallHook]] = {}
        self.pcs: set[int] = set()
        """Every pc at which a hook stands (what the translator asks)."""

    # -- setting -----------------------------------------------------------------------------------

    def on_call(self, where: int | str, hook: CallHook) -> Callable[[], None]:
        """Call ``hook`` whenever the function at a symbol or address is entered, by any way.

        Returns a function that removes the hook. Raises UsageError for an unknown symbol.
        """
        return self._add(self._calls, self._host.resolve(where), hook)

    def on_return(self, where: int | str, hook: ReturnHook) -> Callable[[], None]:
        """Call ``hook`` whenever the function has returned to its caller."""
        return self._add(self._returns, self._host.resolve(where), hook)

    def on_syscall(
        self, name: str | None, hook: SyscallHook, *, leaving: bool = False
    ) -> Callable[[], None]:
        """Call ``hook`` before (or, ``leaving``, after) a system call; None means every one."""
        table = self._leaving if leaving else self._entering
        table.setdefault(name, []).append(hook)
        return lambda: table[name].remove(hook)

    def _add(self, table: dict[int, list[Any]], location: int, hook: Any) -> Callable[[], None]:
        pc = self._host.key_of(location).pc
        table.setdefault(pc, []).append(hook)
        self._update(pc)

        def remove() -> None:
            table[pc].remove(hook)
            if not table[pc]:
                del table[pc]
            self._update(pc)

        return remove

    def _update(self, pc: int) -> None:
        present = pc in self._calls or pc in self._returns or pc in self._sites
        if present is not (pc in self.pcs):
            (self.pcs.add if present else self.pcs.discard)(pc)
            self._host.hook_changed(pc, present=present)

    # -- firing ------------------------------------------------------------------------------------

    def fire(self, pc: int) -> None:
        """Run the hooks at ``pc``: returns that arrive here first, then the call entered here."""
        if pc in self._sites:
            self._arrive(pc)
        if pc in self._calls or pc in self._returns:
            self._enter(pc)

    def _enter(self, pc: int) -> None:
        host = self._host
        location = host.state.get(host.call_abi.link)
        symbol = host.symbolize(pc)
        event = CallEvent(
            pc, symbol, location, len(self._active), host.state, host.memory, host.call_abi
        )
        for call in list(self._calls.get(pc, ())):
            call(event)
        if pc in self._returns:
            site = host.key_of(location).pc
            stack = host.state.get(host.call_abi.stack)
            self._active.append(_Activation(pc, site, location, stack))
            self._sites.add(site)
            self._update(site)

    def _arrive(self, pc: int) -> None:
        host = self._host
        stack = host.state.get(host.call_abi.stack)
        # The stack grows down: frames below the current pointer can only have been unwound.
        while self._active and self._active[-1].stack < stack:
            self._active.pop()
        while self._active and (self._active[-1].site, self._active[-1].stack) == (pc, stack):
            function = self._active.pop().function
            event = ReturnEvent(
                function,
                host.symbolize(function),
                pc,
                len(self._active),
                host.state,
                host.memory,
                host.call_abi,
            )
            for hook in list(self._returns.get(function, ())):
                hook(event)

    # -- system calls ------------------------------------------------------------------------------

    def entering(self, name: str, arguments: list[int]) -> int | None:
        """Run the entry hooks of a system call; an int is the result of a call to be skipped."""
        return self._syscall(self._entering, name, arguments, None)

    def leaving(self, name: str, arguments: list[int], result: int) -> int | None:
        """Run the return hooks; an int replaces the result."""
        return self._syscall(self._leaving, name, arguments, result)

    def _syscall(
        self,
        table: dict[str | None, list[SyscallHook]],
        name: str,
        arguments: list[int],
        result: int | None,
    ) -> int | None:
        hooks = [*table.get(name, ()), *table.get(None, ())]
        if not hooks:
            return None
        event = SyscallEvent(name, arguments, self._host.state, self._host.memory, result)
        for hook in hooks:
            hook(event)
        return event.result

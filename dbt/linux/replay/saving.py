"""What a snapshot keeps of a replayed process."""

from dbt.linux.replay.images import MemoryImage
from dbt.linux.state.threads import Thread
from dbt.typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dbt.linux.replay.replaying import ReplayKernel

_OF_KERNEL = ("resume", "request", "call", "stack_start", "trouble")
_OF_PROCESS = ("path", "argv", "image")


class SavedReplay:
    """A replayed process as it was when this was made, after the snapshot ``before``."""

    def __init__(self, kernel: "ReplayKernel", before: "SavedReplay | None") -> None:
        older = None if before is None else before.memory
        self.memory: MemoryImage = MemoryImage(kernel.space.memory, older)
        self._place, self._done = kernel.tape.place, kernel.done
        self._kernel = {name: getattr(kernel, name) for name in _OF_KERNEL}
        self._process = {name: getattr(kernel.process, name) for name in _OF_PROCESS}
        self._areas, self._program = kernel.space.areas, kernel.symbolizer.program
        self._threads: list[dict[str, Any]] = [_fields(thread) for thread in kernel.threads]
        self._current = kernel.threads.current.tid
        self._counts = kernel.syscall_counts.copy(), kernel.unknown_syscalls.copy()

    def restore(self, kernel: "ReplayKernel") -> None:
        """Put it back. What has been output stays so, and is not output a second time."""
        self.memory.put_back(kernel.space.memory)
        kernel.tape.go_back(self._place)
        kernel.done = self._done
        for name, value in self._kernel.items():
            setattr(kernel, name, value)
        for name, value in self._process.items():
            setattr(kernel.process, name, value)
        kernel.space.areas, kernel.symbolizer.program = self._areas, self._program
        kernel.threads.put_back([Thread(**fields) for fields in self._threads], self._current)
        kernel.syscall_counts, kernel.unknown_syscalls = (one.copy() for one in self._counts)


def _fields(thread: Thread) -> dict[str, Any]:
    names = ("tid", "signals", "name", "registers", "location", "interruptible")
    return {name: getattr(thread, name) for name in names}

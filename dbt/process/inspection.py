"""What a user may ask of a process between runs: the texts and figures behind ``Process``."""

from dbt.interfaces import CodeReader, Frontend, Layout, State
from dbt.ir.block import CONDITION_PASSED, Swi
from dbt.stops import GuestFault, UsageError
from dbt.typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel
    from dbt.linux.symbolizer import Symbolizer
    from dbt.runtime.engine import Engine
    from dbt.translate import Translator


def registers(layout: Layout, state: State) -> list[str]:
    """All general registers, four a line, then the bits of status."""
    cells = [f"{name:>4} {state.get(name):08x}" for name in layout.general]
    lines = ["".join(cells[i : i + 4]) for i in range(0, len(cells), 4)]
    lines.append("  " + " ".join(f"{name}={state.get(name)}" for name in layout.status))
    return lines


def system_call(
    frontend: Frontend, code: CodeReader, state: State, kernel: "Kernel", location: int
) -> str:
    """The name of the system call that the instruction at a location would make in this state if
    its condition holds; empty when it makes none. Raises GuestFault when it cannot be fetched."""
    key = frontend.in_state(frontend.key_of(location), state).with_mode(CONDITION_PASSED)
    exit_ = frontend.lift(code, key).exit
    return kernel.call_made(exit_.number, exit_.resume) if isinstance(exit_, Swi) else ""


def explain(
    translator: "Translator", engine: "Engine", symbolizer: "Symbolizer", where: int | str
) -> dict[str, str]:
    """The text of each stage of the block at a symbol or address, by name, in order: the guest's
    instructions below the source lines that they are for. Raises UsageError where there is no code,
    or none that can be translated."""
    from dbt.process.source import with_source
    from dbt.translate import block_at

    key = block_at(translator.frontend, where, symbolizer.resolve(where))
    try:
        texts = translator.stages(key)
    except GuestFault:
        raise UsageError(f"there is no code at {where}") from None
    texts["in_asm"] = with_source(texts["in_asm"], symbolizer)
    if key not in engine.cache:
        engine.provide(key)
    texts.update(engine.executor.explain(key))
    return texts


def stats(translator: "Translator", engine: "Engine", kernel: "Kernel") -> dict[str, Any]:
    """Figures of all runs so far, ready for JSON."""
    costs = translator.pipeline.costs.items()
    return {
        "instructions": engine.executed,
        "translated_blocks": engine.translated_blocks,
        "translated_instructions": engine.translated_insns,
        "invalidations": engine.invalidations,
        "dispatches": {r.value: n for r, n in engine.executor.dispatches().items()},
        "backend": dict(engine.executor.statistics()),
        "lift_seconds": round(translator.lift_seconds, 4),
        "pass_seconds": round(translator.pass_seconds, 4),
        "passes_us": {name: round(cost.microseconds) for name, cost in costs},
        "syscalls": dict(kernel.syscall_counts),
        "unknown_syscalls": dict(kernel.unknown_syscalls),
    }

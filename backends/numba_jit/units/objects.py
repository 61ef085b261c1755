"""LLVM at work: text to object code.

llvmlite is imported when the first text is compiled.
"""

import functools
from collections.abc import Iterable
from typing import Any

from backends.native.llvm import binding, header, target_machine
from dbt.classes import attrs


@attrs.frozen
class Level:
    """How much work goes into the code: the code generator's level and the IR passes before it,
    by name or, with ``pipeline``, all those of LLVM's -O3."""

    codegen: int
    passes: tuple[str, ...] = ()
    relocation: str = "pic"
    pipeline: bool = False


LEVELS = {
    "quick": Level(codegen=0),
    # Blocks come in SSA form and optimised by our own passes: LLVM's found nothing to improve in
    # them. Regions keep state in variables.
    "optimised": Level(codegen=2),
    # numba has not optimised it: see ``compiled``.
    "loop": Level(codegen=3, pipeline=True),
    "region": Level(codegen=2, passes=("sroa", "instruction_combine", "simplify_cfg", "sinking")),
    # Holes are absolute addresses below 4 GiB, and code is copied to anywhere.
    "stencil": Level(2, ("sroa", "instruction_combine", "simplify_cfg"), relocation="static"),
}


_INLINING = "inlining"


@functools.cache
def _header() -> str:
    return header(target_machine(binding(), 0))


class ObjectMaker:
    """Compiles text for this machine at any level."""

    def __init__(self) -> None:
        # Made when they are needed: each takes a millisecond, and most makers use a level or two.
        self._machines: dict[str, Any] = {}
        self._managers: dict[str, Any] = {}

    def _machine(self, name: str) -> Any:
        if name not in self._machines:
            level = LEVELS[name]
            self._machines[name] = target_machine(binding(), level.codegen, level.relocation)
        return self._machines[name]

    def _passes(self, level: str) -> Any:
        if level not in self._managers:
            self._managers[level] = self._pass_manager(level)
        return self._managers[level]

    def _pass_manager(self, level: str) -> Any:
        if level == _INLINING:
            return self._inlining()
        names = LEVELS[level].passes
        if not names:
            return None
        llvm = binding()
        builder = llvm.create_pass_builder(
            self._machine(level), llvm.create_pipeline_tuning_options(speed_level=1)
        )
        manager = llvm.create_new_function_pass_manager()
        for name in names:
            getattr(manager, f"add_{name}_pass")()
        return builder, manager

    def _inlining(self) -> Any:
        llvm = binding()
        builder = llvm.create_pass_builder(
            self._machine("optimised"), llvm.create_pipeline_tuning_options(speed_level=1)
        )
        manager = llvm.create_new_module_pass_manager()
        manager.add_always_inliner_pass()
        return builder, manager

    def parse(self, text: str, context: Any) -> Any:
        """LLVM's module of a text. Raises RuntimeError."""
        return binding().parse_assembly(_header() + text, context)

    def _module(self, text: str, level: str, linked: Iterable[str] = ()) -> Any:
        context = binding().create_context()
        module = self.parse(text, context)
        if linked:
            self._link_in(module, linked, context)
        passes = self._passes(level)
        if passes:
            builder, manager = passes
            for function in module.functions:
                if not function.is_declaration:
                    manager.run(function, builder)
        return module

    def _link_in(self, module: Any, linked: Iterable[str], context: Any) -> None:
        """Make modules a part of one, and their functions a part of those that call them."""
        for text in linked:
            other = self.parse(text, context)
            names = [function.name for function in other.functions if not function.is_declaration]
            module.link_in(other)
            for name in names:
                module.get_function(name).linkage = "internal"
        builder, manager = self._passes(_INLINING)
        manager.run(module, builder)

    def compile(
        self,
        text: str,
        level: str,
        linked: Iterable[str] = (),
        exported: Iterable[str] | None = None,
    ) -> bytes:
        """An object file made from LLVM text and the modules ``linked`` into it. If ``exported``
        names symbols, what they do not need is left out.

        Raises RuntimeError for text that does not parse.
        """
        module = self._module(text, level, linked)
        try:
            if exported is not None:
                self._strip(module, set(exported))
            if LEVELS[level].pipeline:
                self._optimise(module, level)
            return bytes(self._machine(level).emit_object(module))
        finally:
            module.close()

    def _optimise(self, module: Any, level: str) -> None:
        llvm = binding()
        builder = llvm.create_pass_builder(
            self._machine(level), llvm.create_pipeline_tuning_options(speed_level=3)
        )
        builder.getModulePassManager().run(module, builder)

    def _strip(self, module: Any, exported: set[str]) -> None:
        for value in (*module.functions, *module.global_variables):
            if not value.is_declaration and value.name not in exported:
                value.linkage = "internal"
        manager = binding().create_new_module_pass_manager()
        manager.add_global_dead_code_eliminate_pass()
        manager.run(module, self._passes(_INLINING)[0])

    def assembly(self, text: str, level: str, linked: Iterable[str] = ()) -> str:
        """The host's assembly of a text, as the object holds it."""
        return str(self._machine(level).emit_assembly(self._module(text, level, linked)))

"""LLVM for this processor: functions that all its users share."""

import functools

import backends.native.forks  # noqa: F401 (a fork waits for LLVM)
from dbt.typing import Any


@functools.cache
def binding() -> Any:
    """llvmlite's binding module, ready to make native code. Imports llvmlite."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    llvm.initialize_native_asmparser()
    # Translated loops have more values than registers: its reduction of strength made more of them,
    # which were spilled. Without it they run 1.07 times as fast. Options are the whole process's.
    llvm.set_option("", "--disable-lsr")
    return llvm


def target_machine(llvm: Any, level: int, relocation: str = "pic") -> Any:
    """LLVM's target machine for this processor, at a level of optimisation from 0 to 3."""
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(),
        features=llvm.get_host_cpu_features().flatten(),
        opt=level,
        reloc=relocation,
        codemodel="small",
        jit=relocation == "pic",
    )


def header(machine: Any) -> str:
    """The first lines of a module for a target machine."""
    return f'target datalayout = "{machine.target_data}"\ntarget triple = "{machine.triple}"\n'


def compile_text(text: str) -> bytes:
    """Compile LLVM assembly to an object file for this processor."""
    llvm = binding()
    machine = target_machine(llvm, 2)
    module = llvm.parse_assembly(header(machine) + text, llvm.create_context())
    manager = llvm.create_new_module_pass_manager()
    manager.add_always_inliner_pass()
    tuning = llvm.create_pipeline_tuning_options(speed_level=1)
    manager.run(module, llvm.create_pass_builder(machine, tuning))
    return bytes(machine.emit_object(module))

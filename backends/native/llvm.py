"""LLVM text to object code, for the few functions that are written by hand."""


def compile_text(text: str) -> bytes:
    """An object file for this processor. llvmlite is imported now."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    llvm.initialize_native_asmparser()
    machine = llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), opt=2, reloc="pic", codemodel="small", jit=True
    )
    head = f'target datalayout = "{machine.target_data}"\ntarget triple = "{machine.triple}"\n'
    module = llvm.parse_assembly(head + text, llvm.create_context())
    manager = llvm.create_new_module_pass_manager()
    manager.add_always_inliner_pass()
    tuning = llvm.create_pipeline_tuning_options(speed_level=1)
    manager.run(module, llvm.create_pass_builder(machine, tuning))
    return bytes(machine.emit_object(module))

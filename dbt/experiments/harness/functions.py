"""The function symbols of a program."""

import os

from dbt.loader.symbols import read_symbols
from dbt.process import Process


def functions_of(process: Process) -> dict[int, str]:
    """The address in guest memory and the name of each function symbol of the program; empty when
    its file has none or is gone."""
    path = process.kernel.symbolizer.program
    try:
        status = os.stat(path)
    except OSError:
        return {}
    stamp = (status.st_mtime_ns, status.st_size)
    file = read_symbols(path, stamp, process.frontend.layout.state_bits)
    functions = [symbol for symbol in file.symbols if symbol.function]
    if not functions:
        return {}
    loaded = process.kernel.symbol(functions[0].name)
    linked = file.find(functions[0].name)
    assert loaded is not None
    assert linked is not None
    bias = loaded - linked.location
    return {(symbol.address + bias) & 0xFFFFFFFF: symbol.name for symbol in functions}

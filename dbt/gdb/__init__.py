"""Serves debuggers: gdb's remote serial protocol ("Remote Protocol" in gdb's manual).

What speaks the protocol is here and knows no guest; what a guest's registers are, says its frontend
(``dbt/interfaces/debugging.py``). ``Debuggee`` (``dbt/process/debugging.py``) runs the process.
"""

from dbt.gdb.serving import serve

__all__ = ["serve"]

"""The rows of all system calls."""

from dbt.linux.typed import rows_files, rows_memory, rows_misc, rows_processes, rows_time
from dbt.linux.typed.model import merge

SIGNATURES = merge(
    [rows_files.ROWS, rows_memory.ROWS, rows_processes.ROWS, rows_time.ROWS, rows_misc.ROWS]
)
"""Every system call that has a typed row, by name."""

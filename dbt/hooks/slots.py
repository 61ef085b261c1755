"""The slots that hooks add to the guest's state, and what they are for."""

from dbt.ir.types import I32

CALL_MARK = "hook.call_mark"
"""The mark that a call from a learned site leaves: return location xor stack pointer."""
RECORD_MARK = "hook.record_mark"
"""The same for a recording."""
TARGET = "hook.target"
"""The original target of a return or jump that was sent to the trampoline."""
SP_LIMIT = "hook.sp_limit"
"""The host has to know when the stack pointer rises above this address."""
SLOTS = ((CALL_MARK, I32), (RECORD_MARK, I32), (TARGET, I32), (SP_LIMIT, I32))
"""All of them, with their types."""

"""Parts of the architecture that are not emulated: their names, and advice to the user."""

NO_FLOAT = (
    "VFP and NEON instructions",
    "compile with -mfloat-abi=soft (as Debian armel is; armhf cannot run)",
)


def refusal(missing: str, advice: str) -> str:
    """The message to the user."""
    return f"{missing} are not supported: {advice}"

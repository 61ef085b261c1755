"""Parts of the architecture that are not emulated: their names, and advice to the user."""

NO_NEON = (
    "NEON instructions",
    "compile with -mfpu=vfpv4 (or -mfpu=vfpv3-d16, as Debian armhf is)",
)


def refusal(missing: str, advice: str) -> str:
    """The message to the user."""
    return f"{missing} are not supported: {advice}"

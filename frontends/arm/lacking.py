"""Parts of the architecture that are not there: their names, and what to do about it."""

NO_THUMB = ("Thumb instructions", "compile with -marm (Debian armel's programs are ARM code)")
NO_FLOAT = (
    "VFP and NEON instructions",
    "compile with -mfloat-abi=soft (as Debian armel is; armhf cannot run)",
)


def refusal(missing: str, advice: str) -> str:
    """The sentence that the user reads."""
    return f"{missing} are not supported: {advice}"

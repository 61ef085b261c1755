"""The ARM frontend: 32-bit ARM state code, ARMv4 to ARMv7-A, and what ARMv8 adds."""

from dbt.typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from frontends.arm.frontend import ArmFrontend

__all__ = ["ArmFrontend"]


def __getattr__(name: str) -> Any:
    # Building the tables takes some milliseconds; importing the package does not.
    if name == "ArmFrontend":
        from frontends.arm.frontend import ArmFrontend

        return ArmFrontend
    raise AttributeError(name)

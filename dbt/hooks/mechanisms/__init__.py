"""Mechanisms: the known ways to notice calls and returns, one file each, behind one API."""

from dbt.hooks.mechanisms.backend import BackendProbe
from dbt.hooks.mechanisms.base import Machine, Mechanism
from dbt.hooks.mechanisms.dispatch import Dispatch
from dbt.hooks.mechanisms.entry import Entry
from dbt.hooks.mechanisms.helper import Helper
from dbt.hooks.mechanisms.jump import JumpCheck
from dbt.hooks.mechanisms.nochain import NoChain
from dbt.hooks.mechanisms.sentinel import Sentinel
from dbt.hooks.mechanisms.shadow import Shadow
from dbt.hooks.mechanisms.trap import Trap

MECHANISMS: dict[str, type[Mechanism]] = {
    mechanism.name: mechanism
    for mechanism in (
        Dispatch,
        NoChain,
        JumpCheck,
        Entry,
        Sentinel,
        Shadow,
        Helper,
        BackendProbe,
        Trap,
    )
}
NAMES = tuple(MECHANISMS)
AUTO = Entry.name
"""What ``auto`` means: it is transparent, and costs nothing where there is no hook."""

__all__ = ["AUTO", "MECHANISMS", "NAMES", "Machine", "Mechanism"]

"""Facts of the host and of the guests' surroundings that figures and counts depend on."""

import os
import platform
import shutil
import subprocess
import time
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

QEMU = "qemu-arm"
GUEST_ENVIRONMENT: Mapping[str, str] = {}
"""The environment variables of every guest that is measured: none. A program executes instructions
for each, so that counts with the host's variables would differ between hosts."""

PACKAGES = ("armdbt", "numba", "llvmlite", "numpy")


def machine_facts() -> dict[str, str]:
    """Date (UTC), processor, load, system and versions, as text. ``cpu_model`` differs between
    processors that have the same name, as they may under a hypervisor."""
    facts = {
        "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        **processor(),
        "cores": str(os.cpu_count()),
        "load": " ".join(f"{load:.2f}" for load in os.getloadavg()),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
        **guest_facts(),
    }
    for package in PACKAGES:
        facts[package] = package_version(package)
    facts["qemu"] = qemu_version()
    return facts


def guest_facts() -> dict[str, str]:
    """What counts depend on beside the program, its arguments and files: variables, the length of
    the working directory's name, user and group."""
    variables = " ".join(f"{name}={value}" for name, value in GUEST_ENVIRONMENT.items())
    return {
        "guest_environment": variables or "empty",
        "guest_directory": f"{len(os.getcwd())} characters",
        "guest_user": f"{os.getuid()}:{os.getgid()}",
    }


def package_version(name: str) -> str:
    """The version of an installed Python package, or ``missing``."""
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"


def qemu_version() -> str:
    """The version of the qemu-arm on the path, or ``missing``."""
    if shutil.which(QEMU) is None:
        return "missing"
    done = subprocess.run([QEMU, "--version"], capture_output=True, text=True, check=False)
    return done.stdout.partition("\n")[0].partition("version ")[2]


MODEL = ("cpu family", "model", "stepping", "CPU implementer", "CPU part")
"""Lines of /proc/cpuinfo: those of x86, and those of ARM."""


def processor() -> dict[str, str]:
    """Name and model of the first processor."""
    try:
        first = Path("/proc/cpuinfo").read_text().partition("\n\n")[0]
    except OSError:
        first = ""
    pairs = (line.partition(":") for line in first.splitlines())
    lines = {key.strip(): value.strip() for key, _, value in pairs}
    name = lines.get("model name") or platform.processor() or "unknown"
    model = ", ".join(f"{key} {lines[key]}" for key in MODEL if key in lines)
    return {"cpu": name, "cpu_model": model or "unknown"}


def same_processor(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Whether the facts of two machines name the same processor. Results of older versions have no
    ``cpu_model``: then the name decides."""
    models = [facts["cpu_model"] for facts in (one, other) if "cpu_model" in facts]
    return one["cpu"] == other["cpu"] and len(set(models)) <= 1

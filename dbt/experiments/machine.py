"""What a reader needs to know of the machine before comparing figures."""

import os
import platform
import shutil
import subprocess
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

QEMU = "qemu-arm"
PACKAGES = ("armdbt", "numba", "llvmlite", "numpy")


def machine_facts() -> dict[str, str]:
    """Date (UTC), processor, load, system and versions, as text."""
    facts = {
        "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "cpu": _cpu(),
        "cores": str(os.cpu_count()),
        "load": " ".join(f"{load:.2f}" for load in os.getloadavg()),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
    }
    for package in PACKAGES:
        facts[package] = package_version(package)
    facts["qemu"] = qemu_version()
    return facts


def package_version(name: str) -> str:
    """Version of an installed Python package, or ``missing``."""
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"


def qemu_version() -> str:
    """Version of qemu-arm on the path, or ``missing``."""
    if shutil.which(QEMU) is None:
        return "missing"
    done = subprocess.run([QEMU, "--version"], capture_output=True, text=True, check=False)
    return done.stdout.partition("\n")[0].partition("version ")[2]


def _cpu() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith(("model name", "Model")):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or "unknown"

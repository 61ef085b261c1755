"""A browser without a window, for tests of pages that armdbt makes."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from support.oracle import lacking

PROGRAMS = {"chromium": "chromium", "chromedriver": "chromium-driver"}
"""What is needed, and Debian's packages of it."""


@contextmanager
def browser(home: Path) -> Iterator[webdriver.Chrome]:
    """Chromium, which keeps what it writes below ``home``."""
    found = {name: shutil.which(name) for name in PROGRAMS}
    for name, package in PROGRAMS.items():
        if found[name] is None:
            lacking(f"needs the browser's {name} (Debian: {package})")
    options = webdriver.ChromeOptions()
    options.binary_location = str(found["chromium"])
    for option in (
        "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-first-run",
        "--disable-background-networking", "--disable-component-update",
        f"--user-data-dir={home}",
    ):  # fmt: skip
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(found["chromedriver"]))
    try:
        driver.set_window_size(1280, 1000)
        yield driver
    finally:
        driver.quit()


def resize(driver: webdriver.Chrome, width: int) -> None:
    """Make the page so many pixels wide; a window cannot be as narrow as a telephone."""
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600},
    )

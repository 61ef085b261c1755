"""Reports in Chromium: nothing is said on the console, all tables sort, graphs zoom and shrink."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from support.browser import browser, resize
from support.oracle import lacking, need_root
from support.runs import command

CPP = """
#include <cstdio>
#include <map>
#include <string>
template <class T> struct Pair { T first, second; Pair &operator<<(T by) { first += by; return *this; } };
template <class T> __attribute__((noinline)) T grown(Pair<T> &&pair, int n) {
    return n ? grown(static_cast<Pair<T> &&>(pair << T(n)), n - 1) : pair.first;
}
int main() {
    std::map<std::string, int> words;
    for (int i = 0; i < 60; i++) words["w" + std::to_string(i % 7)] += grown(Pair<int>{i, 0}, 20);
    std::printf("%zu %d\\n", words.size(), words["w3"]);
}
"""
AWK = (
    'BEGIN { for (i = 0; i < 20; i++) { s += i * i; t = t sprintf("%x", i) }; print s, length(t) }'
)


def compiled(home: Path) -> list[str]:
    """A program in C++."""
    compiler = "arm-linux-gnueabi-g++"
    if shutil.which(compiler) is None:
        lacking(f"needs {compiler} (Debian: g++-arm-linux-gnueabi)")
    (home / "words.cc").write_text(CPP)
    subprocess.run(
        [compiler, "-O1", "-g", "-static", "-o", "words", "words.cc"], cwd=home, check=True
    )
    return [str(home / "words")]


def awk(home: Path) -> list[str]:
    return [str(need_root() / "bin/busybox"), "awk", AWK]


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    with browser(tmp_path_factory.mktemp("chromium")) as driver:
        yield driver


SORTED = """
const [table, column, pressed] = arguments;
const heading = table.tHead.rows[0].cells[column];
if (pressed) heading.querySelector("button").click();
return [heading.ariaSort, [...table.tHead.rows[0].cells].filter((cell) => cell.ariaSort).length,
    [...table.tBodies[0].rows].map((row) => {
        const cell = row.cells[column];
        return cell.dataset.v === undefined ? cell.textContent : Number(cell.dataset.v);
    })];
"""


def check_sorting(page: webdriver.Chrome, table: Any) -> None:
    """Every heading sorts by its column, and a second click turns the order."""
    headings = table.find_elements(By.CSS_SELECTOR, "th")
    for column in range(len(headings)):
        order, marked, cells = page.execute_script(SORTED, table, column, False)
        assert marked <= 1
        if order is not None:  # as the page is at first
            numbers = [cell for cell in cells if not isinstance(cell, str)]
            assert order == "descending"
            assert numbers == sorted(numbers, reverse=True)
    for column in range(len(headings)):
        _, _, before = page.execute_script(SORTED, table, column, False)
        for _ in range(2):
            order, marked, cells = page.execute_script(SORTED, table, column, True)
            assert marked == 1
            assert sorted(map(str, cells)) == sorted(map(str, before))
            numbers = [cell for cell in cells if not isinstance(cell, str)]
            assert numbers == sorted(numbers, reverse=order == "descending")
            if not numbers:
                way = "ascending" if order == "ascending" else "descending"
                assert in_order(page, cells if way == "ascending" else cells[::-1])


def in_order(page: webdriver.Chrome, texts: list[str]) -> bool:
    """Whether the browser's collation has them so, numbers in them by value."""
    script = """const by = new Intl.Collator("en", {numeric: true});
        return arguments[0].every((text, n, all) => !n || by.compare(all[n - 1], text) <= 0)"""
    return bool(page.execute_script(script, texts))


def frames(page: webdriver.Chrome) -> dict[str, Any]:
    """The frames that are shown, and their widths, by number."""
    script = """return Object.fromEntries([...document.querySelectorAll(".frame")].map(
        (frame) => [frame.dataset.n, Math.round(frame.getBoundingClientRect().width)]))"""
    found: dict[str, Any] = page.execute_script(script)
    return found


def check_flame_graph(page: webdriver.Chrome) -> None:
    """A click makes a frame as wide as the page, with its callers above it; Escape goes back."""
    before = frames(page)
    whole = before["-1"]
    chosen = max((n for n in before if before[n] < whole / 2), key=lambda n: before[n])
    frame = page.find_element(By.CSS_SELECTOR, f'.frame[data-n="{chosen}"]')
    page.execute_script(
        "arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", frame
    )
    frame.click()
    zoomed = frames(page)
    assert before[chosen] < zoomed[chosen] == zoomed["-1"] == whole
    assert f"{page.switch_to.active_element.get_attribute('data-n')}" == chosen
    page.switch_to.active_element.send_keys(Keys.ESCAPE)
    assert frames(page)[chosen] < whole
    page.find_element(By.ID, "flame-reset").click()
    assert frames(page) == before

    page.switch_to.active_element.send_keys(Keys.ARROW_DOWN)
    below = page.switch_to.active_element
    number = below.get_attribute("data-n")
    assert number != "-1"
    below.send_keys(Keys.ENTER)
    assert frames(page)[number] == whole
    page.find_element(By.ID, "flame-reset").click()

    search = page.find_element(By.ID, "flame-search")
    search.send_keys(page.find_element(By.CSS_SELECTOR, f'.frame[data-n="{chosen}"]').text[:3])
    assert page.find_elements(By.CSS_SELECTOR, ".frame.found")
    assert "%" in page.find_element(By.ID, "flame-found").text


def check_call_graph(page: webdriver.Chrome) -> None:
    """The slider chooses how many functions there are; Enter marks the calls of one."""
    least = page.find_element(By.ID, "graph-least")
    shown = [len(page.find_elements(By.CSS_SELECTOR, "#call-graph g.node"))]
    for _ in range(2):
        least.send_keys(Keys.ARROW_RIGHT)
        shown.append(len(page.find_elements(By.CSS_SELECTOR, "#call-graph g.node")))
    assert shown[0] > shown[2] > 0
    assert f"{shown[2]} of " in page.find_element(By.ID, "graph-told").text
    node = page.find_element(By.CSS_SELECTOR, "#call-graph g.node")
    node.send_keys(Keys.ENTER)
    assert "marked" in str(node.get_attribute("class"))
    assert page.find_elements(By.CSS_SELECTOR, "#call-graph g.call.marked")


@pytest.mark.parametrize("program", [awk, compiled])
def test_the_page(program: Any, chromium: webdriver.Chrome, tmp_path: Path) -> None:
    outcome = command("report", "--top", "6", "-o", "page.html", *program(tmp_path), cwd=tmp_path)
    assert outcome.status == 0, outcome.stderr
    resize(chromium, 1280)
    chromium.get((tmp_path / "page.html").as_uri())
    tables = chromium.find_elements(By.CSS_SELECTOR, "table")
    names = {table.get_attribute("id") for table in tables}
    assert names >= {"profile", "hot", "syscalls", "longest", "chaining", "phases", "figures"}
    check_flame_graph(chromium)
    check_call_graph(chromium)
    for table in tables:
        check_sorting(chromium, table)

    button = chromium.find_element(By.CSS_SELECTOR, "#profile th button")
    button.send_keys(Keys.ENTER)  # a keyboard sorts, too
    heading = chromium.find_element(By.CSS_SELECTOR, "#profile th")
    assert heading.get_attribute("aria-sort") == "ascending"
    filter_ = chromium.find_element(By.CSS_SELECTOR, 'input[data-rows="profile"]')
    first = chromium.find_element(By.CSS_SELECTOR, "#profile td").text[:5]
    filter_.send_keys(first)
    shown = chromium.execute_script(
        """return [...document.querySelectorAll("#profile tbody tr")]
            .filter((row) => row.checkVisibility()).map((row) => row.cells[0].innerText)"""
    )
    assert shown
    assert all(first.lower() in name.lower() for name in shown)

    for width in (1280, 420):
        resize(chromium, width)
        wide = chromium.execute_script("return document.documentElement.scrollWidth")
        assert width - 20 < wide <= width  # there may be a scroll bar
    loaded = "return performance.getEntriesByType('resource').map((one) => one.name)"
    assert chromium.execute_script(loaded) == []
    assert chromium.get_log("browser") == []  # type: ignore[no-untyped-call]

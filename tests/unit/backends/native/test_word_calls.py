"""Native functions of words, called as builtin functions of Python."""

import ctypes
import gc
import importlib.util
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest

from backends.native import word_calls
from backends.native.arena import Arena
from backends.native.link import Library, link
from backends.native.llvm import compile_text
from backends.native.word_calls import TEXTS, word_call

NATIVE = """
declare i32 @usleep(i32)

define i64 @subtract(i64 %first, i64 %word) {
 %result = sub i64 %word, %first
 ret i64 %result
}

define i64 @wait_for(i64 %first, i64 %word) {
 br label %again
again:
 %place = inttoptr i64 %first to ptr
 %found = load volatile i64, ptr %place
 %came = icmp eq i64 %found, %word
 br i1 %came, label %end, label %wait
wait:
 %slept = call i32 @usleep(i32 100)
 br label %again
end:
 ret i64 %found
}
"""
WAYS = ("call", "call_unlocked")


@pytest.fixture(scope="module")
def library() -> Library:
    """The functions above, and those that Python calls them by."""
    return link(compile_text(NATIVE + "".join(TEXTS.values())), Arena())


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("word", [0, 1, -1, -2, 1 << 40, (1 << 63) - 2, -(1 << 63) + 1])
def test_words_are_passed_and_returned(library: Library, way: str, word: int) -> None:
    function = word_call("f", library.address(way), library.address("subtract"), -1)
    assert function(word) == word + 1


@pytest.mark.parametrize("way", WAYS)
def test_what_is_no_word_is_refused(library: Library, way: str) -> None:
    function = word_call("f", library.address(way), library.address("subtract"), 0)
    with pytest.raises(OverflowError):
        function(1 << 63)
    with pytest.raises(TypeError):
        function("1")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        function()  # type: ignore[call-arg]
    assert function(-1) == -1


def test_functions_keep_what_they_need(library: Library) -> None:
    """Each has its own first word, and nothing of one goes with another."""
    first, by = library.address("subtract"), library.address("call")
    made = [word_call("f", by, first, number) for number in range(100)]
    del made[::2]
    gc.collect()
    assert [function(0) for function in made] == [-number for number in range(1, 100, 2)]
    assert made[0].__name__ == "f"


def test_a_function_goes_with_what_refers_to_it(library: Library) -> None:
    """Nothing that a function needs is cleared before it, in whatever order a cycle is."""
    by, address = library.address("call"), library.address("subtract")
    for number in range(100):
        function = word_call(f"f{number}", by, address, number)
        cycle = [function]
        cycle.append(cycle)  # type: ignore[arg-type]
        assert gc.get_referents(function) == [function.__self__]
        assert not gc.is_tracked(function.__self__)
        del function, cycle
        gc.collect()


def test_a_function_outlives_the_module_that_made_it(library: Library) -> None:
    """At exit Python clears modules while functions may still be called."""
    spec = importlib.util.find_spec(word_calls.__name__)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    function = module.word_call("f", library.address("call"), library.address("subtract"), 1)
    gone = weakref.ref(module)
    del module
    gc.collect()
    other = [word_call(f"g{n}", library.address("call"), 0, n) for n in range(1000)]
    assert gone() is None
    assert (function(3), function.__name__, len(other)) == (2, "f", 1000)


@pytest.mark.parametrize("way", WAYS)
def test_threads_make_functions_at_once(library: Library, way: str) -> None:
    by, subtract = library.address(way), library.address("subtract")
    together = threading.Barrier(2)

    def make_and_call(thread: int) -> list[tuple[int, str]]:
        found = []
        for n in range(1000):
            if n % 50 == 0:
                together.wait()
            function = word_call(f"f{n}", by, subtract, thread)
            found.append((function(n), function.__name__))
        return found

    with ThreadPoolExecutor(2) as pool:
        one, two = pool.map(make_and_call, (1, 2))
    assert one == [(n - 1, f"f{n}") for n in range(1000)]
    assert two == [(n - 2, f"f{n}") for n in range(1000)]


def test_other_threads_run_meanwhile(library: Library) -> None:
    """The native function waits for what another thread of Python writes."""
    place = ctypes.c_int64(0)
    address = library.address("wait_for"), ctypes.addressof(place)
    function = word_call("wait", library.address("call_unlocked"), *address)

    def write() -> None:
        place.value = 7

    timer = threading.Timer(0.05, write)
    timer.start()
    assert function(7) == 7
    timer.join()

"""Native functions of words, called as builtin functions of Python."""

import ctypes
import gc
import threading

import pytest

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

"""The memory of compiled units that tests have."""

import threading

import pytest
from support.compiled_before import Remembering

from backends.numba_jit.units import compiler
from backends.numba_jit.units.objects import ObjectMaker

RETURNS = "define i64 @f() {{ ret i64 {} }}"


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that LLVM was given."""
    texts: list[str] = []
    whole = ObjectMaker.compile

    def noted(self: ObjectMaker, text: str, *rest: object) -> bytes:
        texts.append(text)
        return whole(self, text, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(ObjectMaker, "compile", noted)
    return texts


def test_it_is_used_here() -> None:
    assert compiler.ObjectMaker is Remembering


def test_a_text_is_compiled_once_at_each_level(compiled: list[str]) -> None:
    text = RETURNS.format(731)
    quick = Remembering().compile(text, "quick")
    assert Remembering().compile(text, "quick") == quick
    assert Remembering().compile(text, "optimised") != b""
    assert Remembering().compile(RETURNS.format(732), "quick") != quick
    assert compiled == [text, text, RETURNS.format(732)]


def test_another_thread_compiles_anew(compiled: list[str]) -> None:
    text = RETURNS.format(733)
    Remembering().compile(text, "quick")
    thread = threading.Thread(target=Remembering().compile, args=(text, "quick"))
    thread.start()
    thread.join()
    assert compiled == [text, text]

"""The memory of compiled units that tests have."""

import threading
from pathlib import Path

import pytest
from support.compiled_before import Remembering
from support.object_store import ObjectStore

from backends.numba_jit.units import compiler
from backends.numba_jit.units.objects import ObjectMaker

RETURNS = "define i64 @f() {{ ret i64 {} }}"


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """The texts that LLVM was given, with nothing remembered."""
    monkeypatch.setattr(Remembering, "store", ObjectStore(tmp_path))
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


def test_what_is_linked_and_what_is_exported_is_a_part_of_it(compiled: list[str]) -> None:
    text = "declare i64 @f()\ndefine i64 @g() {\n %1 = call i64 @f()\n ret i64 %1\n}\n"
    made = [
        Remembering().compile(text, "quick", *more)
        for more in ([], [[RETURNS.format(1)]], [[RETURNS.format(2)]], [[], ["g"]], [[], []])
    ]
    assert len({*made}) >= 4
    assert compiled == [text] * 5


def test_another_thread_compiles_anew(compiled: list[str]) -> None:
    text = RETURNS.format(733)
    Remembering().compile(text, "quick")
    thread = threading.Thread(target=Remembering().compile, args=(text, "quick"))
    thread.start()
    thread.join()
    assert compiled == [text, text]

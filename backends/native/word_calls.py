"""Native functions of words as builtin functions of Python: ctypes takes 200 ns longer for a call.

``call`` and ``call_unlocked`` are what such a builtin function runs (``METH_O``). Its ``self`` is a
``bytes`` that begins with two words: the address of the native function, and the first word that is
given to it.
"""

import ctypes
import struct
from collections.abc import Callable


def _text(name: str, before: str = "", behind: str = "") -> str:
    """LLVM text of a function that calls a native one, with something done around that."""
    return f"""
define ptr @{name}(ptr %self, ptr %argument) nounwind {{
 %functions = call ptr @PyBytes_AsString(ptr %self)
 %word = call i64 @PyLong_AsLongLong(ptr %argument)
 %suspicious = icmp eq i64 %word, -1
 br i1 %suspicious, label %look, label %go
look:
 %error = call ptr @PyErr_Occurred()
 %wrong = icmp ne ptr %error, null
 br i1 %wrong, label %raise, label %go
raise:
 ret ptr null
go:
 %function = load ptr, ptr %functions
 %firsts = getelementptr i64, ptr %functions, i64 1
 %first = load i64, ptr %firsts
{before} %result = call i64 %function(i64 %first, i64 %word)
{behind} %object = call ptr @PyLong_FromLongLong(i64 %result)
 ret ptr %object
}}
"""


_DECLARATIONS = """
declare ptr @PyBytes_AsString(ptr)
declare i64 @PyLong_AsLongLong(ptr)
declare ptr @PyLong_FromLongLong(i64)
declare ptr @PyErr_Occurred()
declare ptr @PyEval_SaveThread()
declare void @PyEval_RestoreThread(ptr)
"""

TEXTS = {
    "call": _DECLARATIONS + _text("call"),
    "call_unlocked": _text(
        "call_unlocked",
        " %thread = call ptr @PyEval_SaveThread()\n",
        " call void @PyEval_RestoreThread(ptr %thread)\n",
    ),
}
"""LLVM text by the name of the function. ``call_unlocked`` gives up Python's interpreter lock while
the native function runs."""


_DEFINITION = struct.Struct("@PPiP")
"""``PyMethodDef``: name, function, flags, doc."""
_METH_O = 8
_BEFORE = bytes.__basicsize__ - 1
"""Where the contents of a ``bytes`` begin in it."""
_new = ctypes.pythonapi["PyCFunction_NewEx"]
_new.restype = ctypes.py_object
_new.argtypes = [ctypes.c_void_p, ctypes.py_object, ctypes.c_void_p]


def word_call(name: str, by: int, function: int, first: int) -> Callable[[int], int]:
    """A builtin function that calls ``i64 function(i64 first, i64 word)``, which is at an address.

    ``by`` is the address of ``call`` or ``call_unlocked``. Its code, and that of the function, must
    stay. The word is an int of 64 bits with a sign: OverflowError or TypeError is raised for what
    is none.
    """
    # The function refers to its PyMethodDef by address. Within ``self`` that is there as long as
    # the function, also when both are garbage: no collection clears a ``bytes``.
    words = struct.pack("=qq", function, first)
    own = words + bytes(_DEFINITION.size) + name.encode() + b"\0"
    definition = id(own) + _BEFORE + len(words)
    filled = _DEFINITION.pack(definition + _DEFINITION.size, by, _METH_O, 0)
    ctypes.memmove(definition, filled, len(filled))
    made: Callable[[int], int] = _new(definition, own, None)
    return made

"""Native functions of words as builtin functions of Python: ctypes takes 200 ns longer for a call.

``call`` and ``call_unlocked`` are what such a builtin function runs (``METH_O``). Its ``self`` is a
``bytes`` of two words: the address of the native function, and the first word that is given to it.
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


class _Definition(ctypes.Structure):
    """``PyMethodDef``."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("function", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    )


_METH_O = 8
_new = ctypes.pythonapi["PyCFunction_NewEx"]
_new.restype = ctypes.py_object
_new.argtypes = [ctypes.c_void_p, ctypes.py_object, ctypes.py_object]


def word_call(name: str, by: int, function: int, first: int) -> Callable[[int], int]:
    """A builtin function that calls ``i64 function(i64 first, i64 word)``, which is at an address.

    ``by`` is the address of ``call`` or ``call_unlocked``. Its code, and that of the function, must
    stay. The word is an int of 64 bits with a sign: OverflowError or TypeError is raised for what
    is none.
    """
    definition = _Definition(name.encode(), by, _METH_O, None)
    words = struct.pack("=qq", function, first)
    # The function refers to its definition by address. As its module, which Python only shows, the
    # definition lives as long as the function: whichever thread made it, and at exit, too.
    made: Callable[[int], int] = _new(ctypes.addressof(definition), words, definition)
    return made

"""``__init__`` of classes with slots: copies of the functions below, with the names of the fields.

Copying a function takes 3 us, compiling one 100. A copy takes arguments, refuses wrong ones and
sets fields as a function that was written for the class.
"""

# mypy: allow-untyped-defs, disable-error-code="name-defined"

from collections.abc import Callable, Mapping, Sequence
from types import FunctionType

from dbt.typing import Any

# fmt: off
# ruff: noqa: E702, E741, F821 - ``s`` and a letter is the function that sets a field

def _assign_0(o): pass
def _assign_1(o, a): o.a = a
def _assign_2(o, a, b): o.a = a; o.b = b
def _assign_3(o, a, b, c): o.a = a; o.b = b; o.c = c
def _assign_4(o, a, b, c, d): o.a = a; o.b = b; o.c = c; o.d = d
def _assign_5(o, a, b, c, d, e): o.a = a; o.b = b; o.c = c; o.d = d; o.e = e
def _assign_6(o, a, b, c, d, e, f): o.a = a; o.b = b; o.c = c; o.d = d; o.e = e; o.f = f
def _assign_7(o, a, b, c, d, e, f, g): o.a = a; o.b = b; o.c = c; o.d = d; o.e = e; o.f = f; o.g = g
def _assign_8(o, a, b, c, d, e, f, g, h):
    o.a = a; o.b = b; o.c = c; o.d = d; o.e = e; o.f = f; o.g = g; o.h = h
def _assign_9(o, a, b, c, d, e, f, g, h, i):
    o.a = a; o.b = b; o.c = c; o.d = d; o.e = e; o.f = f; o.g = g; o.h = h; o.i = i
def _assign_10(o, a, b, c, d, e, f, g, h, i, j):
    o.a = a; o.b = b; o.c = c; o.d = d; o.e = e; o.f = f; o.g = g; o.h = h; o.i = i; o.j = j
def _assign_11(o, a, b, c, d, e, f, g, h, i, j, k):
    o.a = a; o.b = b; o.c = c; o.d = d; o.e = e; o.f = f; o.g = g; o.h = h; o.i = i; o.j = j
    o.k = k
def _assign_12(o, a, b, c, d, e, f, g, h, i, j, k, l):
    o.a = a; o.b = b; o.c = c; o.d = d; o.e = e; o.f = f; o.g = g; o.h = h; o.i = i; o.j = j
    o.k = k; o.l = l

def _set_0(o): pass
def _set_1(o, a): sa(o, a)
def _set_2(o, a, b): sa(o, a); sb(o, b)
def _set_3(o, a, b, c): sa(o, a); sb(o, b); sc(o, c)
def _set_4(o, a, b, c, d): sa(o, a); sb(o, b); sc(o, c); sd(o, d)
def _set_5(o, a, b, c, d, e): sa(o, a); sb(o, b); sc(o, c); sd(o, d); se(o, e)
def _set_6(o, a, b, c, d, e, f): sa(o, a); sb(o, b); sc(o, c); sd(o, d); se(o, e); sf(o, f)
def _set_7(o, a, b, c, d, e, f, g):
    sa(o, a); sb(o, b); sc(o, c); sd(o, d); se(o, e); sf(o, f); sg(o, g)
def _set_8(o, a, b, c, d, e, f, g, h):
    sa(o, a); sb(o, b); sc(o, c); sd(o, d); se(o, e); sf(o, f); sg(o, g); sh(o, h)
def _set_9(o, a, b, c, d, e, f, g, h, i):
    sa(o, a); sb(o, b); sc(o, c); sd(o, d); se(o, e); sf(o, f); sg(o, g); sh(o, h); si(o, i)
def _set_10(o, a, b, c, d, e, f, g, h, i, j):
    sa(o, a); sb(o, b); sc(o, c); sd(o, d); se(o, e); sf(o, f); sg(o, g); sh(o, h); si(o, i)
    sj(o, j)
def _set_11(o, a, b, c, d, e, f, g, h, i, j, k):
    sa(o, a); sb(o, b); sc(o, c); sd(o, d); se(o, e); sf(o, f); sg(o, g); sh(o, h); si(o, i)
    sj(o, j); sk(o, k)
def _set_12(o, a, b, c, d, e, f, g, h, i, j, k, l):
    sa(o, a); sb(o, b); sc(o, c); sd(o, d); se(o, e); sf(o, f); sg(o, g); sh(o, h); si(o, i)
    sj(o, j); sk(o, k); sl(o, l)

# fmt: on

_ASSIGN = (
    _assign_0, _assign_1, _assign_2, _assign_3, _assign_4, _assign_5, _assign_6, _assign_7,
    _assign_8, _assign_9, _assign_10, _assign_11, _assign_12,
)  # fmt: skip
_SET = (
    _set_0, _set_1, _set_2, _set_3, _set_4, _set_5, _set_6, _set_7, _set_8, _set_9, _set_10,
    _set_11, _set_12,
)  # fmt: skip
MOST = len(_SET) - 1
"""So many fields a class can have."""


def initialiser(
    class_: type, fields: Mapping[str, str], defaults: Sequence[Any], *, frozen: bool
) -> Callable[..., None]:
    """``__init__`` of a class. ``fields`` gives the name of the argument for each field, in order,
    and ``defaults`` the values of the last ones. A ``frozen`` class refuses assignment."""
    model = (_SET if frozen else _ASSIGN)[len(fields)].__code__
    names: dict[str, Any] = {"__name__": class_.__module__}
    if frozen:
        names |= {
            s: getattr(class_, name).__set__ for s, name in zip(model.co_names, fields, strict=True)
        }
    code = model.replace(
        co_name="__init__",
        co_varnames=("self", *fields.values()),
        co_names=model.co_names if frozen else (*fields,),
    )
    made = FunctionType(code, names, "__init__", tuple(defaults))
    made.__qualname__ = f"{class_.__qualname__}.__init__"
    return made

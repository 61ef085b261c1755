"""Loads and stores at host addresses, and what else the loop needs of the host: primitives of word
functions. Loads extend with zeros, stores write the low bits.
"""

from backends.numba_jit.word_functions import Primitive


def _load(bits: int) -> Primitive:
    lines = "{r}.p = inttoptr i64 {0} to ptr\n "
    if bits == 64:
        return Primitive(1, lines + "{r} = load i64, ptr {r}.p, align 1")
    load = f"{{r}}.n = load i{bits}, ptr {{r}}.p, align 1\n {{r}} = zext i{bits} {{r}}.n to i64"
    return Primitive(1, lines + load)


def _store(bits: int) -> Primitive:
    lines = "{r}.p = inttoptr i64 {0} to ptr\n "
    if bits == 64:
        return Primitive(2, lines + "store i64 {1}, ptr {r}.p, align 1", returns=False)
    store = f"{{r}}.n = trunc i64 {{1}} to i{bits}\n store i{bits} {{r}}.n, ptr {{r}}.p, align 1"
    return Primitive(2, lines + store, returns=False)


load8, load32, load64 = _load(8), _load(32), _load(64)
store8, store32, store64 = _store(8), _store(32), _store(64)

enter_unit = Primitive(
    3, "{r}.p = inttoptr i64 {0} to ptr\n {r} = call i64 {r}.p(i64 {1}, i64 {2})"
)
"""Call ``i64 function(u64 code, u64 state)``, or another function of two numbers."""

exchange = Primitive(
    2, "{r}.p = inttoptr i64 {0} to ptr\n {r} = atomicrmw xchg ptr {r}.p, i64 {1} seq_cst"
)
"""Write 64 bits at a host address at once, and return what was there (atomic exchange)."""

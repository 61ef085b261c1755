"""Hypothesis strategies for record streams: as a machine makes them, torn, and nonsense."""

import attrs
from hypothesis import strategies as st

from dbt.hooks.records import Kind, Record

FUNCTIONS = {0x8000: "main", 0x8100: "fib", 0x8200: "even", 0x8300: "odd", 0x8400: "helper"}
SYSCALLS = {4: "write", 20: "getpid", 248: "exit_group"}


@attrs.define
class Machine:
    """Makes a stream as the law in ``dbt/hooks/records.py`` has it, by simple bookkeeping."""

    records: list[Record] = attrs.field(factory=list)
    insns: int = 0
    live: dict[int, list[Record]] = attrs.field(factory=dict)
    own: dict[str, int] = attrs.field(factory=dict)
    """Instructions spent in each function itself; "" is no function."""

    def run(self, thread: int, insns: int) -> None:
        """Execute instructions, in the innermost activation of a thread."""
        stack = self.live.setdefault(thread, [])
        name = stack[-1].symbol if stack else ""
        self.own[name] = self.own.get(name, 0) + insns
        self.insns += insns

    def call(self, function: int, thread: int = 0, *, tail: bool = False) -> None:
        """Enter a function; as a tail call with the site and the stack of the innermost one."""
        stack = self.live.setdefault(thread, [])
        tail = tail and bool(stack)
        depth = len(stack)
        record = Record(
            Kind.TAIL_CALL if tail else Kind.CALL,
            function,
            FUNCTIONS[function],
            site=stack[-1].site if tail else 0x9000 + 4 * depth,
            stack=stack[-1].stack if tail else 0x40000000 - 16 * depth,
            depth=depth,
            insns=self.insns,
            caller=0x9000 + 4 * depth - 4,
            thread=thread,
            arguments=(depth, 1, 2, 3),
        )
        stack.append(record)
        self.records.append(record)

    def leave(self, thread: int = 0) -> None:
        """Return from the innermost activation, and from those that tail called it."""
        stack = self.live.setdefault(thread, [])
        while stack:
            call = stack.pop()
            self._end(Kind.RETURN, call, len(stack))
            if call.kind is Kind.CALL:
                break

    def unwind(self, frames: int, thread: int = 0) -> None:
        """Give up some of the innermost activations."""
        stack = self.live.setdefault(thread, [])
        for _ in range(min(frames, len(stack))):
            call = stack.pop()
            self._end(Kind.UNWOUND, call, len(stack))

    def syscall(self, number: int, thread: int = 0, *, returns: bool = True) -> None:
        """Make a system call."""
        depth = len(self.live.setdefault(thread, []))
        call = Record(
            Kind.SYSCALL, number, SYSCALLS[number], 0x9800, 0x40000000, depth, self.insns,
            thread=thread, arguments=(1, 2, 3),
        )  # fmt: skip
        self.records.append(call)
        if returns:
            self.records.append(attrs.evolve(call, kind=Kind.SYSCALL_RETURN, result=-4))

    def _end(self, kind: Kind, call: Record, depth: int) -> None:
        result = 42 if kind is Kind.RETURN else None
        changes = {"kind": kind, "depth": depth, "insns": self.insns, "result": result}
        self.records.append(attrs.evolve(call, arguments=(), caller=0, **changes))


@st.composite
def machines(draw: st.DrawFn, threads: int = 2) -> Machine:
    """A machine after some random work; its stream may end inside calls."""
    machine = Machine()
    works = ("call", "tail", "leave", "leave", "unwind", "syscall", "gone")
    for _ in range(draw(st.integers(0, 40))):
        thread = draw(st.integers(0, threads - 1))
        machine.run(thread, draw(st.integers(0, 50)))
        match draw(st.sampled_from(works)):
            case "call":
                machine.call(draw(st.sampled_from(sorted(FUNCTIONS))), thread)
            case "tail":
                machine.call(draw(st.sampled_from(sorted(FUNCTIONS))), thread, tail=True)
            case "leave":
                machine.leave(thread)
            case "unwind":
                machine.unwind(draw(st.integers(1, 3)), thread)
            case "syscall":
                machine.syscall(draw(st.sampled_from(sorted(SYSCALLS))), thread)
            case _:
                machine.syscall(248, thread, returns=False)
    machine.run(0, draw(st.integers(0, 50)))
    return machine


@st.composite
def torn_streams(draw: st.DrawFn) -> list[Record]:
    """A machine's stream of which records are missing at both ends and in the middle."""
    records = draw(machines()).records
    first = draw(st.integers(0, len(records)))
    kept = records[first : draw(st.integers(first, len(records)))]
    lost = draw(st.sets(st.integers(0, 80), max_size=5))
    return [record for index, record in enumerate(kept) if index not in lost]


_WORDS = st.integers(0, (1 << 32) - 1)
_FEW = st.integers(0, 3)

records = st.builds(
    Record,
    kind=st.sampled_from(Kind),
    function=st.one_of(_FEW, _WORDS),
    symbol=st.text(max_size=8),
    site=_FEW,
    stack=_FEW,
    depth=_FEW,
    insns=st.integers(0, 1000),
    caller=st.one_of(_FEW, _WORDS),
    thread=st.integers(0, 2),
    arguments=st.tuples() | st.tuples(_WORDS, _WORDS),
    result=st.none() | st.integers(-(1 << 31), (1 << 32) - 1),
    stack_id=st.integers(0, 2),
)
"""Any record: names that no file should hold, times that run backwards."""

nonsense = st.lists(records, max_size=30)
streams = st.one_of(machines().map(lambda machine: machine.records), torn_streams(), nonsense)

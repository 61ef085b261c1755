"""Stencils as LLVM text: one function for each template, which tail-calls what comes after it.

It is long because each op and each way out is a method of one class.
"""

from collections import Counter
from collections.abc import Callable

from backends.numba_jit import abi, tables
from backends.numba_jit.stencils.float_calls import CALLS
from backends.numba_jit.stencils.signature import PARAMETERS, SIGNATURE, TYPES
from backends.numba_jit.stencils.template import BANKS, HOLE, LEAVE, Template
from backends.numba_jit.units.access import is_refused, perms_of
from backends.numba_jit.units.atomic_text import (
    CLOBBERS,
    access_code,
    fence_text,
    size_of,
    wide_type,
)
from backends.numba_jit.units.check_plan import plan_checks
from backends.numba_jit.units.cipher_ops import CIPHERS
from backends.numba_jit.units.frame import FOOTER, LLVM_TYPES, constant
from backends.numba_jit.units.instrument import count, pop, push
from backends.numba_jit.units.pure_ops import LOWER, PLAIN, WIDTH
from backends.numba_jit.units.vector_ops import VECTORS
from dbt.classes import attrs
from dbt.interfaces import Layout
from dbt.ir import ops
from dbt.ir.block import BlockKey, Branch, Call, Const, Goto, Halt, Inst, Jump, Return, Swi, Value
from dbt.ir.ops import Op
from dbt.ir.types import I1, Type
from dbt.stops import Access

COLD = "!prof !0"
_OF_VALUES = {**VECTORS, **CIPHERS, **LOWER}
"""Ops that take the texts of their operands."""
PAGE = 4096


class StencilText:
    """The function of one stencil in the making."""

    def __init__(self, module: "Module") -> None:
        self.slots = module.layout.by_name
        self.module = module
        self.lines: list[str] = []
        self.cold_lines: list[str] = []
        self.number = 0
        self.names: dict[Value, str] = {}
        self.holes: dict[str, int] = {}
        self.after: dict[Value, str] = {}
        """The status after each op of floating point."""
        self.functions = ""
        """The table of functions of floating point, which is known to be there."""

    def new(self, text: str) -> str:
        name = f"%v{self.number}"
        self.number += 1
        self.lines.append(f" {name} = {text}")
        return name

    def intrinsic(self, name: str, declaration: str) -> str:
        self.module.intrinsics[name] = declaration
        return f"@{name}"

    def value(self, value: Value) -> str:
        return constant(value) if isinstance(value, Const) else self.names[value]

    def label(self, name: str) -> None:
        self.lines.append(f"{name}:")

    # -- ways out

    def tail(self, function: str) -> None:
        self.module.outside.add(function)
        self._call(f"@{function}")

    def _call(self, code: str) -> None:
        name = f"%t{self.number}"
        self.number += 1
        self.lines.append(
            f" {name} = musttail call preserve_nonecc i64 {code}({PARAMETERS})\n ret i64 {name}"
        )

    def link(self, side: int) -> None:
        self._call(self.new(f"load ptr, ptr @link{side}"))

    def leave_if(self, condition: str) -> None:
        n = self.number
        self.number += 1
        self.lines.append(f" br i1 {condition}, label %fault, label %k{n}, {COLD}\nk{n}:")
        self.faults = True

    # -- the whole

    def emit(self, name: str, template: Template) -> str:
        t = template
        self.template, self.symbol = t, name
        self.faults = False
        self.traps: list[tuple[str, str]] = []
        self.checks = plan_checks(t.insts)
        self.late = set() if self.module.checked else _addresses(t)
        self._begin(name)
        whens = [i for i in t.insts if i.when is not None] if t.exit is None else []
        accesses = any(i.op in ops.ACCESSES for i in whens)
        self.together = None
        if (
            whens
            and len({id(i.when) for i in whens}) == 1
            and (accesses or len(whens) > 1)
            and not any(i.op is ops.SET and i.when is None for i in t.insts)
            and not any(map(_always_acts, t.insts[t.insts.index(whens[0]) :]))
        ):
            self.together = whens[0].when
        begun = False
        for inst in t.insts:
            if self.together is not None and inst.when is self.together and not begun:
                begun = True
                self.lines.append(
                    f" br i1 {self.value(self.together)}, label %body, label %skip\nbody:"
                )
            self._one(inst)
        self._exit()
        if self.together is not None:
            self.label("skip")
            self.tail("next")
        if self.faults:
            self.label("fault")
            self.tail("fault")
        for label, reason in self.traps:
            self.label(label)
            place = self.new(f"getelementptr i8, ptr %s, i64 {tables.TRAP_REASON}")
            self.lines.append(f" store i64 {self.module.number_of(reason)}, ptr {place}")
            self.tail("trap")
        self.lines.append("}")
        return "\n".join(self.lines)

    def _begin(self, name: str) -> None:
        self.lines.append(f"define dso_local preserve_nonecc i64 @{name}{SIGNATURE} {{\ne:")

    def emit_nothing(self, name: str) -> str:
        """A stencil that leaves before the instruction, always."""
        self._begin(name)
        self.tail("fault")
        self.lines.append("}")
        return "\n".join(self.lines)

    def _hole(self, name: str) -> str:
        return f"ptrtoint (ptr @{self.symbol}.{name} to i64)"

    def _one(self, inst: Inst) -> None:
        op = inst.op
        if op is HOLE:
            self.names[inst] = f"ptrtoint (ptr @{self.symbol}.{inst.imm[0]} to {inst.type})"
        elif op in PLAIN:
            if inst not in self.late:
                self._plain(inst)
        elif op in _OF_VALUES:
            self.names[inst] = _OF_VALUES[op](self, inst, *map(self.value, inst.args))
        elif op in WIDTH:
            self.names[inst] = self.new(
                f"{WIDTH[op]} {inst.args[0].type} {self.value(inst.args[0])} to {inst.type}"
            )
        elif op in CALLS:
            operands = map(self.value, inst.args)
            self.names[inst], self.after[inst] = CALLS[op](self, inst, *operands)
        elif op is ops.FSTATUS:
            self.names[inst] = self.after[inst.args[0]]
        elif op is ops.GET:
            assert inst.type is not None
            self.names[inst] = self._get(str(inst.imm[0]), inst.type)
        elif op is ops.SET:
            self._set(inst)
        elif op in EFFECTS:
            EFFECTS[op](self, inst)
        else:
            raise NotImplementedError(op.name)

    def _plain(self, inst: Inst) -> None:
        a, b = inst.args
        operation = PLAIN[inst.op]
        self.names[inst] = self.new(f"{operation} {a.type} {self.value(a)}, {self.value(b)}")

    def load(self, inst: Inst) -> None:
        self.names[inst] = self.predicated(inst, self._load)

    def store(self, inst: Inst) -> None:
        self.predicated(inst, self._store)

    def atomic(self, inst: Inst) -> None:
        self._require_alignment(inst, size_of(inst))
        self.names[inst] = self.predicated(inst, self._atomic)

    def _atomic(self, inst: Inst) -> str:
        index = self.new(f"zext i32 {self.value(inst.args[0])} to i64")
        if self.module.checked:
            perms = perms_of(self.lines, f"%y{self.number}a", index)
            self.leave_if(
                is_refused(self.lines, f"%y{self.number}r", perms, loads=False, stores=True)
            )
        _, *expected, new = inst.args
        operands = ", ".join(map(self._widened, (new, *expected)))
        code, constraints = access_code(inst)
        wide = wide_type(inst)
        value = self.new(
            f'call {wide} asm sideeffect "{code}", "{constraints},{CLOBBERS}"'
            f"(ptr %m, i64 {index}, {operands})"
        )
        narrow = inst.type is not None and inst.type.bits < 32
        return self.new(f"trunc i32 {value} to {inst.type}") if narrow else value

    def _widened(self, value: Value) -> str:
        """A value in a register of the host, with its type."""
        assert value.type is not None
        text = self.value(value)
        if value.type.bits < 32:
            return f"i32 {self.new(f'zext {value.type} {text} to i32')}"
        return f"{value.type} {text}"

    def fence(self, inst: Inst) -> None:
        del inst  # it is made even if its condition does not hold
        self.lines.append(fence_text())

    def check_align(self, inst: Inst) -> None:
        self._require_alignment(inst, int(inst.imm[0]))

    def _require_alignment(self, inst: Inst, size: int) -> None:
        low = self.new(f"and i32 {self.value(inst.args[0])}, {size - 1}")
        self._refuse(inst, self.new(f"icmp ne i32 {low}, 0"))

    def trap_if(self, inst: Inst) -> None:
        self._refuse(inst, self.value(inst.args[0]))

    def _if_executed(self, inst: Inst, condition: str) -> str:
        """A condition that only holds if an instruction is executed at all."""
        if inst.when is not None and self.together is None:
            return self.new(f"and i1 {condition}, {self.value(inst.when)}")
        return condition

    def _refuse(self, inst: Inst, condition: str) -> None:
        """Leave before the instruction, on a condition."""
        self.leave_if(self._if_executed(inst, condition))

    def leave(self, inst: Inst) -> None:
        condition, n = self._if_executed(inst, self.value(inst.args[0])), self.number
        self.number += 1
        self.traps.append((f"trap{n}", str(inst.imm[0])))
        self.lines.append(f" br i1 {condition}, label %trap{n}, label %k{n}, {COLD}\nk{n}:")

    def called(self, index: int) -> str:
        """A pointer to a function of floating point. Leaves if there are none yet, in front of
        all that the instruction writes: its first op asks."""
        if not self.functions:
            self.functions = self.pointer(tables.FLOATS)
            self.leave_if(self.new(f"icmp eq ptr {self.functions}, null"))
        return self.new(
            f"load ptr, ptr {self.new(f'getelementptr ptr, ptr {self.functions}, i64 {index}')}"
        )

    # -- what instrumentation needs

    def pointer(self, offset: int) -> str:
        """A pointer from the control area."""
        return self.new(f"load ptr, ptr {self.new(f'getelementptr i8, ptr %s, i64 {offset}')}")

    def counter(self, name: str) -> str:
        """The offset of a counter in the state buffer."""
        return self._hole(name)

    def stack(self, name: str) -> str:
        """The offset of a side stack in its bank."""
        return self._hole(name)

    def _address(self, slot: str) -> str:
        offset = self._hole(slot[1:]) if slot[0] == "@" else str(self.slots[slot].offset)
        return self.new(f"getelementptr i8, ptr %s, i64 {offset}")

    def _get(self, slot: str, type_: Type) -> str:
        address = self._address(slot)
        if type_ is I1:
            return self.new(f"trunc nuw i8 {self.new(f'load i8, ptr {address}')} to i1")
        return self.new(f"load {LLVM_TYPES[type_.name]}, ptr {address}")

    def _set(self, inst: Inst) -> None:
        slot, value = str(inst.imm[0]), self.value(inst.args[0])
        type_ = inst.args[0].type
        assert type_ is not None
        kind = LLVM_TYPES[type_.name]
        if inst.when is not None and self.together is None:
            old = self._get(slot, type_)
            choice = f"i1 {self.value(inst.when)}, {kind} {value}, {kind} {old}"
            value = self.new(f"select {choice}, !unpredictable !2")
        address = self._address(slot)
        if type_ is I1:
            self.lines.append(f" store i8 {self.new(f'zext i1 {value} to i8')}, ptr {address}")
        else:
            self.lines.append(f" store {kind} {value}, ptr {address}")

    def predicated(self, inst: Inst, access: Callable[[Inst], str]) -> str:
        """The value of an access that is made if the instruction is executed, else 0."""
        if inst.when is None or self.together is not None:
            return access(inst)
        k = self.number
        self.number += 1
        self.lines.append(
            f" br label %p{k}\np{k}:\n"
            f" br i1 {self.value(inst.when)}, label %d{k}, label %j{k}\nd{k}:"
        )
        value = access(inst)
        self.lines.append(f" br label %q{k}\nq{k}:\n br label %j{k}\nj{k}:")
        if inst.type is None:
            return ""
        type_ = LLVM_TYPES[inst.type.name]
        return self.new(f"phi {type_} [{value}, %q{k}], [zeroinitializer, %p{k}]")

    def _load(self, inst: Inst) -> str:
        host = self._host(inst, Access.READ)
        assert inst.type is not None
        value = self.new(f"load {LLVM_TYPES[inst.type.name]}, ptr {host}, align 1")
        self._keep_order()
        return value

    def _store(self, inst: Inst) -> str:
        value = self.value(inst.args[1])
        host = self._host(inst, Access.WRITE)
        type_ = inst.args[1].type
        assert type_ is not None
        self.lines.append(f" store {LLVM_TYPES[type_.name]} {value}, ptr {host}, align 1")
        self._keep_order()
        return ""

    def _keep_order(self) -> None:
        """Let LLVM not write state in front of an access that has to be repeated if it is refused,
        nor hold many addresses at once."""
        if self.module.ordered:
            self.lines.append(' call void asm sideeffect "", "~{memory}"()')

    def _host(self, inst: Inst, access: Access) -> str:
        where = inst.args[0]
        if isinstance(where, Inst) and where in self.late:
            self._plain(where)
        address = self.value(inst.args[0])
        check = self.checks.get(inst) if self.module.checked else None
        wide = self.new(f"zext i32 {address} to i64")
        if check is not None:
            start = wide
            if check.before:
                start = self.new(
                    f"zext i32 {self.new(f'add i32 {address}, {check.before}')} to i64"
                )
            n = self.number
            perms = perms_of(self.lines, f"%y{n}a", start)
            if check.span in (2, 4) and not self.module.whole:
                inside = self.new(f"and i64 {start}, {PAGE - 1}")
                self.leave_if(self.new(f"icmp ugt i64 {inside}, {PAGE - check.span}"))
            elif check.span > 1:
                perms += perms_of(
                    self.lines, f"%y{n}b", self.new(f"add i64 {start}, {check.span - 1}")
                )
            is_load = access is Access.READ
            refused = is_refused(self.lines, f"%y{n}r", perms, loads=is_load, stores=not is_load)
            self.leave_if(refused)
        return self.new(f"getelementptr i8, ptr %m, i64 {wide}")

    def _exit(self) -> None:
        match self.template.exit:
            case None:
                self.tail("next")
            case Branch(cond=cond):
                self.lines.append(f" br i1 {self.value(cond)}, label %yes, label %no\nyes:")
                self.link(0)
                self.label("no")
                self.link(1)
            case Goto() | Call(target=BlockKey()):
                self.link(0)
            case Return(target=target):
                self._computed(target, tables.COPY_RETURNS, "return")
            case Jump(target=Const() | Inst() as target) | Call(target=Const() | Inst() as target):
                self._computed(target, tables.COPY_JUMPS, "jump")
            case Swi():
                self.tail("swi")
            case Halt():
                self.tail("halt")

    def _computed(self, target: Value, table: int, miss: str) -> None:
        location = self.value(target)
        name = self.intrinsic("llvm.fshr.i32", "i32 @llvm.fshr.i32(i32, i32, i32)")
        index = self.new(
            f"zext i32 {self.new(f'call i32 {name}(i32 {location}, i32 {location}, i32 1)')} to i64"
        )
        entries = self.new(f"load ptr, ptr {self.new(f'getelementptr i8, ptr %s, i64 {table}')}")
        code = self.new(
            f"load ptr, ptr {self.new(f'getelementptr ptr, ptr {entries}, i64 {index}')}"
        )
        self.lines.append(
            f" br i1 {self.new(f'icmp eq ptr {code}, null')}, label %miss, label %go, {COLD}\ngo:"
        )
        self._call(code)
        self.label("miss")
        place = self.new(f"getelementptr i8, ptr %s, i64 {abi.EXIT_CODE}")
        self.lines.append(f" store i32 {location}, ptr {place}")
        self.tail(miss)


def _always_acts(inst: Inst) -> bool:
    """Whether an op of a pass does something even if the instruction is not executed."""
    return inst.when is None and (inst.op in BANKS or inst.op is LEAVE)


def _addresses(template: Template) -> set[Inst]:
    """Addresses that nothing but one access uses. They are computed just before it: LLVM would hold
    all of a long list of registers at once, and has not enough of its own."""
    uses: Counter[Value | None] = Counter()
    for inst in template.insts:
        uses.update((*inst.args, inst.when))
    match template.exit:
        case (
            Branch(cond=value)
            | Jump(target=value)
            | Return(target=value)
            | Call(target=Const() | Inst() as value)
        ):
            uses[value] += 1
    found = {inst.args[0] for inst in template.insts if inst.op in (ops.LOAD, ops.STORE)}
    return {a for a in found if isinstance(a, Inst) and a.op in PLAIN and uses[a] == 1}


EFFECTS: dict[Op, Callable[..., None]] = {
    ops.LOAD: StencilText.load,
    ops.STORE: StencilText.store,
    ops.EXCHANGE: StencilText.atomic,
    ops.COMPARE_EXCHANGE: StencilText.atomic,
    ops.FENCE: StencilText.fence,
    ops.CHECK_ALIGN: StencilText.check_align,
    ops.TRAP_IF: StencilText.trap_if,
    LEAVE: StencilText.leave,
    ops.COUNT: count,
    ops.PUSH: push,
    ops.POP: pop,
}


@attrs.frozen
class Module:
    """What the stencils of one LLVM module share."""

    layout: Layout
    number_of: Callable[[str], int]
    """Returns the number of a trap's reason."""
    whole: bool
    """Instructions are executed here even if an access crosses the end of a page: passes must not
    see another block begin behind it."""
    checked: bool = True
    """Code tests the guest's permissions before it accesses its memory."""
    ordered: bool = False
    """State is written behind the last access: the host may have code left at each of them."""
    intrinsics: dict[str, str] = attrs.field(factory=dict)
    outside: set[str] = attrs.field(factory=set)


def nothing_text(module: Module) -> str:
    """LLVM text of a stencil, named s0, that leaves for the evaluator."""
    return _text(module, [StencilText(module).emit_nothing("s0")])


def module_text(module: Module, templates: list[Template]) -> str:
    """LLVM text of stencils, named s0, s1 and so on."""
    parts = []
    for index, template in enumerate(templates):
        parts.append(StencilText(module).emit(f"s{index}", template))
        for name, hole in template.holes.items():
            most = hole.most if not hole.slots else 1 << 12
            parts.append(
                f"@s{index}.{name} = extern_weak dso_local global i8, align 1, !absolute_symbol "
                f"!{{i64 0, i64 {most + 1}}}"
            )
    return _text(module, parts)


def _text(module: Module, parts: list[str]) -> str:
    outside = sorted(module.outside)
    parts += [f"declare preserve_nonecc i64 @{name}({TYPES})" for name in outside]
    parts += [f"declare {text}" for text in module.intrinsics.values()]
    parts.append("@link0 = external dso_local global ptr\n@link1 = external dso_local global ptr")
    parts.append(FOOTER + "!2 = !{}\n")
    return "\n".join(parts)

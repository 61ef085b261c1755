"""LLVM text of the handler of SIGBUS and SIGSEGV, and the layout of its data.

``handle(signal, info, context, data, own)``: ``data`` is what both signals share, ``own`` what is
kept for this one.
"""

from backends.native.exception_table import MIX, ROW, ROWS_AT
from dbt.interfaces import (
    ABSENT,
    CODE,
    LOST_AT,
    LOST_PAGES,
    LOST_PAGES_AT,
    LOST_WINDOW,
    LOST_WINDOW_AT,
    MAPPED,
    OPENED,
    OPENED_AT,
    PAGE,
    PERMS_DISTANCE,
)
from dbt.signals import signal

SIGNALS = (int(signal.SIGBUS), int(signal.SIGSEGV))
PREVIOUS, DEFAULT, FOREIGN, OWN = 0, 32, 64, 128
"""Offsets in what is kept for a signal, which has OWN bytes: the kernel's struct sigaction of the
previous handler, one of the default action, and the last address that was not ours."""
TABLE = 2 * OWN
"""Offset of the entries in the data: one for each memory that the handler is responsible for."""
ENTRY = 64
BASE, FOLLOWS, CODE_START, CODE_BYTES, LEAVE, EXIT_AT, EXIT_KIND, FIXUPS = range(0, 64, 8)
"""Words of an entry. BASE: ``perms_base``, or 0. FOLLOWS: not 0 when the host's protection follows
the permission bytes. Code without checks has CODE_BYTES bytes from CODE_START on; rdi is then the
address of the state. It is left by a jump to LEAVE, after ``EXIT_KIND + (offset in the code << 8)``
was written to the state at EXIT_AT. FIXUPS: the address of an exception table
(``exception_table.py``), or 0: other code without checks goes on where that says."""
DATA_BYTES = 64 << 10
ENTRIES = (DATA_BYTES - TABLE) // ENTRY
PAGES = (1 << 32) // PAGE
KIND_BITS = 8

_MPROTECT, _MMAP, _RT_SIGACTION, _MREMAP, _GETPID, _GETTID, _TGKILL = 10, 9, 13, 25, 39, 186, 234
_MAYMOVE_FIXED = 3
_READ, _READ_WRITE, _PRIVATE_FIXED_ANONYMOUS_NORESERVE = 1, 3, 0x4032
_RDI_AT, _RIP_AT, _ERROR_AT = 104, 168, 192
"""Offsets in the kernel's struct ucontext (x86-64)."""
_WRITES = 2
"""A bit of the error code: the access was a store."""

_REGISTERS = "={rax},{rax},{rdi},{rsi},{rdx},{r10},{r8},{r9},~{rcx},~{r11},~{memory}"
_HOST = f"""
define internal i64 @host(i64 %n, i64 %a, i64 %b, i64 %c, i64 %d, i64 %e, i64 %f) alwaysinline {{
 %r = call i64 asm sideeffect "syscall", "{_REGISTERS}"
  (i64 %n, i64 %a, i64 %b, i64 %c, i64 %d, i64 %e, i64 %f)
 ret i64 %r
}}
"""

_FIXUP = f"""
define internal i64 @fixup(i64 %table_word, i64 %rip) alwaysinline {{
 %is_table = icmp ne i64 %table_word, 0
 br i1 %is_table, label %begin, label %none
begin:
 %table = inttoptr i64 %table_word to ptr
 %mask = load i64, ptr %table
 %mixed = mul i64 %rip, {MIX}
 %first = lshr i64 %mixed, 32
 br label %probe
probe:
 %place = phi i64 [ %first, %begin ], [ %following, %other ]
 %slot = and i64 %place, %mask
 %row_by = mul i64 %slot, {ROW}
 %row_past = add i64 %row_by, {ROWS_AT}
 %row = getelementptr i8, ptr %table, i64 %row_past
 %key = load i64, ptr %row
 %is_it = icmp eq i64 %key, %rip
 br i1 %is_it, label %it, label %not_it
not_it:
 %ends = icmp eq i64 %key, 0
 br i1 %ends, label %none, label %other
other:
 %following = add i64 %slot, 1
 br label %probe
it:
 %value_at = getelementptr i8, ptr %row, i64 8
 %value = load i64, ptr %value_at
 ret i64 %value
none:
 ret i64 0
}}
"""

_WHOSE = f"""
define void @handle(i32 %signal, ptr %info, ptr %context, ptr %data, ptr %own) nounwind {{
 %code_at = getelementptr i8, ptr %info, i64 8
 %code = load i32, ptr %code_at
 %address_at = getelementptr i8, ptr %info, i64 16
 %address = load i64, ptr %address_at
 %here = and i64 %address, -{PAGE}
 %rip_at = getelementptr i8, ptr %context, i64 {_RIP_AT}
 %rip = load i64, ptr %rip_at
 %table = getelementptr i8, ptr %data, i64 {TABLE}
 %sent = icmp sle i32 %code, 0
 br i1 %sent, label %foreign, label %look
look:
 %index = phi i64 [ 0, %0 ], [ %next, %again ]
 %entry_by = mul i64 %index, {ENTRY}
 %entry = getelementptr i8, ptr %table, i64 %entry_by
 %base = load i64, ptr %entry
 %past = add i64 %base, {PERMS_DISTANCE}
 %guest = sub i64 %address, %past
 %from_below = add i64 %guest, {PAGE}
 %inside = icmp ult i64 %from_below, {(1 << 32) + (64 << 10) + PAGE}
 %used = icmp ne i64 %base, 0
 %ours = and i1 %inside, %used
 br i1 %ours, label %found, label %again
again:
 %next = add i64 %index, 1
 %more = icmp ult i64 %next, {ENTRIES}
 br i1 %more, label %look, label %foreign
found:
 %code_start_at = getelementptr i8, ptr %entry, i64 {CODE_START}
 %code_start = load i64, ptr %code_start_at
 %code_bytes_at = getelementptr i8, ptr %entry, i64 {CODE_BYTES}
 %code_bytes = load i64, ptr %code_bytes_at
 %offset = sub i64 %rip, %code_start
 %unchecked = icmp ult i64 %offset, %code_bytes
 %fixups_at = getelementptr i8, ptr %entry, i64 {FIXUPS}
 %fixups = load i64, ptr %fixups_at
 %fixup = call i64 @fixup(i64 %fixups, i64 %rip)
 %fixed = icmp ne i64 %fixup, 0
 %is_guest = icmp ult i64 %guest, {1 << 32}
 %lost = icmp eq i32 %signal, {SIGNALS[0]}
 br i1 %lost, label %lost_if_guest, label %refused
lost_if_guest:
 br i1 %is_guest, label %lost_page, label %foreign
"""

_LOST = f"""
lost_page:
 %page = lshr i64 %guest, 12
 %perms_at = add i64 %base, %page
 %perms = inttoptr i64 %perms_at to ptr
 %notes_at = add i64 %base, {LOST_AT}
 %notes = inttoptr i64 %notes_at to ptr
 %count = load volatile i64, ptr %notes
 %counted = add i64 %count, 1
 store volatile i64 %counted, ptr %notes
 %room = icmp ult i64 %count, {LOST_PAGES}
 %first = icmp eq i64 %count, 0
 br i1 %first, label %window, label %with_room
window:
 %reaches = icmp ugt i64 %page, {LOST_WINDOW // 2}
 %before = sub i64 %page, {LOST_WINDOW // 2}
 %not_below = select i1 %reaches, i64 %before, i64 0
 %not_above = icmp ult i64 %not_below, {PAGES - LOST_WINDOW}
 %low = select i1 %not_above, i64 %not_below, i64 {PAGES - LOST_WINDOW}
 %window_at = add i64 %base, {LOST_WINDOW_AT}
 %saved_low = inttoptr i64 %window_at to ptr
 store volatile i64 %low, ptr %saved_low
 %low_at = add i64 %base, %low
 %from = inttoptr i64 %low_at to ptr
 %saved = getelementptr i8, ptr %saved_low, i64 8
 br label %neighbour
neighbour:
 %i = phi i64 [ 0, %window ], [ %i_next, %after ]
 %from_i = getelementptr i8, ptr %from, i64 %i
 %saved_i = getelementptr i8, ptr %saved, i64 %i
 %bits = load volatile i8, ptr %from_i
 store volatile i8 %bits, ptr %saved_i
 %kind = and i8 %bits, {CODE | MAPPED}
 %hidden = icmp eq i8 %kind, {MAPPED}
 br i1 %hidden, label %hide, label %after
hide:
 store volatile i8 {ABSENT}, ptr %from_i
 br label %after
after:
 %i_next = add i64 %i, 1
 %i_more = icmp ult i64 %i_next, {LOST_WINDOW}
 br i1 %i_more, label %neighbour, label %with_room
with_room:
 store volatile i8 {ABSENT}, ptr %perms
 br i1 %room, label %keep, label %fill
keep:
 %which = add i64 %count, 1
 %note = getelementptr i64, ptr %notes, i64 %which
 store volatile i64 %guest, ptr %note
 %aside_by = mul i64 %count, {PAGE}
 %aside_at = add i64 %base, {LOST_PAGES_AT}
 %aside = add i64 %aside_at, %aside_by
 %moved = call i64 @host(i64 {_MREMAP}, i64 %here, i64 {PAGE}, i64 {PAGE},
  i64 {_MAYMOVE_FIXED}, i64 %aside, i64 0)
 %kept = icmp eq i64 %moved, %aside
 br i1 %kept, label %fill, label %foreign
fill:
 %filled = call i64 @host(i64 {_MMAP}, i64 %here, i64 {PAGE}, i64 {_READ_WRITE},
  i64 {_PRIVATE_FIXED_ANONYMOUS_NORESERVE}, i64 -1, i64 0)
 %well = icmp eq i64 %filled, %here
 br i1 %well, label %filled_in, label %foreign
filled_in:
 br i1 %unchecked, label %leave_code, label %go_on
go_on:
 br i1 %fixed, label %fix_up, label %done
"""

_REFUSED = f"""
refused:
 %follows_at = getelementptr i8, ptr %entry, i64 {FOLLOWS}
 %follows = load i64, ptr %follows_at
 %checked = icmp eq i64 %follows, 0
 br i1 %checked, label %foreign, label %protected
protected:
 br i1 %unchecked, label %leave_code, label %open_or_fix_up
open_or_fix_up:
 br i1 %fixed, label %fix_up, label %open_if_guest
fix_up:
 store volatile i64 %fixup, ptr %rip_at
 ret void
leave_code:
 %rdi_at = getelementptr i8, ptr %context, i64 {_RDI_AT}
 %state = load i64, ptr %rdi_at
 %exit_at = getelementptr i8, ptr %entry, i64 {EXIT_AT}
 %exit_by = load i64, ptr %exit_at
 %exit_word = add i64 %state, %exit_by
 %exit = inttoptr i64 %exit_word to ptr
 %kind_at = getelementptr i8, ptr %entry, i64 {EXIT_KIND}
 %exit_kind = load i64, ptr %kind_at
 %payload = shl i64 %offset, {KIND_BITS}
 %exit_value = or i64 %payload, %exit_kind
 store volatile i64 %exit_value, ptr %exit
 %leave_at = getelementptr i8, ptr %entry, i64 {LEAVE}
 %leave_to = load i64, ptr %leave_at
 store volatile i64 %leave_to, ptr %rip_at
 ret void
open_if_guest:
 br i1 %is_guest, label %open, label %foreign
open:
 %opened = call i64 @host(i64 {_MPROTECT}, i64 %here, i64 {PAGE}, i64 {_READ_WRITE}, i64 0, i64 0,
  i64 0)
 %is_open = icmp eq i64 %opened, 0
 br i1 %is_open, label %note_opened, label %read_only
read_only:
 %error_at = getelementptr i8, ptr %context, i64 {_ERROR_AT}
 %error = load i64, ptr %error_at
 %write_bit = and i64 %error, {_WRITES}
 %reads = icmp eq i64 %write_bit, 0
 br i1 %reads, label %open_to_read, label %foreign
open_to_read:
 %readable = call i64 @host(i64 {_MPROTECT}, i64 %here, i64 {PAGE}, i64 {_READ}, i64 0, i64 0,
  i64 0)
 %is_readable = icmp eq i64 %readable, 0
 br i1 %is_readable, label %note_opened, label %foreign
note_opened:
 %opened_at = add i64 %base, {OPENED_AT}
 %opened_notes = inttoptr i64 %opened_at to ptr
 %number = atomicrmw add ptr %opened_notes, i64 1 seq_cst
 %listed = icmp ult i64 %number, {OPENED}
 br i1 %listed, label %list, label %done
list:
 %number_next = add i64 %number, 1
 %listed_at = getelementptr i64, ptr %opened_notes, i64 %number_next
 %opened_page = lshr i64 %guest, 12
 store volatile i64 %opened_page, ptr %listed_at
 ret void
done:
 ret void
"""

_FOREIGN = f"""
foreign:
 %last_at = getelementptr i8, ptr %own, i64 {FOREIGN}
 %last = load volatile i64, ptr %last_at
 store volatile i64 %address, ptr %last_at
 %handler = load ptr, ptr %own
 %handler_word = ptrtoint ptr %handler to i64
 %is_function = icmp ugt i64 %handler_word, 1
 %repeated = icmp eq i64 %last, %address
 %not_sent = xor i1 %sent, 1
 %in_vain = and i1 %repeated, %not_sent
 %willing = xor i1 %in_vain, 1
 %passed = and i1 %is_function, %willing
 br i1 %passed, label %pass, label %leave
pass:
 call void %handler(i32 %signal, ptr %info, ptr %context)
 ret void
leave:
 %ignored = icmp eq i64 %handler_word, 1
 %quiet = and i1 %ignored, %sent
 br i1 %quiet, label %done, label %default
default:
 %action = getelementptr i8, ptr %own, i64 {DEFAULT}
 %action_word = ptrtoint ptr %action to i64
 %signal_word = zext i32 %signal to i64
 %set = call i64 @host(i64 {_RT_SIGACTION}, i64 %signal_word, i64 %action_word, i64 0, i64 8,
  i64 0, i64 0)
 br i1 %sent, label %again_sent, label %done
again_sent:
 %pid = call i64 @host(i64 {_GETPID}, i64 0, i64 0, i64 0, i64 0, i64 0, i64 0)
 %tid = call i64 @host(i64 {_GETTID}, i64 0, i64 0, i64 0, i64 0, i64 0, i64 0)
 %killed = call i64 @host(i64 {_TGKILL}, i64 %pid, i64 %tid, i64 %signal_word, i64 0, i64 0,
  i64 0)
 ret void
}}
"""

TEXT = _HOST + _FIXUP + _WHOSE + _LOST + _REFUSED + _FOREIGN

"""Signatures: clocks, timers and waiting for descriptors."""

from dbt.linux.typed.model import parse_rows

ROWS = parse_rows("""
time               address:ptr
stime              address:ptr
times              address:ptr
gettimeofday       time:outstruct(timeval) zone:ptr
settimeofday       time:struct(timeval) zone:ptr
adjtimex           buffer:ptr
clock_gettime|clock_getres clock:enum(clock) time:outstruct(timespec)
clock_gettime64|clock_getres_time64 clock:enum(clock) time:outstruct(timespec64)
clock_settime      clock:enum(clock) time:struct(timespec)
clock_settime64    clock:enum(clock) time:struct(timespec64)
clock_adjtime|clock_adjtime64 clock:enum(clock) buffer:ptr
nanosleep          wanted:struct(timespec) left:ptr
clock_nanosleep    clock:enum(clock) flags:flags(timer) wanted:struct(timespec) left:ptr
clock_nanosleep_time64 clock:enum(clock) flags:flags(timer) wanted:struct(timespec64) left:ptr
alarm              seconds:uint
getitimer          which:enum(itimer) value:outitimerval
setitimer          which:enum(itimer) new:itimerval old:outitimerval
timer_create       clock:enum(clock) event:ptr timer:outint
timer_delete|timer_getoverrun timer:int
timer_gettime      timer:int value:outstruct(itimerspec)
timer_gettime64    timer:int value:outstruct(itimerspec64)
timer_settime      timer:int flags:flags(timer) new:struct(itimerspec) old:outstruct(itimerspec)
timer_settime64    timer:int flags:flags(timer) new:struct(itimerspec64) old:outstruct(itimerspec64)
timerfd_create     clock:enum(clock) flags:fdflags -> fd
timerfd_gettime    fd:fd value:outstruct(itimerspec)
timerfd_gettime64  fd:fd value:outstruct(itimerspec64)
timerfd_settime    fd:fd flags:flags(timer) new:struct(itimerspec) old:outstruct(itimerspec)
timerfd_settime64  fd:fd flags:flags(timer) new:struct(itimerspec64) old:outstruct(itimerspec64)
poll               fds:pollfds(count) count:uint timeout:int
ppoll              fds:pollfds(count) count:uint timeout:struct(timespec) mask:ptr size:uint
ppoll_time64       fds:pollfds(count) count:uint timeout:struct(timespec64) mask:ptr size:uint
select             arguments:ptr
_newselect         count:int read:fdset(count) write:fdset(count) except:fdset(count) timeout:struct(timeval)
pselect6           count:int read:fdset(count) write:fdset(count) except:fdset(count) timeout:struct(timespec) mask:ptr
pselect6_time64    count:int read:fdset(count) write:fdset(count) except:fdset(count) timeout:struct(timespec64) mask:ptr
epoll_create       size:int -> fd
epoll_create1      flags:fdflags -> fd
epoll_ctl          epoll:fd operation:enum(epoll_op) fd:fd event:epollevent
epoll_wait         epoll:fd events:ptr room:int timeout:int
epoll_pwait        epoll:fd events:ptr room:int timeout:int mask:ptr size:uint
epoll_pwait2       epoll:fd events:ptr room:int timeout:struct(timespec64) mask:ptr size:uint
eventfd            initial:uint -> fd
eventfd2           initial:uint flags:fdflags -> fd
signalfd           fd:fd(signed) mask:ptr size:uint -> fd
signalfd4          fd:fd(signed) mask:ptr size:uint flags:fdflags -> fd
""")  # noqa: E501

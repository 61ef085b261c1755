/* Waits for what never comes, in the way that the argument names, poll and epoll for so many
   milliseconds; `kill` ends it by a signal of its own. */
#include "guest.h"

enum {
    SYS_pause = 29, SYS_newselect = 142, SYS_poll = 168, SYS_epoll_create1 = 357,
    SYS_epoll_wait = 252, SYS_ppoll = 336, SYS_pselect6 = 335, SYS_nanosleep = 162, SIGTERM = 15,
};

int main(int argc, char **argv)
{
    const char *how = argc > 1 ? argv[1] : "";
    int ends[2];
    u32 mask[2] = {0, 0}, event[4], day[2] = {86400, 0};
    char byte;
    int most = argc > 2 ? (int)number(argv[2]) : -1;

    syscall(SYS_pipe, ends, 0, 0);
    if (same(how, "read"))
        syscall(SYS_read, ends[0], &byte, 1);
    else if (same(how, "poll"))
        syscall(SYS_poll, 0, 0, most);
    else if (same(how, "ppoll"))
        syscall6(SYS_ppoll, 0, 0, 0, 0, 0, 0);
    else if (same(how, "select"))
        syscall6(SYS_newselect, 0, 0, 0, 0, 0, 0);
    else if (same(how, "pselect"))
        syscall6(SYS_pselect6, 0, 0, 0, 0, 0, 0);
    else if (same(how, "epoll"))
        syscall6(SYS_epoll_wait, syscall(SYS_epoll_create1, 0, 0, 0), (long)event, 1, most, 0, 0);
    else if (same(how, "pause"))
        syscall(SYS_pause, 0, 0, 0);
    else if (same(how, "sigsuspend"))
        syscall(SYS_rt_sigsuspend, mask, 8, 0);
    else if (same(how, "nanosleep"))
        syscall(SYS_nanosleep, day, 0, 0);
    else if (same(how, "kill"))
        syscall(SYS_kill, syscall(SYS_getpid, 0, 0, 0), SIGTERM, 0);
    else
        return 2;
    print("%s came back\n", how);
    return 1;
}

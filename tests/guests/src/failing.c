/* Opens, reads and writes again and again and prints what it got, for fault plans to spoil. */
#include "guest.h"

enum { SYS_openat = 322, HERE = -100 };

static long attempt(const char *path)
{
    long fd = syscall(SYS_openat, HERE, path, 0);
    if (fd >= 0)
        syscall(SYS_close, fd, 0, 0);
    return fd < 0 ? fd : 0;
}

int main(void)
{
    print("null");
    for (int i = 0; i < 9; i++)
        print(" %d", (int)attempt("/dev/null"));
    print("\nzero");
    for (int i = 0; i < 3; i++)
        print(" %d", (int)attempt("/dev/zero"));
    long null = syscall(SYS_open, "/dev/null", 1, 0), zero = syscall(SYS_open, "/dev/zero", 0, 0);
    char byte;
    print("\nread");
    for (int i = 0; i < 7; i++)
        print(" %d", (int)syscall(SYS_read, zero, &byte, 1));
    print("\nwrite");
    for (int i = 0; i < 4; i++)
        print(" %d", (int)syscall(SYS_write, null, "x", 1));
    long before = syscall(SYS_brk, 0, 0, 0), after = syscall(SYS_brk, before + 4096, 0, 0);
    print("\nbrk %d\n", (int)(after - before));
    long child = syscall(SYS_fork, 0, 0, 0);
    if (child < 0) {
        print("fork %d\n", (int)child);
        return 1;
    }
    if (!child)
        return attempt("/dev/null") ? 3 : 4;
    int status;
    syscall6(SYS_wait4, child, (long)&status, 0, 0, 0, 0);
    print("child %d\n", status >> 8);
    return 0;
}

/* A pipe, a child that writes into it, its status, and execve of itself. */
#include "guest.h"

int main(int argc, char **argv, char **envp)
{
    if (argc > 1) {
        print("executed %s %s\n", argv[1], envp[0] ? envp[0] : "(no environment)");
        return 5;
    }
    int ends[2];
    char text[64];
    syscall(SYS_pipe, ends, 0, 0);
    long child = syscall(SYS_fork, 0, 0, 0);
    if (child == 0) {
        syscall(SYS_write, ends[1], "from the child\n", 15);
        return 4;
    }
    syscall(SYS_close, ends[1], 0, 0);
    long n = syscall(SYS_read, ends[0], text, sizeof text - 1);
    text[n] = 0;
    int status = 0;
    long waited = syscall6(SYS_wait4, -1, (long)&status, 0, 0, 0, 0);
    print("read %d: %sstatus %x, same child %d\n", (int)n, text, status, waited == child);
    child = syscall(SYS_fork, 0, 0, 0);
    if (child == 0)
        *(volatile u32 *)0x70000000 = 1;
    syscall6(SYS_wait4, child, (long)&status, 0, 0, 0, 0);
    print("crashed child: signal %d\n", status & 127);
    char *arguments[] = {argv[0], "again", 0};
    char *environment[] = {"KEY=value", 0};
    print("error %d\n", (int)syscall(SYS_execve, "/nonexistent/program", arguments, environment));
    print("execve %d\n", (int)syscall(SYS_execve, argv[0], arguments, environment));
    return 1;
}

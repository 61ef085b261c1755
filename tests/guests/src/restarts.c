/* Calls that run twice, and calls that do not come back: a read that a signal interrupts, with and
   without SA_RESTART, fork and vfork, sigreturn, execve of itself, exit. */
#include "guest.h"

enum { SIGALRM = 14, SA_RESTORER = 0x04000000, SA_RESTART = 0x10000000 };
enum { SYS_setitimer = 104, SYS_vfork = 190, EXIT_AGAIN = 7 };

static int ends[2];

__attribute__((naked)) static void restore(void)
{
    __asm__("mov r7, #119\n\tswi 0");
}

static void feed(int signal)
{
    (void)signal;
    syscall(SYS_write, ends[1], "x", 1);
}

static void nothing(int signal)
{
    (void)signal;
}

static void alarm_soon(void *handler, u32 flags)
{
    struct {
        void *handler;
        u32 flags;
        void *restorer;
        u32 mask[2];
    } action = {handler, flags | SA_RESTORER, (void *)restore, {0, 0}};
    long timer[4] = {0, 0, 0, 50000};
    syscall6(SYS_rt_sigaction, SIGALRM, (long)&action, 0, 8, 0, 0);
    syscall(SYS_setitimer, 0, timer, 0);
}

static int run_child(long child, int status)
{
    if (child == 0)
        syscall(SYS_exit, status, 0, 0);
    int waited = 0;
    syscall6(SYS_wait4, child, (long)&waited, 0, 0, 0, 0);
    return waited >> 8;
}

int main(int argc, char **argv)
{
    char byte;
    if (argc > 1) {
        print("again %s\n", argv[1]);
        return EXIT_AGAIN;
    }
    syscall(SYS_pipe, ends, 0, 0);
    alarm_soon((void *)feed, SA_RESTART);
    print("restarted %d\n", (int)syscall(SYS_read, ends[0], &byte, 1));
    alarm_soon((void *)nothing, 0);
    print("interrupted %d\n", (int)syscall(SYS_read, ends[0], &byte, 1));
    print("fork %d\n", run_child(syscall(SYS_fork, 0, 0, 0), 3));
    print("vfork %d\n", run_child(syscall(SYS_vfork, 0, 0, 0), 4));
    char *arguments[] = {argv[0], "and again", 0};
    char *environment[] = {0};
    print("nowhere %d\n", (int)syscall(SYS_execve, "/no/where", arguments, environment));
    syscall(SYS_execve, argv[0], arguments, environment);
    return 1;
}

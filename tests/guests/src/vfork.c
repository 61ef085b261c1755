/* vfork and its like: what the child stores is its parent's, however the child ends. */
#include "guest.h"

enum {
    SYS_vfork = 190, SYS_clone = 120, SIGCHLD = 17, SIGKILL = 9, SIGTERM = 15,
    CLONE_VM = 0x100, CLONE_VFORK = 0x4000,
};

static volatile u32 shared, *volatile fresh;
static u32 large[4 * 1024]; /* four pages and more */
static char *arguments[] = {0, "again", 0};

/* Not a function: the child would write over the frame that its parent has yet to return from. */
__attribute__((always_inline)) static inline long call(long number, long argument)
{
    register long r7 asm("r7") = number;
    register long r0 asm("r0") = argument;
    register long r1 asm("r1") = 0;
    asm volatile("swi 0" : "+r"(r0) : "r"(r7), "r"(r1) : "r2", "r3", "r4", "memory");
    return r0;
}

#define spawned() call(SYS_vfork, 0)

static void ended(const char *how, long child)
{
    int status = 0;
    syscall6(SYS_wait4, child, (long)&status, 0, 0, 0, 0);
    print("%s: %u, status %x\n", how, shared, status);
}

static void by_exit(void)
{
    long child = spawned();
    if (!child) {
        shared = 1;
        for (u32 i = 0; i < 4096; i += 1024)
            large[i] = i + 1;
        exit(3);
    }
    ended("exit", child);
    print("pages %u %u %u %u\n", large[0], large[1024], large[2048], large[3072]);
}

static void by_signal(int number)
{
    long child = spawned();
    if (!child) {
        shared = 10 + number;
        syscall(SYS_kill, syscall(SYS_getpid, 0, 0, 0), number, 0);
    }
    ended("signal", child);
}

static void by_signal_from_outside(void)
{
    int ends[2], go[2];
    char byte;
    syscall(SYS_pipe, ends, 0, 0);
    syscall(SYS_pipe, go, 0, 0);
    long child = spawned();
    if (!child) {
        shared = 40;
        long me = syscall(SYS_getpid, 0, 0, 0);
        if (!syscall(SYS_fork, 0, 0, 0)) {
            syscall(SYS_read, go[0], &byte, 1);
            syscall(SYS_kill, me, SIGTERM, 0);
            exit(0);
        }
        shared = 41;
        syscall(SYS_write, go[1], &byte, 1);
        syscall(SYS_read, ends[0], &byte, 1);
    }
    ended("from outside", child);
}

static void by_fault(void)
{
    long child = spawned();
    if (!child) {
        shared = 50;
        *(volatile u32 *)0x70000000 = 1;
    }
    ended("fault", child);
}

static void by_exec(char *self)
{
    long child = spawned();
    if (!child) {
        char *nothing[] = {0};
        shared = (u32)-syscall(SYS_execve, "/nonexistent/program", arguments, nothing);
        exit(127);
    }
    ended("failed exec", child);
    child = spawned();
    if (!child) {
        fresh = (u32 *)syscall6(SYS_mmap2, 0, 0x3000, 3, 0x22, -1, 0);
        fresh[1025] = 8;
        shared = 60;
        arguments[0] = self;
        syscall(SYS_execve, self, arguments, arguments + 2);
    }
    ended("exec", child);
    print("a mapping of the child's: %u\n", fresh[1025]);
}

static void nested(void)
{
    long child = spawned();
    if (!child) {
        shared = 70;
        long inner = spawned();
        if (!inner) {
            shared += 5;
            exit(0);
        }
        shared++;
        if (!syscall(SYS_fork, 0, 0, 0)) {
            shared = 99; /* its own */
            exit(0);
        }
        exit(0);
    }
    ended("nested", child);
}

static void by_clone(void)
{
    long child = call(SYS_clone, CLONE_VFORK | SIGCHLD);
    if (!child) {
        shared = 99; /* its own: CLONE_VM is missing */
        exit(0);
    }
    ended("clone without memory", child);
    child = call(SYS_clone, CLONE_VM | CLONE_VFORK | SIGCHLD);
    if (!child) {
        shared = 80;
        exit(0);
    }
    ended("clone with memory", child);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return 6;
    print("parent\n");
    by_exit();
    by_signal(SIGTERM);
    by_signal(SIGKILL);
    by_signal_from_outside();
    by_fault();
    by_exec(argv[0]);
    nested();
    by_clone();
    return 0;
}

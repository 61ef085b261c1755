/* Signals from outside in every state: it computes, sleeps, waits and forks, as the argument says,
   with handlers that count, and ends by SIGUSR2 with what it should have come to. */
#include "guest.h"

enum {
    SYS_vfork = 190, SYS_poll = 168, SYS_futex = 240, SYS_nanosleep = 162, SIGUSR1 = 10,
    SIGUSR2 = 12, SA_RESTORER = 0x04000000, SA_RESTART = 0x10000000, FUTEX_WAIT = 0,
};

static volatile u32 over, handled;
static u32 sums[16];

__attribute__((naked)) static void restore(void)
{
    __asm__("mov r7, #119\n\tswi 0");
}

static void count(int signal)
{
    handled++;
    if (signal == SIGUSR2)
        over = 1;
}

static void handle(int signal, u32 flags)
{
    struct {
        void *handler;
        u32 flags;
        void *restorer;
        u32 mask[2];
    } action = {count, flags | SA_RESTORER, restore, {0, 0}};
    syscall6(SYS_rt_sigaction, signal, (long)&action, 0, 8, 0, 0);
}

/* A sum whose every step counts: a register that a handler spoils shows. */
static u32 compute(u32 start)
{
    u32 a = start, b = 1, c = 2, d = 3;
    for (u32 i = 0; i < 2000; i++) {
        a = a * 1664525 + 1013904223;
        b ^= a >> 7;
        c += b;
        d = (d << 5 | d >> 27) + c;
    }
    return a ^ b ^ c ^ d;
}

static void wait_for(long child)
{
    int status = 0;
    while (syscall6(SYS_wait4, child, (long)&status, 0, 0, 0, 0) == -4)
        ;
    if (status >> 8 != 7) {
        print("child %x\n", status);
        exit(1);
    }
}

/* Not a function of its own: a vfork child must not return from the frame of its parent. */
__attribute__((always_inline)) static inline long call(long number)
{
    register long r7 asm("r7") = number;
    register long r0 asm("r0") = 0;
    asm volatile("swi 0" : "+r"(r0) : "r"(r7) : "memory");
    return r0;
}

static void one_step(const char *how, int *ends)
{
    u32 word = 0, moment[2] = {0, 1000000};
    char byte;
    if (same(how, "read"))
        syscall(SYS_read, ends[0], &byte, 1);
    else if (same(how, "poll"))
        syscall(SYS_poll, 0, 0, 1);
    else if (same(how, "futex"))
        syscall6(SYS_futex, (long)&word, FUTEX_WAIT, 0, (long)moment, 0, 0);
    else if (same(how, "sleep"))
        syscall(SYS_nanosleep, moment, 0, 0);
    else if (same(how, "fork") || same(how, "vfork")) {
        long child = same(how, "fork") ? call(SYS_fork) : call(SYS_vfork);
        if (!child)
            syscall(SYS_exit, 7, 0, 0);
        if (child > 0)
            wait_for(child);
    }
}

int main(int argc, char **argv)
{
    static const int numbers[] = {1, 2, 10, 12, 13, 14, 15, 17, 23, 28, 34, 40};
    const char *how = argc > 1 ? argv[1] : "compute";
    int ends[2];
    u32 steps = 0;
    for (u32 i = 0; i < 16; i++)
        sums[i] = compute(i);
    syscall(SYS_pipe, ends, 0, 0);
    for (u32 i = 0; i < sizeof numbers / sizeof *numbers; i++)
        handle(numbers[i], argc > 2 ? SA_RESTART : 0);
    /* A read that is made again after a handler would never see the end. */
    if (same(how, "read"))
        handle(SIGUSR2, 0);
    print("ready\n");
    while (!over) {
        u32 which = steps++ % 16;
        if (compute(which) != sums[which]) {
            print("spoilt\n");
            return 1;
        }
        one_step(how, ends);
    }
    print("over\n");
    return 0;
}

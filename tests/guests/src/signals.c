/* Signals: a handler and its return, siginfo, a fault repaired through the context, masks, and
   leaving a handler by longjmp. */
#include "guest.h"

enum { SIGILL = 4, SIGSEGV = 11, SIGUSR1 = 10, SIGUSR2 = 12 };
enum { SA_SIGINFO = 4, SA_RESTORER = 0x04000000, SA_NODEFER = 0x40000000, SA_RESETHAND = 0x80000000 };

struct action {
    void *handler;
    u32 flags;
    void *restorer;
    u32 mask[2];
};

/* struct ucontext: flags, link, stack (3 words), then sigcontext: trap_no, error_code, oldmask,
   r0..r10, fp, ip, sp, lr, pc, cpsr, fault_address. */
enum { CONTEXT_R0 = 8, CONTEXT_PC = 8 + 15 };

#ifdef __thumb__
enum { STEP = 2 };
#define UNDEFINED ".inst.n 0xde00"
#else
enum { STEP = 4 };
#define UNDEFINED ".word 0xe7f000f0"
#endif

__attribute__((naked)) static void restore(void)
{
    __asm__("mov r7, #173\n\tswi 0");
}

__attribute__((naked)) static void restore_old(void)
{
    __asm__("mov r7, #119\n\tswi 0");
}

static void handle(int signal, void *handler, u32 flags)
{
    struct action action = {handler, flags | SA_RESTORER,
                            flags & SA_SIGINFO ? (void *)restore : (void *)restore_old, {0, 0}};
    long status = syscall6(SYS_rt_sigaction, signal, (long)&action, 0, 8, 0, 0);
    if (status)
        print("sigaction %d\n", (int)status);
}

static void send(int signal)
{
    syscall(SYS_kill, syscall(SYS_getpid, 0, 0, 0), signal, 0);
}

static volatile u32 seen;

static void count(int signal)
{
    seen = seen * 16 + signal;
}

static void with_info(int signal, u32 *info, u32 *context)
{
    print("info %d code %d fault %x\n", signal, (int)info[2], info[3]);
    context[CONTEXT_R0] = 77;
    context[CONTEXT_PC] += STEP;
}

static void illegal(int signal, u32 *info, u32 *context)
{
    (void)info;
    print("illegal %d word %x\n", signal, *(u32 *)context[CONTEXT_PC]);
    context[CONTEXT_PC] += STEP;
}

__attribute__((naked, noinline)) static u32 load_from(u32 address)
{
    (void)address;
    __asm__("ldr r0, [r0]\n\tbx lr");
}

int main(void)
{
    handle(SIGUSR1, count, 0);
    send(SIGUSR1);
    print("one %x\n", seen);

    u32 all[2] = {1u << (SIGUSR1 - 1) | 1u << (SIGUSR2 - 1), 0};
    u32 old[2];
    handle(SIGUSR2, count, 0);
    seen = 0;
    syscall6(SYS_rt_sigprocmask, 0, (long)all, (long)old, 8, 0, 0);
    send(SIGUSR1);
    send(SIGUSR2);
    print("blocked %x\n", seen);
    syscall6(SYS_rt_sigprocmask, 1, (long)all, 0, 8, 0, 0);
    print("delivered %d\n", seen == 0xac || seen == 0xca);

    handle(SIGSEGV, with_info, SA_SIGINFO);
    print("repaired %u\n", load_from(0x70000010));
    handle(SIGILL, illegal, SA_SIGINFO);
    __asm__ volatile(UNDEFINED);

    handle(SIGUSR1, (void *)1, 0); /* SIG_IGN */
    send(SIGUSR1);
    print("ignored\n");
    handle(SIGUSR2, (void *)0, 0); /* SIG_DFL: ends the program */
    send(SIGUSR2);
    print("not reached\n");
    return 0;
}

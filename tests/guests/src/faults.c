/* One wrong deed per argument; each ends the program with the signal named beside it. */
#include "guest.h"

#ifdef __thumb__
#define UNDEFINED ".inst.n 0xde00"
#define UNDEFINED_IF_NE "it ne\n\t.inst.n 0xde00"
#else
#define UNDEFINED ".word 0xe7f000f0"
#define UNDEFINED_IF_NE ".word 0x17f000f0"
#endif

static const u32 constant[2] = {1, 2};
static u32 data_word = 0xe12fff1e; /* bx lr, in a page that is not executable */
static volatile u32 sink;
static volatile u32 *volatile nowhere; /* null, and the compiler does not know */

__attribute__((noinline)) static u32 dig(u32 depth)
{
    volatile u32 hole[64];
    hole[0] = depth;
    u32 below = dig(depth + 1);
    return below + hole[0];
}

int main(int argc, char **argv)
{
    const char *deed = argc > 1 ? argv[1] : "none";
    print("before %s\n", deed);
    if (same(deed, "null"))             /* SIGSEGV */
        sink = *nowhere;
    else if (same(deed, "unmapped"))    /* SIGSEGV */
        *(volatile u32 *)0x70000004 = 1;
    else if (same(deed, "high"))        /* SIGSEGV: the top of the address space */
        sink = *(volatile u32 *)0xfffffffc;
    else if (same(deed, "rodata"))      /* SIGSEGV */
        *(volatile u32 *)(u32)&constant[1] = 3;
    else if (same(deed, "noexec"))      /* SIGSEGV */
        ((void (*)(void))&data_word)();
    else if (same(deed, "wild"))        /* SIGSEGV */
        ((void (*)(void))0x70000000)();
    else if (same(deed, "jump-null"))   /* SIGSEGV */
        ((void (*)(void))nowhere)();
    else if (same(deed, "stack"))       /* SIGSEGV */
        sink = dig(0);
    else if (same(deed, "undefined"))   /* SIGILL */
        __asm__ volatile(UNDEFINED);
    else if (same(deed, "undefined-not-taken")) /* nothing: the condition fails */
        __asm__ volatile("cmp r0, r0\n\t" UNDEFINED_IF_NE ::: "cc");
    else if (same(deed, "bkpt"))        /* SIGTRAP */
        __asm__ volatile("bkpt #0");
    else if (same(deed, "abort"))       /* SIGABRT */
        syscall(SYS_kill, syscall(SYS_getpid, 0, 0, 0), 6, 0);
    else if (same(deed, "unknown-syscall")) /* -ENOSYS */
        print("returned %d\n", (int)syscall(0x1fe, 0, 0, 0));
    else if (same(deed, "bad-pointer")) /* -EFAULT */
        print("returned %d\n", (int)syscall(SYS_write, 1, 0x70000000, 4));
    print("after %s\n", deed);
    return 3;
}

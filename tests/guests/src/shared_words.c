/* Processes that count together in memory that they share: with exclusive accesses of every width,
 * as ARM and as Thumb code, also in big-endian order, under locks of SWP and SWPB, and by the
 * kernel's helpers. Then they store and load, with a barrier in between: no two processes may both
 * miss what the other has stored (store buffering).
 *
 * shared_words COUNT PROCESSES ROUNDS */
#include "guest.h"

#define THUMB __attribute__((target("thumb"), noinline))
#define ARM __attribute__((target("arm"), noinline))
enum { SHARED = 1, ANONYMOUS = 0x20 };

struct line { volatile u32 word; u32 others[15]; };
struct shared {
    volatile u32 word, thumb, big, kernel, under_swap, under_byte, swap, byte;
    volatile u16 half;
    volatile u8 small;
    volatile u64 wide, kernel_wide;
    struct line stored[2], loaded[2], step[2];
};

#define ADD(name, type, load, store, where)                                                        \
    where static void name(volatile type *at)                                                      \
    {                                                                                              \
        u32 value, failed;                                                                         \
        do                                                                                         \
            __asm__ volatile(load " %0, [%2]\n\tadd %0, %0, #1\n\t" store " %1, %0, [%2]"          \
                             : "=&r"(value), "=&r"(failed) : "r"(at) : "memory");                  \
        while (failed);                                                                            \
    }

ADD(add_word, u32, "ldrex", "strex", ARM)
ADD(add_thumb, u32, "ldrex", "strex", THUMB)
ADD(add_half, u16, "ldrexh", "strexh", ARM)
ADD(add_small, u8, "ldrexb", "strexb", THUMB)

ARM static void add_big(volatile u32 *at)
{
    u32 value, failed;
    do
        __asm__ volatile("setend be\n\tldrex %0, [%2]\n\tadd %0, %0, #1\n\tstrex %1, %0, [%2]\n\t"
                         "setend le" : "=&r"(value), "=&r"(failed) : "r"(at) : "memory");
    while (failed);
}

ARM static void add_wide(volatile u64 *at)
{
    u64 value;
    u32 failed;
    do
        __asm__ volatile("ldrexd %0, %H0, [%2]\n\tadds %0, %0, #1\n\tadc %H0, %H0, #0\n\t"
                         "strexd %1, %0, %H0, [%2]"
                         : "=&r"(value), "=&r"(failed) : "r"(at) : "memory", "cc");
    while (failed);
}

ARM static u32 swap(volatile u32 *at, u32 value)
{
    __asm__ volatile("swp %0, %0, [%1]" : "+r"(value) : "r"(at) : "memory");
    return value;
}

ARM static u32 swap_byte(volatile u8 *at, u32 value)
{
    __asm__ volatile("swpb %0, %0, [%1]" : "+r"(value) : "r"(at) : "memory");
    return value;
}

static void barrier(void)
{
    __asm__ volatile("dmb ish" ::: "memory");
}

static void count(struct shared *s)
{
    int (*const cmpxchg)(u32, u32, volatile u32 *) = (void *)0xffff0fc0;
    int (*const cmpxchg64)(const u64 *, const u64 *, volatile u64 *) = (void *)0xffff0f60;
    add_word(&s->word);
    add_thumb(&s->thumb);
    add_half(&s->half);
    add_small(&s->small);
    add_big(&s->big);
    add_wide(&s->wide);
    while (swap(&s->swap, 1))
        ;
    s->under_swap++;
    barrier();
    s->swap = 0;
    while (swap_byte((volatile u8 *)&s->byte + 1, 1))
        ;
    s->under_byte++;
    barrier();
    *((volatile u8 *)&s->byte + 1) = 0;
    u32 old;
    do
        old = s->kernel;
    while (cmpxchg(old, old + 1, &s->kernel));
    u64 before, after;
    do {
        before = s->kernel_wide;
        after = before + 1;
    } while (cmpxchg64(&before, &after, &s->kernel_wide));
}

/* Wait until both have come to a step. */
static void meet(struct shared *s, int me, u32 step)
{
    s->step[me].word = step;
    barrier();
    while (s->step[!me].word < step)
        ;
    barrier();
}

/* The rounds in which neither has seen what the other stored. */
static u32 store_and_load(struct shared *s, int me, u32 rounds)
{
    u32 missed = 0;
    for (u32 round = 1; round <= rounds; round++) {
        meet(s, me, 3 * round);
        s->stored[me].word = round;
        barrier();
        s->loaded[me].word = s->stored[!me].word;
        meet(s, me, 3 * round + 1);
        missed += s->loaded[0].word < round && s->loaded[1].word < round;
        meet(s, me, 3 * round + 2);
    }
    return missed;
}

static u32 reversed(u32 value)
{
    return __builtin_bswap32(value);
}

int main(int argc, char **argv)
{
    u32 times = argc > 1 ? number(argv[1]) : 2000, processes = argc > 2 ? number(argv[2]) : 2;
    u32 rounds = argc > 3 ? number(argv[3]) : 0;
    struct shared *s = (void *)syscall6(SYS_mmap2, 0, 4096, 3, SHARED | ANONYMOUS, -1, 0);
    for (u32 i = 1; i < processes; i++)
        if (!syscall(SYS_fork, 0, 0, 0)) {
            for (u32 n = 0; n < times; n++)
                count(s);
            exit(0);
        }
    for (u32 n = 0; n < times; n++)
        count(s);
    for (u32 i = 1; i < processes; i++)
        syscall6(SYS_wait4, -1, 0, 0, 0, 0, 0);
    print("%u %u %u %u\n", s->word, s->thumb, reversed(s->big), s->under_swap);
    print("%u %u %u %u\n", s->half, s->small, (u32)s->wide, s->under_byte);
    print("%u %u\n", s->kernel, (u32)s->kernel_wide);
    if (rounds) {
        int me = !syscall(SYS_fork, 0, 0, 0);
        u32 missed = store_and_load(s, me, rounds);
        if (me)
            exit(0);
        syscall6(SYS_wait4, -1, 0, 0, 0, 0, 0);
        print("missed %u\n", missed);
    }
    return 0;
}

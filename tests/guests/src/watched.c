/* Accesses of all kinds to two pages, of which tests watch bytes around the border; three times, so
   that code becomes hot. The functions `around` and `remap` change what is mapped there. */
#include "guest.h"

enum { RW = 3, READ = 1, PRIVATE_ANON = 0x22, FIXED = 0x10, SYS_mremap = 163 };
enum { PAGES = 0x40000000, BORDER = PAGES + 4096, ASIDE = 0x40010000 };

u8 *volatile border = (u8 *)BORDER;
volatile u32 cell;

static u32 accesses(u32 round)
{
    u8 *at = border;
    u32 a, b, c, ok, sum = 0, low, high;
    __asm__ volatile("str %0, [%1, #-2]" ::"r"(0x01020304 + round), "r"(at) : "memory");
    __asm__ volatile("ldr %0, [%1, #-3]" : "=r"(a) : "r"(at) : "memory");
    __asm__ volatile("strb %0, [%1]\n strh %0, [%1, #-1]" ::"r"(a), "r"(at) : "memory");
    __asm__ volatile("ldrsb %0, [%2]\n ldrsh %1, [%2, #-1]" : "=&r"(b), "=&r"(c) : "r"(at));
    sum += a + 3 * b + 5 * c;
    __asm__ volatile("mov r4, %1\n mov r5, %2\n mov r6, %1\n stmdb %0, {r4, r5, r6}\n"
                     "add r7, %0, #8\n stmdb r7!, {r4-r6}\n ldmia r7!, {r4, r5}\n"
                     "strd r4, r5, [%0, #-4]\n ldrd r4, r5, [%0]\n add %1, r4, r5\n"
                     : "+&r"(at), "+&r"(sum) : "r"(round)
                     : "r4", "r5", "r6", "r7", "memory");
    __asm__ volatile("1: ldrex %0, [%3]\n add %0, %0, #1\n strex %2, %0, [%3]\n cmp %2, #0\n bne 1b\n"
                     "strex %2, %0, [%3]\n"
                     "2: ldrexd r4, r5, [%3]\n adds r4, r4, #1\n adc r5, r5, #0\n"
                     "strexd %1, r4, r5, [%3]\n cmp %1, #0\n bne 2b\n"
                     : "=&r"(a), "=&r"(b), "=&r"(ok) : "r"(at)
                     : "r4", "r5", "cc", "memory");
    sum += a + ok;
    __asm__ volatile("vdup.32 q0, %1\n vst1.32 {d0, d1}, [%0]\n sub r4, %0, #8\n vld1.8 {d2, d3}, [r4]\n"
                     "vst2.16 {d2, d3}, [r4]\n vldr d4, [%0]\n vstr s8, [%0, #-4]\n vst1.8 {d4[3]}, [%0]\n"
                     : "+&r"(at) : "r"(sum) : "r4", "q0", "q1", "q2", "memory");
    __asm__ volatile("cmp %1, #1\n streq %1, [%0]\n ldrne r4, [%0]\n streqb %1, [%0, #-1]\n"
                     : : "r"(at), "r"(round) : "r4", "cc", "memory");
    __asm__ volatile("ldrd r4, r5, [%2]\n mov %0, r4\n mov %1, r5"
                     : "=r"(low), "=r"(high) : "r"(at) : "r4", "r5");
    return sum + low + high;
}

void __attribute__((noinline)) around(u32 round)
{
    syscall(SYS_mprotect, BORDER, 4096, READ);
    cell += *border;
    syscall(SYS_mprotect, BORDER, 4096, RW);
    *border = round;
}

void __attribute__((noinline)) remap(void)
{
    syscall6(SYS_mremap, BORDER, 4096, 4096, 3, ASIDE, 0);
    *(u8 *)ASIDE += 1;
    cell += *(u8 *)ASIDE;
    syscall6(SYS_mmap2, BORDER, 4096, RW, PRIVATE_ANON | FIXED, -1, 0);
    *border = *(u8 *)ASIDE;
    syscall(SYS_munmap, ASIDE, 4096, 0);
}

int main(void)
{
    syscall6(SYS_mmap2, PAGES, 8192, RW, PRIVATE_ANON | FIXED, -1, 0);
    u32 sum = 0;
    for (u32 round = 0; round < 3; round++) {
        sum = sum * 31 + accesses(round);
        around(round);
        remap();
    }
    print("%x %x\n", sum, cell);
    return 0;
}

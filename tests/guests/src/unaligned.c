/* Unaligned accesses, as ARMv7 has them: LDR STR LDRH STRH work, also across pages. */
#include "guest.h"

enum { RW = 3, PRIVATE_ANON = 0x22 };

int main(void)
{
    u8 *page = (u8 *)syscall6(SYS_mmap2, 0, 8192, RW, PRIVATE_ANON, -1, 0);
    u32 sum = 0;
    for (u32 i = 0; i < 8192; i++)
        page[i] = i * 7 + (i >> 8);
    for (u32 at = 4090; at < 4100; at++) {
        u32 word, half, signed_half;
        __asm__ volatile("ldr %0, [%1]" : "=r"(word) : "r"(page + at) : "memory");
        __asm__ volatile("ldrh %0, [%1]" : "=r"(half) : "r"(page + at) : "memory");
        __asm__ volatile("ldrsh %0, [%1]" : "=r"(signed_half) : "r"(page + at) : "memory");
        sum = sum * 31 + word + half * 3 + signed_half * 5;
        __asm__ volatile("str %0, [%1]" ::"r"(sum), "r"(page + at) : "memory");
        __asm__ volatile("strh %0, [%1]" ::"r"(at), "r"(page + at + 9) : "memory");
    }
    for (u32 i = 4080; i < 4120; i++)
        sum = sum * 31 + page[i];
    print("unaligned %x\n", sum);
    return 0;
}

/* Code that changes: in fresh pages, in its own text, ahead of itself in the same block, and in a
   page that holds both code and data. */
#include "guest.h"

enum { RW = 3, RX = 5, RWX = 7, PRIVATE_ANON = 0x22 };
enum { MOV_R0 = 0xe3a00000, ADD_R0 = 0xe2800000, BX_LR = 0xe12fff1e };

typedef u32 (*function)(u32);

static void cacheflush(void *from, u32 size)
{
    syscall(SYS_cacheflush, from, (u8 *)from + size, 0);
}

static u32 *page_of(int protection)
{
    return (u32 *)syscall6(SYS_mmap2, 0, 8192, protection, PRIVATE_ANON, -1, 0);
}

static void fresh_code(void)
{
    u32 *code = page_of(RWX);
    u32 sum = 0;
    for (u32 i = 0; i < 200; i++) {
        code[0] = MOV_R0 | (i & 255);
        code[1] = BX_LR;
        cacheflush(code, 8);
        sum = sum * 3 + ((function)code)(0);
    }
    print("fresh %x\n", sum);
}

static void write_then_execute(void)
{
    u32 *code = page_of(RW);
    code[0] = ADD_R0 | 5;
    code[1] = BX_LR;
    syscall(SYS_mprotect, code, 4096, RX);
    u32 first = ((function)code)(10);
    syscall(SYS_mprotect, code, 4096, RW);
    code[0] = ADD_R0 | 7;
    syscall(SYS_mprotect, code, 4096, RX);
    cacheflush(code, 4);
    print("protected %u %u\n", first, ((function)code)(10));
}

__attribute__((naked, noinline)) static u32 patched(u32 by)
{
    (void)by;
    __asm__("mov r0, #1\n\tbx lr");
}

static void own_text(void)
{
    u32 *word = (u32 *)patched;
    u32 before = patched(0);
    syscall(SYS_mprotect, (u32)word & -4096u, 8192, RWX);
    *(volatile u32 *)word = MOV_R0 | 42;
    cacheflush(word, 4);
    print("text %u %u\n", before, patched(0));
}

/* A loop in a writable page that counts in a word beside its own code. */
static void data_beside_code(void)
{
    static const u32 loop[] = {
        0xe28f1014, /*    add  r1, pc, #20    the word after the code */
        0xe5912000, /* 1: ldr  r2, [r1]       */
        0xe2822001, /*    add  r2, r2, #1     */
        0xe5812000, /*    str  r2, [r1]       */
        0xe2500001, /*    subs r0, r0, #1     */
        0x1afffffa, /*    bne  1b             */
        0xe12fff1e, /*    bx   lr             */
        0,          /*    the word            */
    };
    u32 *code = page_of(RWX);
    for (u32 i = 0; i < sizeof loop / 4; i++)
        code[i] = loop[i];
    cacheflush(code, sizeof loop);
    ((function)code)(100);
    print("beside %u\n", code[7]);
}

/* The store changes an instruction of its own block, without a cacheflush: the manual lets either
   happen; armdbt gives 2. Only with an argument, as no oracle need agree. */
static void ahead_of_itself(void)
{
    static const u32 straight[] = {
        0xe59f1010, /*    ldr  r1, [pc, #16]   the new instruction */
        0xe58f1000, /*    str  r1, [pc, #0]    three words on from here */
        0xe1a00000, /*    nop                  */
        0xe3a00001, /*    mov  r0, #1          becomes mov r0, #2 */
        0xe12fff1e, /*    bx   lr              */
        0,
        0xe3a00002, /*    mov  r0, #2          */
    };
    u32 *code = page_of(RWX);
    for (u32 i = 0; i < sizeof straight / 4; i++)
        code[i] = straight[i];
    cacheflush(code, sizeof straight);
    print("ahead %u\n", ((function)code)(0));
}

int main(int argc, char **argv)
{
    fresh_code();
    write_then_execute();
    own_text();
    data_beside_code();
    if (argc > 1 && argv[1])
        ahead_of_itself();
    return 0;
}

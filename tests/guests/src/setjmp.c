/* Returns that do not match calls: longjmp through several frames, and a coroutine. */
#include "guest.h"

typedef u32 jump_buffer[10];

__attribute__((naked, noinline, returns_twice)) static int set_jump(u32 *buffer)
{
    (void)buffer;
    __asm__("stmia r0, {r4-r11, sp, lr}\n\tmov r0, #0\n\tbx lr");
}

__attribute__((naked, noinline, noreturn)) static void long_jump(u32 *buffer, int value)
{
    (void)buffer, (void)value;
    __asm__("mov ip, r0\n\tmov r0, r1\n\tldmia ip, {r4-r11, sp, lr}\n\tbx lr");
}

/* Save callee-saved registers on this stack, go on with the other one. */
__attribute__((naked, noinline)) static void switch_stack(u32 **save, u32 *other)
{
    (void)save, (void)other;
    __asm__("push {r4-r11, lr}\n\tstr sp, [r0]\n\tmov sp, r1\n\tpop {r4-r11, pc}");
}

static jump_buffer home;
static u32 stack[512];
static u32 *main_sp;
static u32 *other_sp;
static volatile u32 passed;

__attribute__((noinline)) static void descend(u32 depth)
{
    if (depth == 0)
        long_jump(home, 7);
    descend(depth - 1);
    print("not reached %u\n", depth);
}

static void coroutine(void)
{
    for (;;) {
        passed = passed * 2 + 1;
        switch_stack(&other_sp, main_sp);
    }
}

int main(void)
{
    volatile u32 jumps = 0;
    int value = set_jump(home);
    if (jumps < 5) {
        jumps++;
        descend(jumps * 3);
    }
    print("jumps %u value %d\n", jumps, value);

    other_sp = stack + 512 - 10;
    other_sp[8] = (u32)coroutine;
    for (u32 i = 0; i < 10; i++) {
        switch_stack(&main_sp, other_sp);
        passed += i;
    }
    print("passed %u\n", passed);
    return 0;
}

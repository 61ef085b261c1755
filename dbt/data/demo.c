/* The program that `armdbt demo` runs: calls, returns and system calls, and nothing else.

   Built with `make guests`: arm-linux-gnueabi-gcc, no C library. */

typedef unsigned int u32;

static long system_call(long number, long a, long b, long c)
{
    register long r7 __asm__("r7") = number;
    register long r0 __asm__("r0") = a;
    register long r1 __asm__("r1") = b;
    register long r2 __asm__("r2") = c;
    __asm__ volatile("swi 0" : "+r"(r0) : "r"(r7), "r"(r1), "r"(r2) : "memory");
    return r0;
}

enum { SYS_exit = 1, SYS_write = 4, SYS_getpid = 20 };

__attribute__((noinline)) void say(const char *text)
{
    u32 size = 0;
    while (text[size])
        size++;
    system_call(SYS_write, 1, (long)text, size);
}

__attribute__((noinline)) void say_number(u32 value)
{
    char digits[12];
    char *first = digits + 11;
    *first = 0;
    do {
        u32 tenth = (u32)(((unsigned long long)value * 0xcccccccdu) >> 35);
        *--first = '0' + (value - tenth * 10);
        value = tenth;
    } while (value);
    say(first);
}

/* Called often, and worth intercepting: `armdbt run --no-chain helper` keeps it out of the chain. */
__attribute__((noinline)) u32 helper(u32 x, u32 round)
{
    return (x ^ round) * 0x01000193u + (x >> 7);
}

__attribute__((noinline, optimize("no-optimize-sibling-calls"))) u32 fib(u32 n)
{
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

/* A computed call: the callee comes from a table. */
__attribute__((noinline)) u32 square(u32 x) { return x * x; }
__attribute__((noinline)) u32 mix(u32 x) { return x ^ (x << 5); }
static u32 (*const table[2])(u32) = {square, mix};

__attribute__((noinline)) u32 through_table(u32 rounds)
{
    u32 x = 3;
    for (u32 i = 0; i < rounds; i++)
        x = table[x & 1](x) + i;
    return x;
}

int main(int argc, char **argv)
{
    u32 rounds = 200000;
    u32 depth = 22;
    if (argc > 1) {
        rounds = 0;
        for (const char *digit = argv[1]; *digit; digit++)
            rounds = rounds * 10 + (*digit - '0');
        depth = 12;
    }
    say("armdbt demo, process ");
    say(system_call(SYS_getpid, 0, 0, 0) > 0 ? "alive\n" : "lost\n");
    u32 hash = 0x811c9dc5;
    for (u32 round = 0; round < rounds; round++)
        hash = helper(hash, round);
    say("helper ");
    say_number(hash);
    say("\nfib ");
    say_number(fib(depth));
    say("\ntable ");
    say_number(through_table(rounds / 4));
    say("\n");
    return 0;
}

__attribute__((naked)) void _start(void)
{
    __asm__("mov fp, #0\n\t"
            "ldr r0, [sp]\n\t"
            "add r1, sp, #4\n\t"
            "bl  main\n\t"
            "mov r7, #1\n\t"
            "swi 0");
}

/* Calls and returns: naive Fibonacci. */
#include "guest.h"

__attribute__((noinline, optimize("no-optimize-sibling-calls", "no-inline"))) static u32 fib(u32 n)
{
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

int main(int argc, char **argv)
{
    u32 n = argc > 1 ? number(argv[1]) : 20;
    print("fib %u\n", fib(n));
    return 0;
}

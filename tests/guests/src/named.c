/* Functions that have names of C++ and Rust, and functions that have several names.

   named.elf [crash]. It has debug information; the line of each mark is known to the tests. */
#include "guest.h"

#define NAMED(name) __asm__(name) __attribute__((noinline, noclone, used))

int foo_bar_int(int n) NAMED("_ZN3Foo3barEi");
int foo_bar_char(char c) NAMED("_ZN3Foo3barEc");
int foo_only(int n) NAMED("_ZN3Foo4onlyERKi");
int foo_only_part(int n) NAMED("_ZN3Foo4onlyERKi.part.0");
int largest(int a, int b) NAMED("_Z7largestIiET_S0_S0_");
int first_of(int n) NAMED("_ZN5shape5Round5firstEv");
int rust_old(int n) NAMED("_ZN5crate5twice17h0123456789abcdefE");
int rust_new(int n) NAMED("_RNvCs1234_5crate6thrice");
int fall(volatile int *where) __attribute__((noinline, noclone));
int behind_a_pointer(int n) __attribute__((noinline, noclone));

int foo_bar_int(int n) { return n + 1; }
int foo_bar_char(char c) { return c + 2; }
int foo_only_part(int n) { return n * 5; }
int foo_only(int n) { return foo_only_part(n) + 1; }
int largest(int a, int b) { return a > b ? a : b; }
int first_of(int n) { return n ^ 1; }
int rust_old(int n) { return n * 2; }
int rust_new(int n) { return n * 3; }
int behind_a_pointer(int n) { return n - 1; }

/* One function with three names. The public one is weak, as many of the C library's. */
__attribute__((noinline, noclone)) void *__libc_grant(u32 size) { return (void *)size; }
void *__grant(u32 size) __attribute__((alias("__libc_grant")));
void *grant(u32 size) __attribute__((weak, alias("__libc_grant")));

int fall(volatile int *where)
{
    int found = *where; /* mark: falls */
    return found + 1;
}

int (*volatile pointer)(int) = behind_a_pointer;

int main(int argc, char **argv)
{
    int sum = foo_bar_int(argc) + foo_bar_char('a') + foo_only(3) + largest(4, 5); /* mark: sum */
    sum += first_of(6) + rust_old(7) + rust_new(8);
    sum += (int)(u32)grant(9) + pointer(10);
    if (argc > 1 && same(argv[1], "crash"))
        sum += fall(0); /* mark: calls */
    print("sum %d\n", sum);
    return 0;
}

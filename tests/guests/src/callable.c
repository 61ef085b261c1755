/* Functions for the host to call, and for snapshots to undo. The program itself reads its standard
 * input to the end, and prints how much there was. */
#include "guest.h"

typedef long long i64;

u32 counter;
static u32 handled;
static u8 code[16] __attribute__((aligned(4096)));

int add(int a, int b) { return a + b; }
int six(int a, int b, int c, int d, int e, int f) { return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f; }
u64 wide(int a, u64 b) { return b + a; }
i64 mixed(int a, int b, int c, i64 d, int e) { return a + b + c + 2 * d + e; }
int narrow(signed char a, u16 b) { return a - b; }
double scale(double a, float b) { return a * b; }
double several(float a, double b, float c, int d, double e) { return a + 2 * b + 3 * c + 4 * d + 5 * e; }
float half(float a) { return a / 2; }
u32 text_length(const char *text) { return length(text); }
u32 sum(const u8 *from, u32 count)
{
    u32 total = 0;
    while (count--)
        total += *from++;
    counter += total;
    return total;
}
void fill(u8 *to, u32 count, int value)
{
    while (count--)
        *to++ = value;
}
__attribute__((optimize("O1"))) u32 fibonacci(u32 n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }
__attribute__((noinline)) int fault(int *from) { return *from; }
int fault_below(int *from) { return fault(from) + 1; }
u32 forever(void) { for (;;) counter++; }
void leave(int status) { exit(status); }

/* What is done to the process. */
u32 map(u32 size) { return syscall6(SYS_mmap2, 0, size, 3, 0x22, -1, 0); }
u32 unmap(u32 at, u32 size) { return syscall(SYS_munmap, at, size, 0); }
u32 protect(u32 at, u32 size, u32 prot) { return syscall(SYS_mprotect, at, size, prot); }
u32 grow(u32 more) { return syscall(SYS_brk, syscall(SYS_brk, 0, 0, 0) + more, 0, 0); }
u32 share(u32 size) { return syscall6(SYS_mmap2, 0, size, 3, 0x21, -1, 0); }
u32 drop(u32 at, u32 size) { return syscall(220, at, size, 4); } /* madvise, MADV_DONTNEED */
u32 enlarge(u32 at, u32 size, u32 new) { return syscall6(163, at, size, new, 1, 0, 0); } /* mremap */
int open_file(const char *path) { return syscall(SYS_open, path, 0, 0); }
int close_file(int fd) { return syscall(SYS_close, fd, 0, 0); }
int read_file(int fd, u8 *to, u32 count) { return syscall(SYS_read, fd, to, count); }
int write_file(int fd, const u8 *from, u32 count) { return syscall(SYS_write, fd, from, count); }
int own_id(void) { return syscall(SYS_getpid, 0, 0, 0); }
int send(int number) { return syscall(SYS_kill, syscall(SYS_getpid, 0, 0, 0), number, 0); }

int execute(const char *path)
{
    const char *argv[2] = { path, 0 };
    return syscall(SYS_execve, path, argv, 0);
}

static void handler(int number) { handled += number; }
u32 handle(int number)
{
    struct { void (*handler)(int); u32 flags; u32 restorer; u32 mask[2]; } action = { handler, 0, 0, { 0, 0 } };
    return syscall6(SYS_rt_sigaction, number, (long)&action, 0, 8, 0, 0);
}
u32 block(int number)
{
    u32 mask[2] = { 1u << (number - 1), 0 };
    return syscall6(SYS_rt_sigprocmask, 0, (long)mask, 0, 8, 0, 0);
}
u32 how_often(void) { return handled; }

/* mov r0, #value; bx lr */
u32 make_code(u32 value)
{
    ((volatile u32 *)code)[0] = 0xe3a00000 | value;
    ((volatile u32 *)code)[1] = 0xe12fff1e;
    protect((u32)code, 4096, 7);
    return syscall(SYS_cacheflush, code, code + 8, 0);
}
u32 run_code(void) { return ((u32 (*)(void))code)(); }

int main(void)
{
    static u8 buffer[256];
    int total = 0, count;
    while ((count = read_file(0, buffer, sizeof buffer)) > 0)
        total += sum(buffer, count);
    print("sum %d\n", total);
    return 0;
}

/* A freestanding runtime of a few hundred bytes for guest programs: system calls and printing. */
#ifndef GUEST_H
#define GUEST_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

enum {
    SYS_exit = 1, SYS_fork = 2, SYS_read = 3, SYS_write = 4, SYS_open = 5, SYS_close = 6,
    SYS_unlink = 10, SYS_execve = 11, SYS_lseek = 19, SYS_getpid = 20, SYS_kill = 37,
    SYS_pipe = 42, SYS_brk = 45, SYS_munmap = 91, SYS_wait4 = 114, SYS_sigreturn = 119,
    SYS_mprotect = 125, SYS_rt_sigreturn = 173, SYS_rt_sigaction = 174, SYS_rt_sigprocmask = 175,
    SYS_rt_sigsuspend = 179, SYS_sigaltstack = 186, SYS_mmap2 = 192, SYS_cacheflush = 0xf0002,
};

long syscall6(long number, long a, long b, long c, long d, long e, long f);
#define syscall(n, a, b, c) syscall6((n), (long)(a), (long)(b), (long)(c), 0, 0, 0)

void exit(int status) __attribute__((noreturn));
u32 length(const char *text);
int same(const char *a, const char *b);
u32 number(const char *text); /* decimal, or hexadecimal after 0x */

/* Formats: %s %d %u %x %c %%. Output is buffered until a newline or exit. */
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));
void flush(void);

#endif

#include "guest.h"

#include <stdarg.h>

static char buffer[512];
static u32 used;

__attribute__((naked, noinline)) long syscall6(long number, long a, long b, long c, long d, long e,
                                               long f)
{
    (void)number, (void)a, (void)b, (void)c, (void)d, (void)e, (void)f;
    __asm__("push {r4, r5, r7, lr}\n\t"
            "mov r7, r0\n\t"
            "mov r0, r1\n\t"
            "mov r1, r2\n\t"
            "mov r2, r3\n\t"
            "ldr r3, [sp, #16]\n\t"
            "ldr r4, [sp, #20]\n\t"
            "ldr r5, [sp, #24]\n\t"
            "swi 0\n\t"
            "pop {r4, r5, r7, pc}");
}

void flush(void)
{
    u32 done = 0;
    while (done < used) {
        long n = syscall(SYS_write, 1, buffer + done, used - done);
        if (n <= 0)
            break;
        done += n;
    }
    used = 0;
}

void exit(int status)
{
    flush();
    for (;;)
        syscall(SYS_exit, status, 0, 0);
}

static void put(char c)
{
    buffer[used++] = c;
    if (c == '\n' || used == sizeof buffer)
        flush();
}

static void put_number(u32 value, u32 base)
{
    char digits[12];
    u32 n = 0;
    do {
        digits[n++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value);
    while (n)
        put(digits[--n]);
}

void print(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    for (; *format; format++) {
        if (*format != '%') {
            put(*format);
            continue;
        }
        switch (*++format) {
        case 's':
            for (const char *s = va_arg(args, const char *); *s; s++)
                put(*s);
            break;
        case 'd': {
            int value = va_arg(args, int);
            if (value < 0)
                put('-');
            put_number(value < 0 ? -(u32)value : (u32)value, 10);
            break;
        }
        case 'u':
            put_number(va_arg(args, u32), 10);
            break;
        case 'x':
            put_number(va_arg(args, u32), 16);
            break;
        case 'c':
            put(va_arg(args, int));
            break;
        default:
            put(*format);
        }
    }
    va_end(args);
}

u32 length(const char *text)
{
    u32 n = 0;
    while (text[n])
        n++;
    return n;
}

int same(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return *a == *b;
}

u32 number(const char *text)
{
    u32 value = 0;
    u32 base = 10;
    if (text[0] == '0' && text[1] == 'x')
        text += 2, base = 16;
    for (; *text; text++)
        value = value * base + (*text <= '9' ? *text - '0' : (*text | 32) - 'a' + 10);
    return value;
}

/* What the compiler and libgcc may call. */
void *memcpy(void *to, const void *from, u32 n)
{
    u8 *d = to;
    const u8 *s = from;
    while (n--)
        *d++ = *s++;
    return to;
}

void *memset(void *to, int value, u32 n)
{
    u8 *d = to;
    while (n--)
        *d++ = value;
    return to;
}

int raise(int signal)
{
    return syscall(SYS_kill, syscall(SYS_getpid, 0, 0, 0), signal, 0);
}

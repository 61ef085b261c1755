/* The runtime's functions for programs that are compiled for the host, from its C library. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void print(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
}

unsigned length(const char *text)
{
    unsigned n = 0;
    while (text[n])
        n++;
    return n;
}

unsigned number(const char *text)
{
    return strtoul(text, 0, 0);
}

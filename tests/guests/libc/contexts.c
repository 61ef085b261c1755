/* Three coroutines of the C library take turns; each sorts with a callback, throws over a few frames
   and takes signals on an alternate stack. Not built beforehand: a test links it with the C library.
   It writes without streams, which look at the time stamps of standard output. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <ucontext.h>
#include <unistd.h>

enum { WORKERS = 3, ROUNDS = 4, NUMBERS = 20 };

static ucontext_t main_context, worker[WORKERS];
static char stacks[WORKERS][32768], alternate[16384];
static jmp_buf back;
static volatile int hits;

static void say(const char *format, ...)
{
    char text[64];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (write(1, text, length) != length)
        abort();
}

static int compare(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static int dive(int depth)
{
    if (depth == 0)
        longjmp(back, 7);
    return dive(depth - 1) + 1;
}

static void work(int id)
{
    int numbers[NUMBERS];
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < NUMBERS; i++)
            numbers[i] = (i * 7919 + id * 31 + round) % 101;
        qsort(numbers, NUMBERS, sizeof *numbers, compare);
        say("%d: %d\n", id, numbers[round]);
        if (setjmp(back) == 0)
            dive(5 + round);
        raise(SIGUSR1);
        swapcontext(&worker[id], &worker[(id + 1) % WORKERS]);
    }
    swapcontext(&worker[id], &main_context);
}

static void on_signal(int number)
{
    hits += number;
}

int main(void)
{
    stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK};
    sigaltstack(&stack, NULL);
    sigaction(SIGUSR1, &action, NULL);
    for (int i = 0; i < WORKERS; i++) {
        getcontext(&worker[i]);
        worker[i].uc_stack.ss_sp = stacks[i];
        worker[i].uc_stack.ss_size = sizeof stacks[i];
        worker[i].uc_link = &main_context;
        makecontext(&worker[i], (void (*)(void))work, 1, i);
    }
    swapcontext(&main_context, &worker[0]);
    say("%.3f\n", hits / 7.0);
    return hits & 127;
}

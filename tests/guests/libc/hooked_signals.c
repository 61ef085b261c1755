/* A function that is called all the time, and signals of a timer in between. */
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>

static volatile int ticks;

static void tick(int number) { ticks++; }

__attribute__((noinline)) int work(int value) { return value + ticks; }

int main(void)
{
    struct itimerval every = {{0, 30000}, {0, 30000}};
    int sum = 0;
    signal(SIGALRM, tick);
    setitimer(ITIMER_REAL, &every, 0);
    while (ticks < 12)
        sum = work(sum);
    printf("%d\n", sum);
    return 0;
}

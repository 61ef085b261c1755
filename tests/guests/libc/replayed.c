/* Threads that race for a variable, signals of a timer, and the time: what no two runs have alike. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile int shared, ticks;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void tick(int number) { ticks++; }

__attribute__((noinline)) int work(int value) { return shared + value; }

static void *race(void *name)
{
    for (int i = 0; i < 400; i++) {
        int value = work(1);
        if (i % 40 == 0) {
            pthread_mutex_lock(&lock);
            printf("%ld %d %d\n", (long)name, i, shared);
            pthread_mutex_unlock(&lock);
            usleep(100);
        }
        for (volatile int j = 0; j < 200; j++)
            ;
        shared = value;
    }
    return 0;
}

int main(void)
{
    struct itimerval every = {{0, 2000}, {0, 2000}};
    pthread_t threads[3];
    struct timespec now;
    signal(SIGALRM, tick);
    setitimer(ITIMER_REAL, &every, 0);
    for (long i = 0; i < 3; i++)
        pthread_create(&threads[i], 0, race, (void *)i);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], 0);
    while (!ticks)
        ;
    clock_gettime(CLOCK_REALTIME, &now);
    printf("%d, %d ticks, %ld\n", shared, ticks, now.tv_nsec);
    return 0;
}

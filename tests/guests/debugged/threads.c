/* Three threads: two work, the third waits for them. The signal of the first reaches a handler. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

static int results[2];
static volatile int caught;

static void on_signal(int number)
{
    caught = number;
}

int step(int worker, int value)
{
    return value * 3 + worker;
}

static void *work(void *given)
{
    int worker = *(int *)given, value = 1;
    char name[16];
    snprintf(name, sizeof name, "worker-%d", worker);
    prctl(PR_SET_NAME, name);
    for (int i = 0; i < 5; i++)
        value = step(worker, value);
    results[worker] = value;
    return NULL;
}

int main(void)
{
    pthread_t workers[2];
    int numbers[2] = {0, 1};
    signal(SIGUSR1, on_signal);
    for (int i = 0; i < 2; i++)
        pthread_create(&workers[i], NULL, work, &numbers[i]);
    for (int i = 0; i < 2; i++)
        pthread_join(workers[i], NULL);
    raise(SIGUSR1);
    printf("%d %d %d\n", results[0], results[1], caught);
    return 0;
}

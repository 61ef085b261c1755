/* Threads that count under a mutex, each a step of its own, and print who counted when. */
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int counter, order[300];

static void *count(void *step)
{
    for (int i = 0; i < 50; i++) {
        for (volatile int wait = 0; wait < 100; wait++)
            ;
        pthread_mutex_lock(&lock);
        order[counter++] = (int)(long)step;
        pthread_mutex_unlock(&lock);
    }
    return 0;
}

int main(void)
{
    pthread_t threads[4];
    for (long i = 0; i < 4; i++)
        pthread_create(&threads[i], 0, count, (void *)i);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], 0);
    for (int i = 0; i < counter; i++)
        putchar('0' + order[i]);
    putchar('\n');
    return counter != 200;
}

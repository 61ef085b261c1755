/* Many threads that are there at the same time. */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#define THREADS 300

static sem_t go, up;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int sum;

static void *work(void *number) {
    sem_post(&up);
    sem_wait(&go);
    pthread_mutex_lock(&lock);
    sum += (int)number;
    pthread_mutex_unlock(&lock);
    return 0;
}

int main(void) {
    static pthread_t threads[THREADS];
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 32768);
    for (int i = 0; i < THREADS; i++) {
        int error = pthread_create(&threads[i], &small, work, (void *)i);
        if (error) { printf("%d: %s\n", i, strerror(error)); return 1; }
    }
    for (int i = 0; i < THREADS; i++) sem_wait(&up);
    for (int i = 0; i < THREADS; i++) sem_post(&go);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], 0);
    printf("sum: %d\n", sum);
    return 0;
}

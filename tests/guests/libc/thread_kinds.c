/* Kinds of mutexes, conditions with another clock, spinlocks, handlers of fork, and signals with
   values for threads. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t mutex;
static pthread_spinlock_t spin;
static int counted, order, at_value;
static volatile int handled;
static __thread int mine;

static void *from_elsewhere(void *unlock) {
    return (void *)(long)(unlock ? pthread_mutex_unlock(&mutex) : pthread_mutex_trylock(&mutex));
}

static long elsewhere(int unlock) {
    pthread_t thread;
    void *result;
    pthread_create(&thread, 0, from_elsewhere, (void *)(long)unlock);
    pthread_join(thread, &result);
    return (long)result;
}

static void kind(const char *name, int number) {
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, number);
    pthread_mutex_init(&mutex, &attributes);
    int first = pthread_mutex_lock(&mutex), again = pthread_mutex_trylock(&mutex);
    int nested = number == PTHREAD_MUTEX_NORMAL ? -1 : pthread_mutex_lock(&mutex);
    long busy = elsewhere(0), wrong = number == PTHREAD_MUTEX_NORMAL ? -1 : elsewhere(1);
    printf("%s: %d %d %d %ld %ld", name, first, again, nested, busy, wrong);
    for (int i = 0; i < 4; i++) printf(" %d", number == PTHREAD_MUTEX_NORMAL && i ? -1 : pthread_mutex_unlock(&mutex));
    printf("\n");
}

static void *spinner(void *unused) {
    for (int i = 0; i < 300; i++) {
        pthread_spin_lock(&spin);
        counted++;
        if (i % 50 == 0) sched_yield();
        pthread_spin_unlock(&spin);
    }
    return unused;
}

static void prepare(void) { order = order * 10 + 1; }
static void parent(void) { order = order * 10 + 2; }
static void child(void) { order = order * 10 + 3; }

static void *forker(void *unused) {
    int status;
    pid_t made = fork();
    (void)unused;
    if (!made) _exit(order);
    waitpid(made, &status, 0);
    return (void *)(long)(WEXITSTATUS(status) * 100 + order);
}

static void take(int number, siginfo_t *info, void *context) {
    (void)context;
    at_value = info->si_value.sival_int * 10 + mine + 1000 * (number - SIGRTMIN) + (info->si_code == SI_QUEUE) * 10000;
    handled = 1;
}

static void *signalled(void *unused) {
    mine = 1;
    while (!handled) usleep(1000);
    return unused;
}

int main(void) {
    pthread_t threads[4];
    void *result;
    setvbuf(stdout, 0, _IONBF, 0);
    kind("normal", PTHREAD_MUTEX_NORMAL);
    kind("recursive", PTHREAD_MUTEX_RECURSIVE);
    kind("errorcheck", PTHREAD_MUTEX_ERRORCHECK);

    pthread_condattr_t attributes;
    pthread_cond_t condition;
    struct timespec when;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&condition, &attributes);
    pthread_mutex_init(&mutex, 0);
    clock_gettime(CLOCK_MONOTONIC, &when);
    when.tv_nsec += 5000000;
    if (when.tv_nsec >= 1000000000) when.tv_sec++, when.tv_nsec -= 1000000000;
    pthread_mutex_lock(&mutex);
    printf("condition: %s\n", strerror(pthread_cond_timedwait(&condition, &mutex, &when)));
    pthread_mutex_unlock(&mutex);

    pthread_spin_init(&spin, 0);
    for (int i = 0; i < 4; i++) pthread_create(&threads[i], 0, spinner, 0);
    for (int i = 0; i < 4; i++) pthread_join(threads[i], 0);
    printf("spin: %d\n", counted);

    pthread_atfork(prepare, parent, child);
    pthread_create(&threads[0], 0, forker, 0);
    pthread_join(threads[0], &result);
    printf("atfork: %ld\n", (long)result);

    struct sigaction action = {.sa_sigaction = take, .sa_flags = SA_SIGINFO};
    sigaction(SIGRTMIN + 2, &action, 0);
    pthread_create(&threads[0], 0, signalled, 0);
    usleep(5000);
    pthread_sigqueue(threads[0], SIGRTMIN + 2, (union sigval){.sival_int = 42});
    pthread_join(threads[0], 0);
    printf("queued: %d\n", at_value);
    return 0;
}

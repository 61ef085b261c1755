/* Timers that tell a thread: SIGEV_THREAD, of which glibc makes a thread, and SIGEV_THREAD_ID. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static volatile int called, value, tid, handled, elsewhere, stop;
static __thread int other;

static void notify(union sigval given) {
    value = given.sival_int;
    called++;
}

static void handler(int number, siginfo_t *info, void *context) {
    (void)number;
    (void)context;
    elsewhere += !other || info->si_code != SI_TIMER || info->si_value.sival_int != 9;
    handled++;
}

static void *thread(void *unused) {
    (void)unused;
    other = 1;
    tid = syscall(SYS_gettid);
    while (!stop) usleep(1000);
    return 0;
}

static void await(volatile int *what, int count) {
    while (*what < count) usleep(1000);
}

int main(void) {
    struct itimerspec once = {.it_value = {0, 20000000}};
    struct itimerspec often = {.it_interval = {0, 30000000}, .it_value = {0, 10000000}};
    struct sigevent calls = {.sigev_notify = SIGEV_THREAD, .sigev_value.sival_int = 5, .sigev_notify_function = notify};
    struct sigevent tells = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1, .sigev_value.sival_int = 9};
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    pthread_t made;
    timer_t timer;
    printf("thread: %d\n", timer_create(CLOCK_MONOTONIC, &calls, &timer));
    timer_settime(timer, 0, &once, 0);
    await(&called, 1);
    printf("called: %d\n", value);
    timer_settime(timer, 0, &often, 0);
    await(&called, 4);
    timer_delete(timer);
    pthread_create(&made, 0, thread, 0);
    await(&tid, 1);
    sigaction(SIGUSR1, &action, 0);
    tells._sigev_un._tid = tid;
    printf("id: %d\n", timer_create(CLOCK_MONOTONIC, &tells, &timer));
    timer_settime(timer, 0, &once, 0);
    await(&handled, 1);
    timer_settime(timer, 0, &often, 0);
    await(&handled, 4);
    timer_delete(timer);
    printf("elsewhere: %d\n", elsewhere);
    stop = 1;
    pthread_join(made, 0);
    tells._sigev_un._tid = 1;
    printf("no such: %s\n", timer_create(CLOCK_MONOTONIC, &tells, &timer) ? strerror(errno) : "made");
    return 0;
}

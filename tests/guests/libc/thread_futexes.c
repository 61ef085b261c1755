/* Wake-ups of locks that inherit priorities, and what a forked child has of its parent's locks. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int lock, other, plain;

static long futex(int *at, int operation, int value, long second, int *to, int third) {
    long result = syscall(SYS_futex, at, operation | FUTEX_PRIVATE_FLAG, value, second, to, third);
    return result < 0 ? -errno : result;
}

static void *locker(void *unused) {
    (void)unused;
    long result = futex(&lock, FUTEX_LOCK_PI, 0, 0, 0, 0);
    futex(&lock, FUTEX_UNLOCK_PI, 0, 0, 0, 0);
    return (void *)result;
}

static void *waiter(void *unused) {
    (void)unused;
    return (void *)futex(&plain, FUTEX_WAIT, 0, 0, 0, 0);
}

int main(void) {
    pthread_t threads[2];
    void *result;
    int status;
    void *head, *mine;
    unsigned size = 0;
    futex(&lock, FUTEX_LOCK_PI, 0, 0, 0, 0);
    pthread_create(&threads[0], 0, locker, 0);
    pthread_create(&threads[1], 0, waiter, 0);
    usleep(20000);
    printf("wake: %ld\n", futex(&lock, FUTEX_WAKE, 1, 0, 0, 0));
    printf("wake bits: %ld\n", futex(&lock, FUTEX_WAKE_BITSET, 1, 0, 0, 2));
    printf("requeue: %ld\n", futex(&lock, FUTEX_REQUEUE, 0, 1, &other, 0));
    printf("wake op: %ld\n", futex(&lock, FUTEX_WAKE_OP, 1, 1, &other, 0));
    printf("other: %ld\n", futex(&other, FUTEX_WAKE, 9, 0, 0, 0));
    printf("plain: %ld\n", futex(&plain, FUTEX_WAKE, 9, 0, 0, 0));
    printf("unlock: %ld\n", futex(&lock, FUTEX_UNLOCK_PI, 0, 0, 0, 0));
    pthread_join(threads[0], &result);
    printf("lock: %ld\n", (long)result);
    pthread_join(threads[1], &result);
    printf("wait: %ld\n", (long)result);
    syscall(SYS_get_robust_list, 0, &mine, &size);
    fflush(stdout);
    if (!syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0)) {
        head = mine;
        syscall(SYS_get_robust_list, 0, &head, &size);
        _exit((head == 0) + 2 * (mine != 0));
    }
    wait(&status);
    printf("list of the child: %d\n", WEXITSTATUS(status));
    return 0;
}

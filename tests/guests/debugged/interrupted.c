/* Calls that signals interrupt, and that no handler restarts. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

static volatile int caught;

static void on_signal(int number)
{
    caught = number;
}

int main(void)
{
    struct sigaction action;
    struct itimerval soon = {{0, 0}, {0, 100000}};
    sigset_t blocked, old;
    int ends[2], result;
    char byte;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    sigaction(SIGALRM, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    sigprocmask(SIG_BLOCK, &blocked, &old);
    raise(SIGUSR1);
    result = sigsuspend(&old);
    printf("sigsuspend: %d %d %d\n", result, errno, caught);
    sigprocmask(SIG_BLOCK, NULL, &old);
    printf("blocked: %d\n", sigismember(&old, SIGUSR1));
    pipe(ends);
    if (fork() == 0) {
        sleep(1);
        write(ends[1], "x", 1);
        _exit(0);
    }
    setitimer(ITIMER_REAL, &soon, NULL);
    result = read(ends[0], &byte, 1);
    printf("read: %d %d\n", result, caught);
    return 0;
}

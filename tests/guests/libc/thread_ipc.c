// Threads that wait for System V objects, and robust locks of threads whose process ends.
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct message { long type; char text[8]; };
struct shared { pthread_mutex_t lock; volatile int held; };

static int set, queue;

static void *takes(void *a) { struct sembuf one = {0, -1, 0}; return (void *)(long)semop(set, &one, 1); }
static void *receives(void *a) { struct message m; return (void *)(long)msgrcv(queue, &m, 8, 7, 0); }
static void *holds(void *a) { struct shared *s = a; pthread_mutex_lock(&s->lock); s->held = 1; for (;;) pause(); }

static long waits(void *(*function)(void *), void (*ends)(void)) {
  pthread_t t; void *result;
  pthread_create(&t, 0, function, 0);
  usleep(20000);
  ends();
  pthread_join(t, &result);
  return (long)result;
}
static void gives(void) { struct sembuf one = {0, 1, 0}; semop(set, &one, 1); }
static void sends(void) { struct message m = {7, "four"}; msgsnd(queue, &m, 4, 0); }

static void dies(const char *how, const char *self) {
  struct shared *s = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  pthread_mutexattr_t a; pthread_mutexattr_init(&a); pthread_mutexattr_setpshared(&a, 1);
  pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST); pthread_mutex_init(&s->lock, &a);
  pid_t child = fork();
  if (!child) {
    pthread_t t; pthread_create(&t, 0, holds, s);
    while (!s->held) usleep(1000);
    if (*how == 'x') execl(self, self, "ends", (char *)0);
    if (*how == 'k') kill(getpid(), 15);
    _exit(0);
  }
  waitpid(child, 0, 0);
  struct timespec soon; clock_gettime(CLOCK_REALTIME, &soon); soon.tv_sec += 1;
  printf("%s: %s\n", how, strerror(pthread_mutex_timedlock(&s->lock, &soon)));
}

int main(int argc, char **argv) {
  if (argc > 1) return 0;
  set = semget(IPC_PRIVATE, 1, 0600); queue = msgget(IPC_PRIVATE, 0600);
  printf("semop: %ld\n", waits(takes, gives));
  printf("msgrcv: %ld\n", waits(receives, sends));
  struct timespec brief = {0, 5000000}; struct sembuf one = {0, -1, 0};
  pthread_t t; pthread_create(&t, 0, takes, 0);
  printf("semtimedop: %d\n", semtimedop(set, &one, 1, &brief));
  gives(); pthread_join(t, 0);
  semctl(set, 0, IPC_RMID); msgctl(queue, IPC_RMID, 0);
  fflush(stdout);
  dies("exit", 0); dies("killed", 0); dies("xecuted", "/proc/self/exe");
}

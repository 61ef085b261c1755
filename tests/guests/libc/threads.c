/* What threads share and wait for, with glibc. Each line that is printed is the kernel's answer. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/wait.h>
#include <sys/syscall.h>
#include <poll.h>
#define THREADS 8
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static pthread_t t[THREADS];
static void start(void *(*f)(void *)) { for (long i = 0; i < THREADS; i++) if (pthread_create(&t[i], 0, f, (void *)i)) abort(); }
static long join(void) { long sum = 0; for (int i = 0; i < THREADS; i++) { void *r; pthread_join(t[i], &r); sum += (long)r; } return sum; }

static int queue[4], head, tail, count; static long consumed;
static void *producer(void *a) { (void)a; for (int i = 1; i <= 500; i++) { pthread_mutex_lock(&mutex); while (count == 4) pthread_cond_wait(&cond, &mutex); queue[tail++ & 3] = i; count++; pthread_cond_broadcast(&cond); pthread_mutex_unlock(&mutex);} return 0; }
static void *consumer(void *a) { (void)a; for (int i = 1; i <= 500; i++) { pthread_mutex_lock(&mutex); while (!count) pthread_cond_wait(&cond, &mutex); consumed += queue[head++ & 3]; count--; pthread_cond_broadcast(&cond); pthread_mutex_unlock(&mutex);} return 0; }
static void *pc(void *a) { return ((long)a & 1) ? producer(a) : consumer(a); }
static pthread_barrier_t barrier; static int phase[THREADS], bad;
static void *barriers(void *a) { long serial = 0; for (int i = 0; i < 20; i++) { phase[(long)a] = i; serial += pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD; for (int k = 0; k < THREADS; k++) bad += phase[k] != i; pthread_barrier_wait(&barrier);} return (void *)serial; }
static pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER; static int shared_a, shared_b;
static void *rws(void *a) { long odd = 0; for (int i = 0; i < 200; i++) { if ((i + (long)a) % 4 == 0) { pthread_rwlock_wrlock(&rw); shared_a++; shared_b++; pthread_rwlock_unlock(&rw);} else { pthread_rwlock_rdlock(&rw); odd += shared_a != shared_b; pthread_rwlock_unlock(&rw);} } return (void *)odd; }
static pthread_once_t once = PTHREAD_ONCE_INIT; static int onces; static void do_once(void) { onces++; sched_yield(); onces += 10; }
static void *oncer(void *a) { (void)a; pthread_once(&once, do_once); return (void *)(long)onces; }
static pthread_key_t key; static int destroyed; static __thread long tls = 7; static void destroy(void *v) { __atomic_add_fetch(&destroyed, (long)v, 5); }
static void *tlser(void *a) { pthread_setspecific(key, a); tls += (long)a; sched_yield(); return (void *)(tls + (long)pthread_getspecific(key)); }
static int cleaned; static void cleanup(void *a) { __atomic_add_fetch(&cleaned, (long)a, 5); }
static void *cancelled(void *a) { pthread_cleanup_push(cleanup, a); if ((long)a & 1) for (;;) pause(); for (;;) { pthread_testcancel(); } pthread_cleanup_pop(0); return 0; }
static void *async_cancelled(void *a) { volatile long n = 0; (void)a; pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, 0); for (;;) n++; return 0; }
static sem_t sem; static void *poster(void *a) { for (int i = 0; i < 10; i++) { sem_post(&sem); sched_yield(); } return a; }
static void *robust_holder(void *m) { pthread_mutex_lock(m); return 0; }
static void *locker(void *m) { long r = pthread_mutex_lock(m); pthread_mutex_unlock(m); return (void *)r; }
static int pipes[2]; static void *reader(void *a) { char buf[100]; long n = 0, r; while ((r = read(pipes[0], buf, sizeof buf)) > 0) n += r; return (void *)(n + (long)a); }
static void *sleeper(void *a) { usleep(1000 * (10 - (long)a)); return a; }
static int ended; static void *exiter(void *a) { usleep(2000); __atomic_add_fetch(&ended, 1, 5); return a; }
static void *last(void *a) { usleep(2000); printf("the last one ends\n"); fflush(stdout); return a; }
int main(void) {
  start(pc); join(); printf("condition: %ld %d\n", consumed, count);
  pthread_barrier_init(&barrier, 0, THREADS); start(barriers); { long s = join(); printf("barrier: %ld %d\n", s, bad); }
  start(rws); { long s = join(); printf("rwlock: %ld %d %d\n", s, shared_a, shared_b); }
  start(oncer); { long s = join(); printf("once: %ld %d\n", s, onces); }
  pthread_key_create(&key, destroy); start(tlser); { long s = join(); printf("tls: %ld %d %ld\n", s, destroyed, tls); }
  start(cancelled); for (int i = 0; i < 5; i++) sched_yield(); for (int i = 0; i < THREADS; i++) pthread_cancel(t[i]);
  { int n = 0; for (int i = 0; i < THREADS; i++) { void *r; pthread_join(t[i], &r); n += r == PTHREAD_CANCELED; } printf("cancelled: %d %d\n", n, cleaned); }
  start(async_cancelled); sched_yield(); for (int i = 0; i < THREADS; i++) pthread_cancel(t[i]);
  { int n = 0; for (int i = 0; i < THREADS; i++) { void *r; pthread_join(t[i], &r); n += r == PTHREAD_CANCELED; } printf("async: %d\n", n); }
  sem_init(&sem, 0, 0); start(poster); { int n = 0; for (; n < 80; n++) sem_wait(&sem); long s = join(); printf("sem: %d %ld\n", n, s); }
  { struct timespec ts; clock_gettime(CLOCK_REALTIME, &ts); ts.tv_nsec += 5000000; if (ts.tv_nsec >= 1000000000) ts.tv_sec++, ts.tv_nsec -= 1000000000;
    pthread_mutex_lock(&mutex); int r = pthread_cond_timedwait(&cond, &mutex, &ts); pthread_mutex_unlock(&mutex); printf("timed: %s\n", strerror(r));
    pthread_mutex_lock(&mutex); start(exiter); r = pthread_mutex_timedlock(&mutex, &ts); printf("timedlock: %s\n", strerror(r)); pthread_mutex_unlock(&mutex); join(); }
  { pthread_mutexattr_t at; pthread_mutex_t m; pthread_mutexattr_init(&at); pthread_mutexattr_setrobust(&at, PTHREAD_MUTEX_ROBUST); pthread_mutex_init(&m, &at);
    pthread_t x; pthread_create(&x, 0, robust_holder, &m); pthread_join(x, 0); int r = pthread_mutex_lock(&m); printf("robust: %s\n", strerror(r)); pthread_mutex_consistent(&m); pthread_mutex_unlock(&m); printf("again: %d\n", pthread_mutex_lock(&m)); }
  { pthread_mutexattr_t at; pthread_mutex_t m; pthread_mutexattr_init(&at); int r = pthread_mutexattr_setprotocol(&at, PTHREAD_PRIO_INHERIT); int q = pthread_mutex_init(&m, &at); printf("pi: %d %d\n", r, q);
    pthread_mutex_lock(&m); for (int i = 0; i < THREADS; i++) pthread_create(&t[i], 0, locker, &m); for (int i = 0; i < 5; i++) sched_yield(); printf("unlock: %d\n", pthread_mutex_unlock(&m)); printf("sum: %ld\n", join()); printf("lock: %d\n", pthread_mutex_lock(&m)); }
  { pipe(pipes); start(reader); char big[100000]; memset(big, 1, sizeof big); long w = write(pipes[1], big, sizeof big); close(pipes[1]); long s = join(); printf("pipe: %ld %ld\n", w, s); }
  { struct timespec a, b; clock_gettime(CLOCK_MONOTONIC, &a); start(sleeper); long s = join(); clock_gettime(CLOCK_MONOTONIC, &b); printf("sleep: %ld %d\n", s, (b.tv_sec - a.tv_sec) * 1000 + (b.tv_nsec - a.tv_nsec) / 1000000 < 2000); }
  fflush(stdout);
  { start(exiter); pid_t p = fork(); if (!p) { printf("child: %d\n", (int)(syscall(SYS_gettid) == getpid())); fflush(stdout); _exit(3); } int st; waitpid(p, &st, 0); join(); printf("fork: %d\n", WEXITSTATUS(st)); }
  printf("ended: %d\n", ended);
  fflush(stdout);
  pthread_create(&t[0], 0, last, 0);
  pthread_exit(0);
}

/* Calls that wait, each in a thread while another one goes on: what the call gives in the end.
   Arguments choose cases by name; without any, all are run. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#define BIG (4 << 20)

static pthread_t waiter;
static volatile int waiter_id;
static volatile int handled;
static int a[2], b[2], fd, set;
static pid_t child;
static char room[BIG];

static long error(long result) { return result < 0 ? -errno : result; }
static void note(int number) { (void)number; handled++; }
/* Until the other thread waits, or has ended. */
static void settle(void) {
    char path[40], stat[64];
    do {
        int in;
        usleep(20000);
        snprintf(path, sizeof path, "/proc/self/task/%d/stat", waiter_id);
        if (!waiter_id) continue;
        if ((in = open(path, O_RDONLY)) < 0) return;
        stat[read(in, stat, sizeof stat - 1)] = 0;
        close(in);
    } while (!waiter_id || !strstr(stat, ") S"));
}
static void handle(int flags) {
    struct sigaction action = {.sa_handler = note, .sa_flags = flags};
    handled = 0;
    sigaction(SIGUSR1, &action, 0);
}
static void interrupt(void) { pthread_kill(waiter, SIGUSR1); }
static void pair(void) { pipe(a); pipe(b); }
static void sockets(void) { socketpair(AF_UNIX, SOCK_STREAM, 0, a); }
static void fill(int out) {
    fcntl(out, F_SETFL, O_NONBLOCK);
    while (write(out, room, 4096) > 0) ;
    fcntl(out, F_SETFL, 0);
}
static void feed(void) { write(a[1], "123456", 6); }
static void feed_b(void) { write(b[1], "123456", 6); }
static void drain(void) {
    long left = 1 << 16, got;
    for (; left > 0; left -= got) got = read(a[0], room, left);
}
static void nothing(void) {}

/* FIFOs */
static void fifo(void) { unlink("fifo"); mkfifo("fifo", 0600); }
static long open_read(void) { long r = error(open("fifo", O_RDONLY)); if (r >= 0) r = fcntl(r, F_GETFL) & O_NONBLOCK; return r; }
static long open_write(void) { long r = error(open("fifo", O_WRONLY)); if (r >= 0) r = fcntl(r, F_GETFL) & O_NONBLOCK; return r; }
static void as_writer(void) { open("fifo", O_WRONLY); }
static void as_reader(void) { open("fifo", O_RDONLY); }
static void briefly_write(void) { int w = open("fifo", O_WRONLY); write(w, "x", 1); close(w); }
static long open_and_read(void) { char c = 0; int r = open("fifo", O_RDONLY); return read(r, &c, 1) * 1000 + c; }
static long open_both(void) { return open("fifo", O_RDWR) >= 0; }
static long open_without_reader(void) { return error(open("fifo", O_WRONLY | O_NONBLOCK)); }
static long open_without_writer(void) { return open("fifo", O_RDONLY | O_NONBLOCK) >= 0; }
static void fifo_plain(void) { fifo(); handle(0); }
static void fifo_restart(void) { fifo(); handle(SA_RESTART); }
static void interrupt_and_write(void) { interrupt(); while (!handled) sched_yield(); settle(); as_writer(); }
static void interrupt_and_read(void) { interrupt(); while (!handled) sched_yield(); settle(); as_reader(); }
static void by_child(void) {
    if (!(child = fork())) { as_writer(); _exit(0); }
    waitpid(child, 0, 0);
}

/* Sockets */
static long receive_all(void) { return error(recv(a[0], room, 12, MSG_WAITALL)); }
static long receive_all_message(void) {
    struct iovec parts[] = {{room, 5}, {room + 100, 7}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    long r = error(recvmsg(a[0], &message, MSG_WAITALL));
    return r * 1000 + room[4] + room[106];
}
static long peek_all(void) {
    long r = error(recv(a[0], room, 12, MSG_WAITALL | MSG_PEEK));
    return r * 100 + recv(a[0], room, 20, 0);
}
static void tcp(void) {
    struct sockaddr_in here = {AF_INET, 0, {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof here;
    int s = socket(AF_INET, SOCK_STREAM, 0);
    bind(s, (void *)&here, size);
    listen(s, 1);
    getsockname(s, (void *)&here, &size);
    a[1] = socket(AF_INET, SOCK_STREAM, 0);
    connect(a[1], (void *)&here, size);
    a[0] = accept(s, 0, 0);
}
static void feed_twice(void) { feed(); settle(); feed(); }
static void feed_and_close(void) { feed(); settle(); close(a[1]); }
static void feed_and_interrupt(void) { feed(); settle(); interrupt(); }
static void sockets_plain(void) { sockets(); handle(0); }
static void sockets_restart(void) { sockets(); handle(SA_RESTART); }
static void interrupt_and_feed(void) { interrupt(); while (!handled) sched_yield(); settle(); feed(); }
static void taken_here(void) { kill(getpid(), SIGUSR1); while (!handled) sched_yield(); settle(); }
static void taken_here_and_feed(void) { taken_here(); feed(); }
static long receive(void) { return error(recv(a[0], room, 12, 0)); }
static void timed(void) {
    struct timeval time = {0, 50000};
    sockets();
    setsockopt(a[0], SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
    setsockopt(a[0], SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
    setsockopt(a[1], SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
}
static void timed_and_full(void) { timed(); fill(a[0]); }
static long read_socket(void) { return error(read(a[0], room, 12)); }
static long send_one(void) { return error(send(a[0], room, 1, 0)); }
static long write_one(void) { return error(write(a[0], room, 1)); }
static void timed_restart(void) { timed(); handle(SA_RESTART); }
static long send_big(void) { return error(send(a[1], room, BIG, 0)); }
static void take_big(void) {
    static char into[1 << 16];
    long left = BIG, got;
    for (; left > 0 && (got = read(a[0], into, sizeof into)) > 0; left -= got) ;
}
static struct sockaddr_un name = {AF_UNIX, "socket"};
static void listening(void) {
    unlink("socket");
    a[0] = socket(AF_UNIX, SOCK_STREAM, 0);
    bind(a[0], (void *)&name, sizeof name);
    listen(a[0], 0);
}
static long accept_one(void) { return error(accept(a[0], 0, 0)) >= 0; }
static void connect_one(void) { a[1] = socket(AF_UNIX, SOCK_STREAM, 0); connect(a[1], (void *)&name, sizeof name); }
static void listening_full(void) { listening(); connect_one(); }
static long connect_full(void) { int s = socket(AF_UNIX, SOCK_STREAM, 0); return error(connect(s, (void *)&name, sizeof name)); }
static void accept_both(void) { accept(a[0], 0, 0); }
static void listening_timed(void) {
    struct timeval time = {0, 50000};
    listening();
    setsockopt(a[0], SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
}
static long accept_timed(void) { return error(accept(a[0], 0, 0)); }
static void datagrams(void) { socketpair(AF_UNIX, SOCK_DGRAM, 0, a); fill(a[1]); }
static long send_datagram(void) { return error(send(a[1], room, 100, 0)); }
static void take_datagrams(void) { while (recv(a[0], room, 4096, MSG_DONTWAIT) > 0) ; }
static long receive_several(void) {
    struct iovec part[2] = {{room, 3}, {room + 8, 3}};
    struct mmsghdr messages[2] = {{{.msg_iov = part, .msg_iovlen = 1}, 0}, {{.msg_iov = part + 1, .msg_iovlen = 1}, 0}};
    return error(recvmmsg(a[0], messages, 2, 0, 0));
}

/* Locks */
static int locked(void) { return open("locked", O_RDWR | O_CREAT, 0600); }
static void hold(void) { fd = locked(); flock(fd, LOCK_EX); }
static long lock(void) { int f = locked(); long r = error(flock(f, LOCK_EX)); close(f); return r; }
static void release(void) { flock(fd, LOCK_UN); }
static long record(int kind) { return fcntl(fd, F_OFD_SETLK, &(struct flock){.l_type = kind}); }
static void hold_record(void) { fd = locked(); record(F_WRLCK); }
static long lock_record(void) { int f = locked(); long r = error(fcntl(f, F_OFD_SETLKW, &(struct flock){.l_type = F_WRLCK})); close(f); return r; }
static void release_record(void) { record(F_UNLCK); }
static void held_by_child(void) {
    char c;
    pair();
    fd = locked();
    if (!(child = fork())) { fcntl(fd, F_SETLK, &(struct flock){.l_type = F_WRLCK}); feed_b(); read(a[0], &c, 1); _exit(0); }
    read(b[0], &c, 1);
}
static long lock_of_child(void) { return error(fcntl(fd, F_SETLKW, &(struct flock){.l_type = F_WRLCK})); }
static void end_child(void) { feed(); waitpid(child, 0, 0); }

/* Children */
static void sleeping_child(void) {
    char c;
    pair();
    if (!(child = fork())) { read(a[0], &c, 1); _exit(5); }
}
static long wait_id(void) { siginfo_t info; waitid(P_PID, child, &info, WEXITED); return info.si_status; }
static long wait_any(void) { int status; waitpid(-1, &status, 0); return WEXITSTATUS(status); }

/* Moving */
static void full(void) { pair(); fill(a[1]); fd = locked(); ftruncate(fd, 100); }
static long send_file(void) { off_t at = 0; return error(sendfile(a[1], fd, &at, 10)); }
static long splice_out(void) { return error(splice(a[0], 0, b[1], 0, 100, 0)); }
static long tee_out(void) { return error(tee(a[0], b[1], 100, 0)); }
static long splice_in(void) { loff_t at = 0; return error(splice(fd, &at, a[1], 0, 10, 0)); }
static long move_in(void) { struct iovec part = {room, 10}; return error(vmsplice(a[1], &part, 1, 0)); }
static long write_some(void) { return error(write(a[1], room, 5000)); }
static long write_parts(void) { struct iovec parts[] = {{room, 10}, {room, 6000}}; return error(writev(a[1], parts, 2)); }
static long write_parts2(void) { struct iovec part = {room, 10}; return error(pwritev2(a[1], &part, 1, -1, 0)); }
static long read_some(void) { return error(read(a[0], room, 100)); }
static long read_parts2(void) { struct iovec part = {room, 10}; return error(preadv2(a[0], &part, 1, -1, 0)); }

/* Signals */
static void blocked(void) {
    sigset_t all;
    handle(0);
    sigemptyset(&all);
    sigaddset(&all, SIGUSR1);
    sigaddset(&all, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &all, 0);
}
static void unblocked(void) { handle(0); }
static long pauses(void) { return error(pause()); }
static long suspends(void) { sigset_t none; sigemptyset(&none); return error(sigsuspend(&none)); }
static long takes(void) { siginfo_t info; sigset_t one; sigemptyset(&one); sigaddset(&one, SIGUSR1); return error(sigwaitinfo(&one, &info)); }
static void to_process(void) { kill(getpid(), SIGUSR1); }
static void queued(void) { sigqueue(getpid(), SIGUSR1, (union sigval){.sival_int = 77}); }
static void signal_fd(void) {
    sigset_t one;
    blocked();
    sigemptyset(&one);
    sigaddset(&one, SIGUSR1);
    fd = signalfd(-1, &one, 0);
}
static long read_signal(void) {
    struct signalfd_siginfo info;
    long r = error(read(fd, &info, sizeof info));
    if (r != sizeof info) return r;
    return (long)(info.ssi_signo * 1000 + info.ssi_int * 10 + (info.ssi_pid == (unsigned)getpid()));
}
static void raised_before(void) { signal_fd(); queued(); }
static void to_other_first(void) { pthread_kill(pthread_self(), SIGUSR1); settle(); to_process(); settle(); }
static void to_caller(void) { raise(SIGUSR1); }
static long poll_signal(void) { struct pollfd one = {fd, POLLIN, 0}; return error(poll(&one, 1, -1)) * 100000 + read_signal(); }
static long epoll_signal(void) {
    struct epoll_event event = {EPOLLIN, {.u32 = 9}};
    set = epoll_create1(0);
    epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
    return error(epoll_wait(set, &event, 1, -1)) * 1000000 + event.data.u32 * 100000 + read_signal();
}
static long signal_of_child(void) {
    sigset_t one;
    struct signalfd_siginfo info;
    sigemptyset(&one);
    sigaddset(&one, SIGCHLD);
    pthread_sigmask(SIG_BLOCK, &one, 0);
    fd = signalfd(-1, &one, 0);
    read(fd, &info, sizeof info);
    return info.ssi_signo * 1000 + info.ssi_status;
}
static void block_child(void) { sigset_t one; sigemptyset(&one); sigaddset(&one, SIGCHLD); pthread_sigmask(SIG_BLOCK, &one, 0); sleeping_child(); }
static long empty_signal_fd(void) {
    struct signalfd_siginfo info;
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return error(read(fd, &info, sizeof info));
}
static long small_signal_read(void) { char c; return error(read(fd, &c, 1)); }

/* Readiness */
static void plain_pair(void) { pair(); handle(SA_RESTART); }
static long polls(void) { struct pollfd one = {a[0], POLLIN, 0}; return error(poll(&one, 1, -1)); }
static long polls_masked(void) { struct pollfd one = {a[0], POLLIN, 0}; sigset_t none; sigemptyset(&none); return error(ppoll(&one, 1, 0, &none)); }
static long selects(void) { fd_set in; FD_ZERO(&in); FD_SET(a[0], &in); return error(pselect(a[0] + 1, &in, 0, 0, 0, 0)); }
static long epolls(void) {
    struct epoll_event event = {EPOLLIN, {.u32 = 9}};
    set = epoll_create1(0);
    epoll_ctl(set, EPOLL_CTL_ADD, a[0], &event);
    return error(epoll_pwait(set, &event, 1, -1, 0));
}
static void event(void) { fd = eventfd(0, 0); }
static void full_event(void) { fd = eventfd(0, 0); eventfd_write(fd, -2ULL); }
static long read_event(void) { eventfd_t v; eventfd_read(fd, &v); return v; }
static long write_event(void) { return error(eventfd_write(fd, 1)); }
static void add_event(void) { eventfd_write(fd, 3); }
static void take_event(void) { eventfd_t v; eventfd_read(fd, &v); }
static long timer(void) {
    struct itimerspec in = {.it_value = {0, 50000000}};
    uint64_t times = 0;
    fd = timerfd_create(CLOCK_MONOTONIC, 0);
    timerfd_settime(fd, 0, &in, 0);
    read(fd, &times, 8);
    return times;
}
static void watched(void) { fd = inotify_init(); inotify_add_watch(fd, ".", IN_CREATE); unlink("new"); }
static long read_watch(void) { return read(fd, room, 4096) > 0; }
static void create(void) { close(open("new", O_CREAT | O_WRONLY, 0600)); }

/* System V */
static void semaphores(void) { set = semget(IPC_PRIVATE, 2, 0600); handle(0); }
static long down(void) { struct sembuf one = {0, -1, 0}; return error(semop(set, &one, 1)); }
static long down_mixed(void) {
    struct sembuf both[] = {{0, -1, 0}, {1, -1, IPC_NOWAIT}};
    return error(semop(set, both, 2)) * 100 + semctl(set, 0, GETVAL) * 10 + semctl(set, 1, GETVAL);
}
static void up_first(void) { struct sembuf one = {0, 1, 0}; semop(set, &one, 1); }
static void up_both(void) { struct sembuf both[] = {{1, 1, 0}, {0, 1, 0}}; semop(set, both, 2); }
static void second_up(void) { struct sembuf one = {1, 1, 0}; semaphores(); semop(set, &one, 1); }
static void second_two(void) { struct sembuf one = {1, 2, 0}; semaphores(); semop(set, &one, 1); }
static void taken_here_and_up(void) { taken_here(); up_first(); }
static void up_first_slowly(void) { struct sembuf one = {1, -1, 0}; semop(set, &one, 1); settle(); up_first(); }
static long zero_mixed(void) {
    struct sembuf all[] = {{1, 0, 0}, {0, -1, IPC_NOWAIT}};
    return error(semop(set, all, 2));
}
static void lower_second(void) { struct sembuf both[] = {{0, 1, 0}, {1, -2, 0}}; semop(set, both, 2); }
static void messages(void) { set = msgget(IPC_PRIVATE, 0600); }
static struct { long kind; char text[8]; } letter = {1, "abc"};
static long get_message(void) { return error(msgrcv(set, &letter, 8, 0, 0)); }
static void put_message(void) { msgsnd(set, &letter, 3, 0); }
/* qemu-arm 7.2 leaves any kind behind where msgrcv has failed. */
static void full_queue(void) { messages(); letter.kind = 1; while (!msgsnd(set, &letter, 8, IPC_NOWAIT)) ; }
static long put_one_more(void) { letter.kind = 2; return error(msgsnd(set, &letter, 8, 0)); }
static void change_and_take(void) {
    letter.kind = 3;
    for (int left = 2; left; left--) msgrcv(set, &letter, 8, 1, 0);
    settle();
    printf("kind 3: %ld\n", error(msgrcv(set, &letter, 8, 3, IPC_NOWAIT)));
    printf("kind 2: %ld\n", error(msgrcv(set, &letter, 8, 2, IPC_NOWAIT)));
    msgctl(set, IPC_RMID, 0);
}
static void remove_messages(void) { msgctl(set, IPC_RMID, 0); }
static void remove_semaphores(void) { semctl(set, 0, IPC_RMID); }
static void remove_by_child(void) { if (!(child = fork())) { remove_semaphores(); _exit(0); } waitpid(child, 0, 0); }
static long down_timed(void) {
    struct sembuf one = {0, -1, 0};
    struct timespec time = {100, 0};
    return error(semtimedop(set, &one, 1, &time));
}

/* Two waits that end each other */
static void *other_side(void *unused) { (void)unused; as_reader(); return 0; }
static long both_ends(void) {
    pthread_t other;
    pthread_create(&other, 0, other_side, 0);
    long r = open_write();
    pthread_join(other, 0);
    return r;
}

static const struct {
    const char *name;
    void (*prepare)(void);
    long (*wait)(void);
    void (*end)(void);
} cases[] = {
    {"fifo-read", fifo, open_read, as_writer},
    {"fifo-write", fifo, open_write, as_reader},
    {"fifo-briefly", fifo, open_and_read, briefly_write},
    {"fifo-both", fifo, open_both, nothing},
    {"fifo-ends", fifo, both_ends, nothing},
    {"fifo-enxio", fifo, open_without_reader, nothing},
    {"fifo-nonblock", fifo, open_without_writer, nothing},
    {"fifo-read-eintr", fifo_plain, open_read, interrupt},
    {"fifo-write-eintr", fifo_plain, open_write, interrupt},
    {"fifo-read-restart", fifo_restart, open_read, interrupt_and_write},
    {"fifo-write-restart", fifo_restart, open_write, interrupt_and_read},
    {"fifo-child", fifo, open_read, by_child},
    {"waitall", sockets, receive_all, feed_twice},
    {"waitall-message", sockets, receive_all_message, feed_twice},
    {"waitall-peek", sockets, peek_all, feed_twice},
    {"waitall-peek-closed", sockets, peek_all, feed_and_close},
    {"waitall-tcp", tcp, receive_all, feed_twice},
    {"waitall-peek-tcp", tcp, peek_all, feed_twice},
    {"waitall-peek-tcp-closed", tcp, peek_all, feed_and_close},
    {"waitall-closed", sockets, receive_all, feed_and_close},
    {"waitall-signal", sockets_plain, receive_all, feed_and_interrupt},
    {"recv-eintr", sockets_plain, receive, interrupt},
    {"recv-other-takes", sockets_plain, receive, taken_here_and_feed},
    {"recv-restart", sockets_restart, receive, interrupt_and_feed},
    {"recv-timeout", timed, receive, nothing},
    {"read-timeout", timed, read_socket, nothing},
    {"waitall-timeout", timed, receive_all, feed},
    {"timeout-eintr", timed_restart, receive, interrupt},
    {"send-timeout", timed_and_full, send_one, nothing},
    {"write-timeout", timed_and_full, write_one, nothing},
    {"send-big", sockets, send_big, take_big},
    {"accept", listening, accept_one, connect_one},
    {"accept-timeout", listening_timed, accept_timed, nothing},
    {"connect-full", listening_full, connect_full, accept_both},
    {"datagram-full", datagrams, send_datagram, take_datagrams},
    {"recvmmsg", sockets, receive_several, feed_twice},
    {"flock", hold, lock, release},
    {"ofd-lock", hold_record, lock_record, release_record},
    {"record-lock", held_by_child, lock_of_child, end_child},
    {"waitid", sleeping_child, wait_id, feed},
    {"waitpid", sleeping_child, wait_any, feed},
    {"sendfile", full, send_file, drain},
    {"splice-out", pair, splice_out, feed},
    {"tee", pair, tee_out, feed},
    {"splice-in", full, splice_in, drain},
    {"vmsplice", full, move_in, drain},
    {"write", full, write_some, drain},
    {"writev", full, write_parts, drain},
    {"pwritev2", full, write_parts2, drain},
    {"read", pair, read_some, feed},
    {"preadv2", pair, read_parts2, feed},
    {"pause", unblocked, pauses, interrupt},
    {"sigsuspend", blocked, suspends, interrupt},
    {"sigwaitinfo", blocked, takes, to_process},
    {"sigwaitinfo-signalfd", signal_fd, takes, to_process},
    {"signalfd", signal_fd, read_signal, to_process},
    {"signalfd-queued", signal_fd, read_signal, queued},
    {"signalfd-before", raised_before, read_signal, nothing},
    {"signalfd-thread", signal_fd, read_signal, interrupt},
    {"signalfd-other", signal_fd, read_signal, to_other_first},
    {"signalfd-poll", signal_fd, poll_signal, queued},
    {"signalfd-epoll", signal_fd, epoll_signal, queued},
    {"signalfd-child", block_child, signal_of_child, feed},
    {"signalfd-empty", signal_fd, empty_signal_fd, nothing},
    {"signalfd-small", signal_fd, small_signal_read, nothing},
    {"poll", plain_pair, polls, feed},
    {"poll-eintr", plain_pair, polls, interrupt},
    {"ppoll", plain_pair, polls_masked, interrupt},
    {"pselect", plain_pair, selects, feed},
    {"epoll", plain_pair, epolls, feed},
    {"eventfd-read", event, read_event, add_event},
    {"eventfd-write", full_event, write_event, take_event},
    {"timerfd", nothing, timer, nothing},
    {"inotify", watched, read_watch, create},
    {"semop", semaphores, down, up_first},
    {"semop-eintr", semaphores, down, interrupt},
    {"semop-mixed", second_up, down_mixed, up_first},
    {"semop-mixed-fails", semaphores, down_mixed, up_first},
    {"semop-mixed-later", second_up, down_mixed, up_first_slowly},
    {"semop-mixed-other-takes", second_up, down_mixed, taken_here_and_up},
    {"semop-zero-mixed", second_two, zero_mixed, lower_second},
    {"msgrcv", messages, get_message, put_message},
    {"msgsnd", full_queue, put_one_more, change_and_take},
    {"msgrcv-removed", messages, get_message, remove_messages},
    {"msgsnd-removed", full_queue, put_one_more, remove_messages},
    {"semop-removed", semaphores, down, remove_semaphores},
    {"semop-removed-by-child", semaphores, down, remove_by_child},
    {"semop-mixed-removed", second_up, down_mixed, remove_semaphores},
    {"semtimedop-removed", semaphores, down_timed, remove_semaphores},
};

static void *run(void *wait) { waiter_id = syscall(SYS_gettid); return (void *)((long (*)(void))wait)(); }

/* The first thread ends while the other one waits for a reader of a FIFO, which comes later. */
static void *last_thread(void *unused) {
    (void)unused;
    waiter_id = syscall(SYS_gettid);
    printf("alone: %ld\n", open_write());
    return 0;
}
static void leave_alone(void) {
    fifo();
    pair();
    if (!(child = fork())) {
        char c;
        read(a[0], &c, 1);
        usleep(300000);
        as_reader();
        _exit(0);
    }
    pthread_create(&waiter, 0, last_thread, 0);
    settle();
    feed();
    pthread_exit(0);
}

static int chosen(const char *what, int count, char **names) {
    for (int i = 1; i < count; i++) if (!strcmp(names[i], what)) return 1;
    return count < 2;
}

int main(int count, char **names) {
    setvbuf(stdout, 0, _IONBF, 0);
    signal(SIGPIPE, SIG_IGN);
    if (count == 2 && !strcmp(names[1], "alone")) leave_alone();
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        void *result;
        if (!chosen(cases[i].name, count, names)) continue;
        cases[i].prepare();
        waiter_id = 0;
        pthread_create(&waiter, 0, run, cases[i].wait);
        settle();
        cases[i].end();
        pthread_join(waiter, &result);
        printf("%s: %ld\n", cases[i].name, (long)result);
        sigset_t none;
        sigemptyset(&none);
        pthread_sigmask(SIG_SETMASK, &none, 0);
    }
    return 0;
}

/* Load for the benchmarks: sends messages over one connection and counts what comes out of others.
 *
 *   load flat  IN COUNT SIZE WINDOW CHUNK ID OUT...   as fast as it goes, WINDOW messages on the way
 *   load paced IN COUNT SIZE RATE   CHUNK ID OUT...   RATE a second, each one timed
 *
 * IN and OUT are descriptors of open connections, SIZE the octets of a message as it comes out, ID the
 * place of eight hexadecimal digits that count (-1: none). The message itself is read from standard
 * input. CHUNK messages go out in one write. An OUT of the form -7 is descriptor 7, which is never
 * read and not waited for. Prints `flat: delivered seconds` or `paced: delivered p50 p99` (us).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { MAX_MESSAGE = 1 << 16, MAX_OUT = 4096, ROOM = 1 << 20 };
static char message[MAX_MESSAGE], sink[ROOM];
static long got[MAX_OUT];
static int descriptors[MAX_OUT], outs, poller;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void number(char *place, unsigned value) {
    for (int digit = 7; digit >= 0; digit--, value >>= 4) place[digit] = "0123456789abcdef"[value & 15];
}

static void watch(int descriptor, int index, unsigned events, int operation) {
    struct epoll_event event = {.events = events, .data.u32 = index};
    if (epoll_ctl(poller, operation, descriptor, &event) < 0) fail("epoll_ctl");
}

static long take(int index) {
    long sum = 0;
    for (;;) {
        ssize_t count = read(descriptors[index], sink, ROOM);
        if (count < 0 && (errno == EAGAIN || errno == EINTR)) return sum;
        if (count <= 0) fail("a receiver's connection ended");
        sum += count;
        if (count < ROOM) return sum;
    }
}

static int later(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

int main(int arguments, char **argument) {
    if (arguments < 9) return 2;
    int paced = !strcmp(argument[1], "paced"), in = atoi(argument[2]);
    long count = atol(argument[3]), size = atol(argument[4]), limit = atol(argument[5]);
    long chunk = atol(argument[6]), id = atol(argument[7]);
    long length = 0;
    for (ssize_t part; (part = read(0, message + length, MAX_MESSAGE - length)) > 0;) length += part;
    poller = epoll_create1(0);
    for (int place = 8; place < arguments; place++) {
        int descriptor = atoi(argument[place]);
        if (descriptor < 0) continue;
        fcntl(descriptor, F_SETFL, O_NONBLOCK);
        descriptors[outs] = descriptor;
        watch(descriptor, outs++, EPOLLIN, EPOLL_CTL_ADD);
    }
    fcntl(in, F_SETFL, O_NONBLOCK);
    /* The sender's own connection is watched for room alone, while there is none. */
    watch(in, MAX_OUT, 0, EPOLL_CTL_ADD);
    char *block = malloc(chunk * length);
    double *trips = malloc(sizeof(double) * (paced ? count * outs : 1));
    long wanted = count * size * outs, total = 0, made = 0, left = 0, measured = 0;
    char *rest = block;
    double begun = now(), last = begun, next = begun, sent = 0;
    int blocked = 0;
    while (total < wanted && now() - last < 5) {
        double time = now();
        int may = paced ? total == made * size * outs && time >= next && made < count
                        : made * outs * size - total < limit * outs * size && made < count;
        if (!left && may) {
            long several = chunk < count - made ? chunk : count - made;
            for (long each = 0; each < several; each++) {
                memcpy(block + each * length, message, length);
                if (id >= 0) number(block + each * length + id, (unsigned)(made + each + 1));
            }
            made += several;
            rest = block;
            left = several * length;
            sent = now();
            next += paced ? (double)several / limit : 0;
            if (next < time) next = time;
        }
        while (left && !blocked) {
            ssize_t written = write(in, rest, left);
            if (written < 0 && errno == EAGAIN) {
                blocked = 1;
                watch(in, MAX_OUT, EPOLLOUT, EPOLL_CTL_MOD);
            } else if (written < 0) {
                fail("the sender's connection");
            } else {
                rest += written;
                left -= written;
            }
        }
        int isReady = !left && !paced && made < count && made * outs * size - total < limit * outs * size;
        double pause = paced && !left && total == made * size * outs ? next - now() : 0.2;
        if (paced && pause > 0 && pause < 0.2) {
            struct timespec nap = {0, (long)(pause * 1e9)};
            nanosleep(&nap, NULL);
            continue;
        }
        struct epoll_event events[256];
        int ready = epoll_wait(poller, events, 256, isReady || pause <= 0 ? 0 : 200);
        for (int each = 0; each < ready; each++) {
            unsigned index = events[each].data.u32;
            if (index == MAX_OUT) {
                blocked = 0;
                watch(in, MAX_OUT, 0, EPOLL_CTL_MOD);
                continue;
            }
            long octets = take(index);
            total += octets;
            got[index] += octets;
            last = now();
            if (paced && got[index] == made * size) trips[measured++] = (last - sent) * 1e6;
        }
    }
    long delivered = total / size;
    if (!paced) return printf("%ld %.6f\n", delivered, last - begun) < 0;
    qsort(trips, measured, sizeof *trips, later);
    if (!measured) return 1;
    return printf("%ld %.1f %.1f\n", delivered, trips[measured / 2], trips[measured * 99 / 100]) < 0;
}

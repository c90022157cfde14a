/* Load of datagrams: sends a message over one connected socket and counts what comes out of another.
 *
 *   load_udp IN OUT COUNT WINDOW ID    WINDOW datagrams on the way at most; ID as in load.c
 *
 * The message is read from standard input. Datagrams that did not come out while nothing came for 20 ms
 * count as lost. Prints `sent delivered seconds`.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 32, MAX_MESSAGE = 2048 };

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static void number(char *place, unsigned value) {
    for (int digit = 7; digit >= 0; digit--, value >>= 4) place[digit] = "0123456789abcdef"[value & 15];
}

int main(int arguments, char **argument) {
    if (arguments != 6) return 2;
    static char message[MAX_MESSAGE], out[BATCH][MAX_MESSAGE], in[BATCH][MAX_MESSAGE];
    static struct mmsghdr sending[BATCH], taking[BATCH];
    static struct iovec leaving[BATCH], arriving[BATCH];
    int from = atoi(argument[1]), to = atoi(argument[2]);
    long count = atol(argument[3]), window = atol(argument[4]), id = atol(argument[5]);
    long length = 0;
    for (ssize_t part; (part = read(0, message + length, MAX_MESSAGE - length)) > 0;) length += part;
    for (int each = 0; each < BATCH; each++) {
        memcpy(out[each], message, length);
        leaving[each] = (struct iovec){out[each], length};
        arriving[each] = (struct iovec){in[each], MAX_MESSAGE};
        sending[each].msg_hdr = (struct msghdr){.msg_iov = &leaving[each], .msg_iovlen = 1};
        taking[each].msg_hdr = (struct msghdr){.msg_iov = &arriving[each], .msg_iovlen = 1};
    }
    fcntl(from, F_SETFL, O_NONBLOCK);
    fcntl(to, F_SETFL, O_NONBLOCK);
    long sent = 0, delivered = 0, lost = 0;
    double begun = now(), last = begun;
    while (sent < count || sent - delivered - lost > 0) {
        long room = window - (sent - delivered - lost);
        if (room > count - sent) room = count - sent;
        if (room > BATCH) room = BATCH;
        if (room > 0) {
            for (long each = 0; id >= 0 && each < room; each++) number(out[each] + id, (unsigned)(sent + each + 1));
            int done = sendmmsg(from, sending, room, 0);
            if (done > 0) sent += done;
            if (done < 0 && errno != EAGAIN && errno != ENOBUFS) perror("sendmmsg"), exit(1);
        }
        int done;
        while ((done = recvmmsg(to, taking, BATCH, 0, NULL)) > 0) {
            delivered += done;
            last = now();
        }
        if (sent - delivered - lost < window && sent < count) continue;
        struct pollfd ready = {.fd = to, .events = POLLIN};
        if (poll(&ready, 1, 20) == 0) lost = sent - delivered;
    }
    printf("%ld %ld %.6f\n", sent, delivered, last - begun);
    return 0;
}

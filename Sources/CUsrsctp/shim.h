#ifndef KOS_USRSCTP_H
#define KOS_USRSCTP_H

/* usrsctp without threads and without sockets: packets are handed in and out, addresses are
   numbers. A pointer in their place would go out in the cookie (CVE-2020-6514). */

#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <usrsctp.h>

/* The functions that are used, looked up when they are first wanted: a program without
   data channels starts without the library. */
#define KOS_USRSCTP(X) \
    X(usrsctp_bind) X(usrsctp_close) X(usrsctp_connect) X(usrsctp_conninput) \
    X(usrsctp_deregister_address) X(usrsctp_get_events) X(usrsctp_getsockopt) \
    X(usrsctp_handle_timers) X(usrsctp_init_nothreads) X(usrsctp_recvv) \
    X(usrsctp_register_address) X(usrsctp_sendv) X(usrsctp_set_non_blocking) \
    X(usrsctp_set_upcall) X(usrsctp_setsockopt) X(usrsctp_shutdown) X(usrsctp_socket) \
    X(usrsctp_sysctl_set_sctp_asconf_enable) X(usrsctp_sysctl_set_sctp_auth_enable) \
    X(usrsctp_sysctl_set_sctp_delayed_sack_time_default) X(usrsctp_sysctl_set_sctp_ecn_enable) \
    X(usrsctp_sysctl_set_sctp_heartbeat_interval_default) \
    X(usrsctp_sysctl_set_sctp_initial_cwnd) X(usrsctp_sysctl_set_sctp_max_burst_default) \
    X(usrsctp_sysctl_set_sctp_max_chunks_on_queue) \
    X(usrsctp_sysctl_set_sctp_nr_outgoing_streams_default) \
    X(usrsctp_sysctl_set_sctp_pktdrop_enable) X(usrsctp_sysctl_set_sctp_recvspace) \
    X(usrsctp_sysctl_set_sctp_rto_initial_default) X(usrsctp_sysctl_set_sctp_rto_min_default) \
    X(usrsctp_sysctl_set_sctp_sendspace)

struct kos_usrsctp {
#define X(name) __typeof__(name) *name;
    KOS_USRSCTP(X)
#undef X
};

/* NULL on a host that does not have the library, or another one than was built for. */
static inline const struct kos_usrsctp *kos_usrsctp_load(void) {
    struct kos_usrsctp *library = (struct kos_usrsctp *)calloc(1, sizeof *library);
    void *handle = dlopen("libusrsctp.so.2", RTLD_NOW | RTLD_LOCAL);
    int good = library != NULL && handle != NULL;
#define X(name) \
    good = good && (library->name = (__typeof__(name) *)dlsym(handle, #name)) != NULL;
    KOS_USRSCTP(X)
#undef X
    if (good) return library;
    free(library);
    return NULL;
}

static inline struct sockaddr_conn kos_sctp_address(uintptr_t number, uint16_t port) {
    struct sockaddr_conn address;
    memset(&address, 0, sizeof address);
    address.sconn_family = AF_CONN;
    address.sconn_port = htons(port);
    address.sconn_addr = (void *)number;
    return address;
}

/* What the whole stack keeps to. */
static inline void kos_sctp_start(
    const struct kos_usrsctp *lib, int (*output)(void *, void *, size_t, uint8_t, uint8_t),
    uint32_t buffer, uint32_t chunk) {
    lib->usrsctp_init_nothreads(0, output, NULL);
    lib->usrsctp_sysctl_set_sctp_ecn_enable(0);
    lib->usrsctp_sysctl_set_sctp_asconf_enable(0);
    lib->usrsctp_sysctl_set_sctp_auth_enable(0);
    lib->usrsctp_sysctl_set_sctp_pktdrop_enable(0);
    lib->usrsctp_sysctl_set_sctp_nr_outgoing_streams_default(64);
    lib->usrsctp_sysctl_set_sctp_sendspace(buffer);
    lib->usrsctp_sysctl_set_sctp_recvspace(buffer);
    lib->usrsctp_sysctl_set_sctp_max_chunks_on_queue(chunk);
    lib->usrsctp_sysctl_set_sctp_initial_cwnd(10);
    lib->usrsctp_sysctl_set_sctp_max_burst_default(0);
    lib->usrsctp_sysctl_set_sctp_rto_min_default(200);
    lib->usrsctp_sysctl_set_sctp_rto_initial_default(500);
    lib->usrsctp_sysctl_set_sctp_delayed_sack_time_default(20);
    lib->usrsctp_sysctl_set_sctp_heartbeat_interval_default(15000);
}

/* A socket of one association, bound to its own number; NULL with errno. */
static inline struct socket *kos_sctp_socket(
    const struct kos_usrsctp *lib, uintptr_t number, uint16_t port, void (*happened)(struct
    socket *, void *, int), uint32_t mtu) {
    struct socket *made = lib->usrsctp_socket(
        AF_CONN, SOCK_STREAM, IPPROTO_SCTP, NULL, NULL, 0, NULL);
    if (made == NULL) return NULL;
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    struct sctp_assoc_value resets = {
        .assoc_id = SCTP_ALL_ASSOC,
        .assoc_value = SCTP_ENABLE_RESET_STREAM_REQ | SCTP_ENABLE_CHANGE_ASSOC_REQ};
    struct sctp_paddrparams path;
    memset(&path, 0, sizeof path);
    path.spp_address.ss_family = AF_CONN;
    path.spp_flags = SPP_PMTUD_DISABLE;
    path.spp_pathmtu = mtu;
    struct sctp_initmsg streams;
    memset(&streams, 0, sizeof streams);
    streams.sinit_num_ostreams = 64;
    streams.sinit_max_instreams = 1024;
    uint32_t on = 1, complete = 1;
    struct sockaddr_conn own = kos_sctp_address(number, port);
    struct sctp_event event;
    memset(&event, 0, sizeof event);
    event.se_assoc_id = SCTP_ALL_ASSOC;
    event.se_on = 1;
    const uint16_t wanted[] = {SCTP_ASSOC_CHANGE, SCTP_STREAM_RESET_EVENT};
    int failed = lib->usrsctp_set_non_blocking(made, 1) != 0
        || lib->usrsctp_set_upcall(made, happened, (void *)number) != 0
        || lib->usrsctp_setsockopt(made, IPPROTO_SCTP, SCTP_RECVRCVINFO, &on, sizeof on) != 0
        || lib->usrsctp_setsockopt(made, SOL_SOCKET, SO_LINGER, &linger, sizeof linger) != 0
        || lib->usrsctp_setsockopt(
               made, IPPROTO_SCTP, SCTP_ENABLE_STREAM_RESET, &resets, sizeof resets) != 0
        || lib->usrsctp_setsockopt(made, IPPROTO_SCTP, SCTP_NODELAY, &on, sizeof on) != 0
        || lib->usrsctp_setsockopt(
               made, IPPROTO_SCTP, SCTP_EXPLICIT_EOR, &complete, sizeof complete) != 0
        || lib->usrsctp_setsockopt(
               made, IPPROTO_SCTP, SCTP_INITMSG, &streams, sizeof streams) != 0
        || lib->usrsctp_setsockopt(
               made, IPPROTO_SCTP, SCTP_PEER_ADDR_PARAMS, &path, sizeof path) != 0;
    for (size_t index = 0; !failed && index < sizeof wanted / sizeof wanted[0]; index++) {
        event.se_type = wanted[index];
        failed = lib->usrsctp_setsockopt(
            made, IPPROTO_SCTP, SCTP_EVENT, &event, sizeof event) != 0;
    }
    if (failed || lib->usrsctp_bind(made, (struct sockaddr *)&own, sizeof own) != 0) {
        lib->usrsctp_close(made);
        return NULL;
    }
    return made;
}

/* Begins the association: both ends do (RFC 8831 §6.2). 0, or errno. */
static inline int kos_sctp_connect(
    const struct kos_usrsctp *lib, struct socket *made, uintptr_t number, uint16_t port) {
    struct sockaddr_conn other = kos_sctp_address(number, port);
    if (lib->usrsctp_connect(made, (struct sockaddr *)&other, sizeof other) == 0) return 0;
    return errno == EINPROGRESS ? 0 : errno;
}

/* Octets that were taken, or -1 with errno. */
static inline ssize_t kos_sctp_send(
    const struct kos_usrsctp *lib, struct socket *made, const void *octets, size_t size,
    uint16_t stream, uint32_t payload, int is_last) {
    struct sctp_sendv_spa info;
    memset(&info, 0, sizeof info);
    info.sendv_flags = SCTP_SEND_SNDINFO_VALID;
    info.sendv_sndinfo.snd_sid = stream;
    info.sendv_sndinfo.snd_ppid = htonl(payload);
    info.sendv_sndinfo.snd_flags = is_last ? SCTP_EOR : 0;
    return lib->usrsctp_sendv(
        made, octets, size, NULL, 0, &info, sizeof info, SCTP_SENDV_SPA, 0);
}

/* The next piece of a message: its octets, or -1 with errno. `flags` has MSG_EOR at the end of a
   message, and MSG_NOTIFICATION where it is the stack that speaks. */
static inline ssize_t kos_sctp_receive(
    const struct kos_usrsctp *lib, struct socket *made, void *room, size_t size, uint16_t
    *stream, uint32_t *payload, int *flags) {
    struct sctp_rcvinfo info;
    memset(&info, 0, sizeof info);
    socklen_t info_size = sizeof info, from_size = 0;
    unsigned int type = 0;
    *flags = 0;
    ssize_t count = lib->usrsctp_recvv(
        made, room, size, NULL, &from_size, &info, &info_size, &type, flags);
    *stream = info.rcv_sid;
    *payload = ntohl(info.rcv_ppid);
    return count;
}

/* Chunks that the other end has not acknowledged yet, sent or not. */
static inline uint32_t kos_sctp_waiting(const struct kos_usrsctp *lib, struct socket *made) {
    struct sctp_status status;
    memset(&status, 0, sizeof status);
    socklen_t size = sizeof status;
    if (lib->usrsctp_getsockopt(made, IPPROTO_SCTP, SCTP_STATUS, &status, &size) != 0) return 0;
    return (uint32_t)status.sstat_unackdata + status.sstat_penddata;
}

/* Closes one stream from this side (RFC 6525). */
static inline int kos_sctp_reset(
    const struct kos_usrsctp *lib, struct socket *made, uint16_t stream) {
    struct {
        struct sctp_reset_streams head;
        uint16_t list[1];
    } request;
    memset(&request, 0, sizeof request);
    request.head.srs_assoc_id = SCTP_ALL_ASSOC;
    request.head.srs_flags = SCTP_STREAM_RESET_OUTGOING;
    request.head.srs_number_streams = 1;
    memcpy((char *)&request + sizeof request.head, &stream, sizeof stream);
    return lib->usrsctp_setsockopt(
        made, IPPROTO_SCTP, SCTP_RESET_STREAMS, &request,
        sizeof request.head + sizeof stream);
}

#endif

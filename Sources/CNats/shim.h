#ifndef KOS_NATS_H
#define KOS_NATS_H

#include <dlfcn.h>
#include <nats/nats.h>
#include <stdlib.h>

/* The functions that are used, looked up when they are first wanted: a relay without a
   cluster starts without the library. */
#define KOS_NATS(X) \
    X(natsConnection_Connect) X(natsConnection_Destroy) X(natsConnection_FlushTimeout) \
    X(natsConnection_GetLastError) X(natsConnection_IsClosed) X(natsConnection_PublishMsg) \
    X(natsConnection_Subscribe) X(natsMsgHeader_Get) X(natsMsgHeader_Set) X(natsMsg_Create) \
    X(natsMsg_Destroy) X(natsMsg_GetData) X(natsMsg_GetDataLength) X(natsMsg_GetReply) \
    X(natsMsg_GetSubject) X(natsOptions_Create) X(natsOptions_Destroy) \
    X(natsOptions_LoadCATrustedCertificates) X(natsOptions_LoadCertificatesChain) \
    X(natsOptions_SetAllowReconnect) X(natsOptions_SetClosedCB) X(natsOptions_SetErrorHandler) \
    X(natsOptions_SetMaxPingsOut) X(natsOptions_SetNKey) X(natsOptions_SetName) \
    X(natsOptions_SetNoEcho) X(natsOptions_SetPingInterval) X(natsOptions_SetSecure) \
    X(natsOptions_SetTimeout) X(natsOptions_SetURL) X(natsOptions_SetWriteDeadline) \
    X(natsOptions_UseGlobalMessageDelivery) X(natsStatus_GetText) X(natsSubscription_Destroy) \
    X(nats_GetLastError)

struct kos_nats {
#define X(name) __typeof__(name) *name;
    KOS_NATS(X)
#undef X
};

/* NULL on a host that does not have the library, or another one than was built for. */
static inline const struct kos_nats *kos_nats_load(void) {
    struct kos_nats *library = (struct kos_nats *)calloc(1, sizeof *library);
    void *handle = dlopen("libnats.so.3.4", RTLD_NOW | RTLD_LOCAL);
    int good = library != NULL && handle != NULL;
#define X(name) \
    good = good && (library->name = (__typeof__(name) *)dlsym(handle, #name)) != NULL;
    KOS_NATS(X)
#undef X
    if (good) return library;
    free(library);
    return NULL;
}

#endif

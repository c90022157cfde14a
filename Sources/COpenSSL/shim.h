#ifndef KOS_OPENSSL_H
#define KOS_OPENSSL_H

/* OpenSSL's DTLS over memory. What OpenSSL has as macros is a function here: Swift does not see
   macros that take arguments. */

#include <dlfcn.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/time.h>

/* The functions that are used, looked up when they are first wanted: libssl and
   libcrypto cost every start more than all else in it. */
#define KOS_OPENSSL(X) \
    X(BIO_ctrl) X(BIO_ctrl_pending) X(BIO_free) X(BIO_new) X(BIO_read) X(BIO_s_mem) X(BIO_write) \
    X(DTLS_method) X(ERR_clear_error) X(ERR_get_error) X(ERR_reason_error_string) \
    X(EVP_PKEY_free) X(EVP_sha256) X(SSL_CTX_ctrl) X(SSL_CTX_free) X(SSL_CTX_new) \
    X(SSL_CTX_set_cipher_list) X(SSL_CTX_set_cookie_generate_cb) X(SSL_CTX_set_cookie_verify_cb) \
    X(SSL_CTX_set_options) X(SSL_CTX_set_tlsext_use_srtp) X(SSL_CTX_set_verify) \
    X(SSL_CTX_use_PrivateKey) X(SSL_CTX_use_certificate_ASN1) X(SSL_ctrl) X(SSL_do_handshake) \
    X(SSL_free) X(SSL_get1_peer_certificate) X(SSL_get_error) X(SSL_get_rbio) X(SSL_get_state) \
    X(SSL_get_wbio) X(SSL_new) X(SSL_read) X(SSL_set_accept_state) X(SSL_set_bio) \
    X(SSL_set_connect_state) X(SSL_shutdown) X(SSL_write) X(X509_digest) X(X509_free) \
    X(d2i_AutoPrivateKey) X(i2d_X509)

struct kos_openssl {
#define X(name) __typeof__(name) *name;
    KOS_OPENSSL(X)
#undef X
};

/* NULL on a host that does not have the library, or another one than was built for. */
static inline const struct kos_openssl *kos_openssl_load(void) {
    struct kos_openssl *library = (struct kos_openssl *)calloc(1, sizeof *library);
    void *handle = dlopen("libssl.so.3", RTLD_NOW | RTLD_LOCAL);
    int good = library != NULL && handle != NULL;
#define X(name) \
    good = good && (library->name = (__typeof__(name) *)dlsym(handle, #name)) != NULL;
    KOS_OPENSSL(X)
#undef X
    if (good) return library;
    free(library);
    return NULL;
}

/* A context for DTLS 1.2 with this certificate and key (both DER); NULL where OpenSSL does not take
   them. Every peer has to show a certificate; which one is right, its fingerprint says. */
static inline SSL_CTX *kos_dtls_context(
    const struct kos_openssl *lib, const unsigned char *certificate, long certificate_size,
    const unsigned char *key, long key_size, int (*accept)(int, X509_STORE_CTX *), int
    (*make_cookie)(SSL *, unsigned char *, unsigned int *), int (*check_cookie)(SSL *, const
    unsigned char *, unsigned int)) {
    SSL_CTX *context = lib->SSL_CTX_new(lib->DTLS_method());
    if (context == NULL) return NULL;
    const unsigned char *at = key;
    EVP_PKEY *parsed = lib->d2i_AutoPrivateKey(NULL, &at, key_size);
    int good = parsed != NULL
        && lib->SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, DTLS1_2_VERSION, NULL) == 1
        && lib->SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1
        && lib->SSL_CTX_use_certificate_ASN1(context, (int)certificate_size, certificate) == 1
        && lib->SSL_CTX_use_PrivateKey(context, parsed) == 1
        /* No media is sent; without the extension others end the handshake. 0 is good here. */
        && lib->SSL_CTX_set_tlsext_use_srtp(
               context, "SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80") == 0;
    lib->EVP_PKEY_free(parsed);
    if (!good) {
        lib->SSL_CTX_free(context);
        return NULL;
    }
    lib->SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, accept);
    lib->SSL_CTX_set_options(
        context, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION
            | SSL_OP_COOKIE_EXCHANGE);
    lib->SSL_CTX_ctrl(context, SSL_CTRL_SET_SESS_CACHE_MODE, SSL_SESS_CACHE_OFF, NULL);
    lib->SSL_CTX_ctrl(context, SSL_CTRL_MODE, SSL_MODE_RELEASE_BUFFERS, NULL);
    lib->SSL_CTX_set_cookie_generate_cb(context, make_cookie);
    lib->SSL_CTX_set_cookie_verify_cb(context, check_cookie);
    return context;
}

/* One end of a connection; what it says goes into, and what it hears comes out of, memory. */
static inline SSL *kos_dtls_new(
    const struct kos_openssl *lib, SSL_CTX *context, int is_server, long mtu) {
    SSL *ssl = lib->SSL_new(context);
    if (ssl == NULL) return NULL;
    BIO *in = lib->BIO_new(lib->BIO_s_mem()), *out = lib->BIO_new(lib->BIO_s_mem());
    if (in == NULL || out == NULL) {
        lib->BIO_free(in);
        lib->BIO_free(out);
        lib->SSL_free(ssl);
        return NULL;
    }
    lib->BIO_ctrl(in, BIO_C_SET_BUF_MEM_EOF_RETURN, -1, NULL);
    lib->BIO_ctrl(out, BIO_C_SET_BUF_MEM_EOF_RETURN, -1, NULL);
    lib->SSL_set_bio(ssl, in, out);
    lib->SSL_ctrl(ssl, SSL_CTRL_SET_MTU, mtu, NULL);
    if (is_server) lib->SSL_set_accept_state(ssl);
    else lib->SSL_set_connect_state(ssl);
    return ssl;
}

static inline int kos_dtls_feed(
    const struct kos_openssl *lib, SSL *ssl, const void *octets, int size) {
    return lib->BIO_write(lib->SSL_get_rbio(ssl), octets, size);
}

static inline int kos_dtls_take(const struct kos_openssl *lib, SSL *ssl, void *octets, int size) {
    return lib->BIO_read(lib->SSL_get_wbio(ssl), octets, size);
}

static inline size_t kos_dtls_waiting(const struct kos_openssl *lib, SSL *ssl) {
    return lib->BIO_ctrl_pending(lib->SSL_get_wbio(ssl));
}

/* Microseconds until a flight has to be sent again; -1 while nothing waits. */
static inline long kos_dtls_timeout(const struct kos_openssl *lib, SSL *ssl) {
    struct timeval left;
    if (lib->SSL_ctrl(ssl, DTLS_CTRL_GET_TIMEOUT, 0, &left) != 1) return -1;
    return left.tv_sec * 1000000 + left.tv_usec;
}

static inline long kos_dtls_repeat(const struct kos_openssl *lib, SSL *ssl) {
    return lib->SSL_ctrl(ssl, DTLS_CTRL_HANDLE_TIMEOUT, 0, NULL);
}

/* Whether a server has got its cookie back: who is there has read what was sent there. */
static inline int kos_dtls_is_proven(const struct kos_openssl *lib, SSL *ssl) {
    switch (lib->SSL_get_state(ssl)) {
    case TLS_ST_BEFORE:
    case TLS_ST_SR_CLNT_HELLO:
    case DTLS_ST_SW_HELLO_VERIFY_REQUEST: return 0;
    default: return 1;
    }
}

/* SHA-256 of the certificate that the other end has shown; 0 where it has shown none. */
static inline int kos_dtls_peer_digest(
    const struct kos_openssl *lib, SSL *ssl, unsigned char digest[32]) {
    X509 *certificate = lib->SSL_get1_peer_certificate(ssl);
    if (certificate == NULL) return 0;
    unsigned int size = 32;
    int good = lib->X509_digest(certificate, lib->EVP_sha256(), digest, &size);
    lib->X509_free(certificate);
    return good == 1 && size == 32;
}

/* The same certificate in DER, at most `room` octets of it; its whole size, 0 for none. */
static inline int kos_dtls_peer_certificate(
    const struct kos_openssl *lib, SSL *ssl, unsigned char *octets, int room) {
    X509 *certificate = lib->SSL_get1_peer_certificate(ssl);
    if (certificate == NULL) return 0;
    int size = lib->i2d_X509(certificate, NULL);
    if (size > 0 && size <= room) size = lib->i2d_X509(certificate, &octets);
    lib->X509_free(certificate);
    return size;
}

#endif

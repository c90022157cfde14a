#ifndef KOS_OPENSSL_H
#define KOS_OPENSSL_H

/* OpenSSL's DTLS over memory. What OpenSSL has as macros is a function here: Swift does not see
   macros that take arguments. */

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/time.h>

/* A context for DTLS 1.2 with this certificate and key (both DER); NULL where OpenSSL does not take
   them. Every peer has to show a certificate; which one is right, its fingerprint says. */
static inline SSL_CTX *kos_dtls_context(
    const unsigned char *certificate, long certificate_size, const unsigned char *key,
    long key_size, int (*accept)(int, X509_STORE_CTX *),
    int (*make_cookie)(SSL *, unsigned char *, unsigned int *),
    int (*check_cookie)(SSL *, const unsigned char *, unsigned int)) {
    SSL_CTX *context = SSL_CTX_new(DTLS_method());
    if (context == NULL) return NULL;
    const unsigned char *at = key;
    EVP_PKEY *parsed = d2i_AutoPrivateKey(NULL, &at, key_size);
    int good = parsed != NULL
        && SSL_CTX_set_min_proto_version(context, DTLS1_2_VERSION) == 1
        && SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1
        && SSL_CTX_use_certificate_ASN1(context, (int)certificate_size, certificate) == 1
        && SSL_CTX_use_PrivateKey(context, parsed) == 1
        /* No media is sent; without the extension others end the handshake. 0 is good here. */
        && SSL_CTX_set_tlsext_use_srtp(
               context, "SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80") == 0;
    EVP_PKEY_free(parsed);
    if (!good) {
        SSL_CTX_free(context);
        return NULL;
    }
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, accept);
    SSL_CTX_set_options(
        context, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION
            | SSL_OP_COOKIE_EXCHANGE);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_cookie_generate_cb(context, make_cookie);
    SSL_CTX_set_cookie_verify_cb(context, check_cookie);
    return context;
}

/* One end of a connection; what it says goes into, and what it hears comes out of, memory. */
static inline SSL *kos_dtls_new(SSL_CTX *context, int is_server, long mtu) {
    SSL *ssl = SSL_new(context);
    if (ssl == NULL) return NULL;
    BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
    if (in == NULL || out == NULL) {
        BIO_free(in);
        BIO_free(out);
        SSL_free(ssl);
        return NULL;
    }
    BIO_set_mem_eof_return(in, -1);
    BIO_set_mem_eof_return(out, -1);
    SSL_set_bio(ssl, in, out);
    SSL_set_mtu(ssl, mtu);
    if (is_server) SSL_set_accept_state(ssl);
    else SSL_set_connect_state(ssl);
    return ssl;
}

static inline int kos_dtls_feed(SSL *ssl, const void *octets, int size) {
    return BIO_write(SSL_get_rbio(ssl), octets, size);
}

static inline int kos_dtls_take(SSL *ssl, void *octets, int size) {
    return BIO_read(SSL_get_wbio(ssl), octets, size);
}

static inline size_t kos_dtls_waiting(SSL *ssl) { return BIO_ctrl_pending(SSL_get_wbio(ssl)); }

/* Microseconds until a flight has to be sent again; -1 while nothing waits. */
static inline long kos_dtls_timeout(SSL *ssl) {
    struct timeval left;
    if (DTLSv1_get_timeout(ssl, &left) != 1) return -1;
    return left.tv_sec * 1000000 + left.tv_usec;
}

static inline long kos_dtls_repeat(SSL *ssl) { return DTLSv1_handle_timeout(ssl); }

/* Whether a server has got its cookie back: who is there has read what was sent there. */
static inline int kos_dtls_is_proven(SSL *ssl) {
    switch (SSL_get_state(ssl)) {
    case TLS_ST_BEFORE:
    case TLS_ST_SR_CLNT_HELLO:
    case DTLS_ST_SW_HELLO_VERIFY_REQUEST: return 0;
    default: return 1;
    }
}

/* SHA-256 of the certificate that the other end has shown; 0 where it has shown none. */
static inline int kos_dtls_peer_digest(SSL *ssl, unsigned char digest[32]) {
    X509 *certificate = SSL_get1_peer_certificate(ssl);
    if (certificate == NULL) return 0;
    unsigned int size = 32;
    int good = X509_digest(certificate, EVP_sha256(), digest, &size);
    X509_free(certificate);
    return good == 1 && size == 32;
}

/* The same certificate in DER, at most `room` octets of it; its whole size, 0 for none. */
static inline int kos_dtls_peer_certificate(SSL *ssl, unsigned char *octets, int room) {
    X509 *certificate = SSL_get1_peer_certificate(ssl);
    if (certificate == NULL) return 0;
    int size = i2d_X509(certificate, NULL);
    if (size > 0 && size <= room) size = i2d_X509(certificate, &octets);
    X509_free(certificate);
    return size;
}

#endif

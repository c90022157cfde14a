#if WebRTC
    import COpenSSL
    import Crypto
    package import KosCore

    /// What every DTLS connection of a node begins with: its certificate, and what it asks of
    /// others.
    package final class DTLSContext {
        fileprivate let lib: OpenSSL
        /// SHA-256 of the certificate, for descriptions.
        package let fingerprint: SessionDescription.Fingerprint
        fileprivate let context: OpaquePointer

        /// Nil where OpenSSL is not there or does not take them; both are DER.
        package init?(certificate: [UInt8], key: [UInt8]) {
            guard let lib = Library.openSSL,
                let context = kos_dtls_context(
                    lib, certificate, certificate.count, key, key.count, { _, _ in 1 },
                    { ssl, room, size in
                        let cookie = DTLSContext.cookie(ssl)
                        for (index, octet) in cookie.enumerated() { room?[index] = octet }
                        size?.pointee = UInt32(cookie.count)
                        return 1
                    },
                    { ssl, given, size in
                        let cookie = DTLSContext.cookie(ssl)
                        guard let given, Int(size) == cookie.count else { return 0 }
                        let same = cookie.enumerated().reduce(UInt8(0)) { $0 | $1.1 ^ given[$1.0] }
                        return same == 0 ? 1 : 0
                    })
            else { return nil }
            self.lib = lib
            self.context = context
            fingerprint = SessionDescription.Fingerprint(
                algorithm: "sha-256", octets: Array(SHA256.hash(data: certificate)))
        }

        deinit { lib.pointee.SSL_CTX_free(context) }

        private static let secret = SymmetricKey(size: .bits256)

        /// Known to whoever has read what was sent to this connection (RFC 6347 §4.2.1).
        private static func cookie(_ ssl: OpaquePointer?) -> [UInt8] {
            let name = withUnsafeBytes(of: UInt(bitPattern: ssl)) { Array($0) }
            let code = HMAC<SHA256>.authenticationCode(for: name, using: secret)
            return Array(Array(code).prefix(16))
        }
    }

    /// One DTLS 1.2 connection over datagrams (RFC 6347), by OpenSSL and without a socket.
    package final class DTLSSession {
        package enum Progress: Equatable {
            case going
            /// The handshake has come to its end.
            case ready
            case closed
            case failed(String)
        }
        /// Octets of a datagram (facts of the path are not asked for).
        static let mtu = 1200
        private static let maxCertificate = 16384

        private let lib: OpenSSL
        private let ssl: OpaquePointer
        private let isServer: Bool
        private var isReady = false
        /// Where a record is put for the moment; everything here happens on one loop.
        nonisolated(unsafe) private static let room = UnsafeMutableRawBufferPointer.allocate(
            byteCount: 17 * 1024, alignment: 16)
        /// Told of every datagram that has to go out.
        package var send: ([UInt8]) -> Void = { _ in }
        /// Told of what the other end has sent.
        package var received: (UnsafeRawBufferPointer) -> Void = { _ in }

        /// Nil where there is no memory for it.
        package init?(_ context: DTLSContext, isServer: Bool) {
            guard
                let made = kos_dtls_new(
                    context.lib, context.context, isServer ? 1 : 0, DTLSSession.mtu)
            else { return nil }
            lib = context.lib
            ssl = made
            self.isServer = isServer
        }

        deinit { lib.pointee.SSL_free(ssl) }

        /// The client's first words; a server waits.
        package func start() -> Progress { shake() }

        /// Takes a datagram.
        package func take(_ octets: UnsafeRawBufferPointer) -> Progress {
            guard let start = octets.baseAddress, !octets.isEmpty,
                kos_dtls_feed(lib, ssl, start, Int32(truncatingIfNeeded: octets.count)) > 0
            else { return .going }
            var progress = Progress.going
            if !isReady {
                progress = shake()
                guard isReady else { return progress }
            }
            return read() ?? progress
        }

        private func shake() -> Progress {
            lib.pointee.ERR_clear_error()
            let result = lib.pointee.SSL_do_handshake(ssl)
            flush()
            if result == 1 {
                isReady = true
                return .ready
            }
            switch lib.pointee.SSL_get_error(ssl, result) {
            case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .going
            default: return .failed(reason())
            }
        }

        /// Nil while all is well.
        private func read() -> Progress? {
            while true {
                lib.pointee.ERR_clear_error()
                let room = DTLSSession.room
                let count = lib.pointee.SSL_read(ssl, room.baseAddress, Int32(room.count))
                guard count > 0 else {
                    flush()
                    switch lib.pointee.SSL_get_error(ssl, count) {
                    case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return nil
                    case SSL_ERROR_ZERO_RETURN: return .closed
                    default: return .failed(reason())
                    }
                }
                received(UnsafeRawBufferPointer(rebasing: room[..<Int(count)]))
            }
        }

        /// Seals a packet and sends it.
        package func write(_ octets: UnsafeRawBufferPointer) {
            guard isReady, let start = octets.baseAddress else { return }
            lib.pointee.ERR_clear_error()
            guard lib.pointee.SSL_write(ssl, start, Int32(truncatingIfNeeded: octets.count)) > 0
            else { return }
            flush()
        }

        /// Says that nothing more comes.
        func close() {
            guard isReady else { return }
            lib.pointee.ERR_clear_error()
            _ = lib.pointee.SSL_shutdown(ssl)
            flush()
        }

        /// Whether what is sent may be more than the little that was heard.
        package var isProven: Bool { !isServer || kos_dtls_is_proven(lib, ssl) != 0 }

        /// Time until the last flight is to be sent again.
        var timeout: Duration? {
            let left = kos_dtls_timeout(lib, ssl)
            return left < 0 ? nil : .microseconds(left)
        }

        func repeatFlight() -> Progress {
            lib.pointee.ERR_clear_error()
            let result = kos_dtls_repeat(lib, ssl)
            flush()
            return result < 0 ? .failed("nobody answers the handshake") : .going
        }

        /// SHA-256 of the other end's certificate.
        package var peerDigest: [UInt8]? {
            var digest = [UInt8](repeating: 0, count: 32)
            return kos_dtls_peer_digest(lib, ssl, &digest) == 1 ? digest : nil
        }

        /// The other end's certificate, DER.
        var peerCertificate: [UInt8]? {
            var octets = [UInt8](repeating: 0, count: DTLSSession.maxCertificate)
            let size = Int(kos_dtls_peer_certificate(lib, ssl, &octets, Int32(octets.count)))
            return (1...octets.count).contains(size) ? Array(octets[..<size]) : nil
        }

        /// Hands on what OpenSSL has written, as many records a datagram as fit.
        private func flush() {
            let waiting = kos_dtls_waiting(lib, ssl)
            guard waiting > 0 else { return }
            var octets = [UInt8](repeating: 0, count: waiting)
            guard kos_dtls_take(lib, ssl, &octets, Int32(truncatingIfNeeded: waiting)) == waiting
            else {
                return
            }
            guard octets.count > DTLSSession.mtu else { return send(octets) }
            var start = 0
            var end = 0
            // A record: type, version, epoch and number, then its length in two octets.
            while end + 13 <= octets.count {
                let next = end + 13 + (Int(octets[end + 11]) << 8 | Int(octets[end + 12]))
                if next - start > DTLSSession.mtu, end > start {
                    send(Array(octets[start..<end]))
                    start = end
                }
                end = min(next, octets.count)
            }
            if start < octets.count { send(Array(octets[start...])) }
        }

        private func reason() -> String {
            let code = lib.pointee.ERR_get_error()
            guard code != 0, let text = lib.pointee.ERR_reason_error_string(code) else {
                return "DTLS ended"
            }
            return "DTLS: \(String(cString: text))"
        }
    }
#endif

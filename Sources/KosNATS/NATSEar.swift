#if NATS
    import CNats
    import Glibc
    import KosCore
    import Synchronization

    /// What libnats' threads call.
    final class NATSEar: Sendable {
        nonisolated(unsafe) private let lib: UnsafePointer<kos_nats>
        private let inbox: NATSInbox
        private let sign: @Sendable ([UInt8]) -> [UInt8]
        private let isUnasked = Mutex(false)
        /// Longest nonce that is signed. The key signs other things too: nothing is that could be
        /// one of them.
        private static let maxNonce = 64

        /// Whether a server wanted nothing signed, since this was asked for last.
        var wasUnasked: Bool {
            isUnasked.withLock { state in
                defer { state = false }
                return state
            }
        }

        init(
            _ lib: UnsafePointer<kos_nats>, _ inbox: NATSInbox,
            _ sign: @escaping @Sendable ([UInt8]) -> [UInt8]
        ) {
            self.lib = lib
            self.inbox = inbox
            self.sign = sign
        }

        static func of(_ closure: UnsafeMutableRawPointer?) -> NATSEar? {
            closure.map { Unmanaged<NATSEar>.fromOpaque($0).takeUnretainedValue() }
        }

        /// Signs a server's nonce; libnats frees what it is given.
        static let signature: natsSignatureHandler = { _, signature, length, nonce, closure in
            guard let ear = NATSEar.of(closure), let signature, let length else {
                return NATS_INVALID_ARG
            }
            guard let nonce, nonce.pointee != 0 else {
                ear.isUnasked.withLock { $0 = true }
                return NATS_NOT_PERMITTED
            }
            let text = Array(String(cString: nonce).utf8)
            let isPlain = text.allSatisfy { octet in
                switch octet {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2B, 0x2D, 0x2F, 0x3D, 0x5F: true
                default: false
                }
            }
            guard isPlain, text.count <= NATSEar.maxNonce else { return NATS_INVALID_ARG }
            let octets = ear.sign(text)
            guard let space = malloc(octets.count) else { return NATS_NO_MEMORY }
            octets.withUnsafeBytes { buffer in
                if let from = buffer.baseAddress { memcpy(space, from, buffer.count) }
            }
            signature.pointee = space.assumingMemoryBound(to: UInt8.self)
            length.pointee = Int32(octets.count)
            return NATS_OK
        }

        func closed(_ connection: OpaquePointer?) {
            var text: UnsafePointer<CChar>?
            _ = lib.pointee.natsConnection_GetLastError(connection, &text)
            let reason = text.map { String(cString: $0) } ?? ""
            inbox.post(.disconnected(reason.isEmpty ? "the connection is closed" : reason))
        }

        /// Takes a message, and frees it.
        func heard(_ message: OpaquePointer?) {
            defer { lib.pointee.natsMsg_Destroy(message) }
            guard let message, let subject = lib.pointee.natsMsg_GetSubject(message) else { return }
            let count = Int(lib.pointee.natsMsg_GetDataLength(message))
            var octets: [UInt8] = []
            if count > 0, let data = lib.pointee.natsMsg_GetData(message) {
                octets = Array(UnsafeRawBufferPointer(start: data, count: count))
            }
            let status = header("Status", of: message).flatMap { Int($0.prefix(3)) }
            let operation = header("KV-Operation", of: message)
            inbox.post(
                .message(
                    BackplaneSession.Message(
                        subject: String(cString: subject),
                        reply: lib.pointee.natsMsg_GetReply(message).map { String(cString: $0) },
                        status: status, isDeletion: operation == "DEL" || operation == "PURGE",
                        octets: octets)))
        }

        private func header(_ name: String, of message: OpaquePointer) -> String? {
            var value: UnsafePointer<CChar>?
            guard lib.pointee.natsMsgHeader_Get(message, name, &value) == NATS_OK, let value else {
                return nil
            }
            return String(cString: value)
        }
    }
#endif

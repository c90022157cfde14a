#if NATS
    import CNats
    import Glibc
    import KosCore
    import Synchronization

    /// What the thread beside libnats does: connects, subscribes, publishes, connects again.
    final class NATSWork {
        private static let waits: [Int32] = [250, 500, 1000, 2000]

        private let lib: UnsafePointer<kos_nats>
        private let setup: NATSSetup
        private let inbox: NATSInbox
        private let note: @Sendable (String) -> Void
        private let next: (Int32) -> [BackplaneSession.Output]?
        private var connection: OpaquePointer?
        private var subscriptions: [String: OpaquePointer] = [:]
        /// What libnats' threads are given. Kept alive to the end of the process: they may call
        /// once more after a connection is gone.
        private let ear: Unmanaged<NATSEar>
        private var asksNobody = false

        init(
            _ lib: UnsafePointer<kos_nats>, _ setup: NATSSetup, _ inbox: NATSInbox,
            _ note: @escaping @Sendable (String) -> Void,
            next: @escaping (Int32) -> [BackplaneSession.Output]?
        ) {
            self.lib = lib
            self.setup = setup
            self.inbox = inbox
            self.note = note
            self.next = next
            ear = Unmanaged.passRetained(NATSEar(lib, inbox, setup.sign))
        }

        func run() {
            var failures = 0
            while true {
                if connection == nil {
                    if let failure = connect() {
                        if failures == 0 || failures % 30 == 0 {
                            note("backplane: \(setup.url): \(failure); tried again")
                        }
                        failures += 1
                    } else {
                        failures = 0
                        inbox.post(.connected)
                    }
                }
                // Jitter: relays that lost one server do not come back in one moment.
                let wait = NATSWork.waits[min(failures, NATSWork.waits.count - 1)]
                let patience = connection == nil ? wait + Int32(getpid() % 100) : 250
                guard let outputs = next(patience) else { break }
                for output in outputs where connection != nil { perform(output) }
                if lib.pointee.natsConnection_IsClosed(connection) { drop() }
            }
            if connection != nil { _ = lib.pointee.natsConnection_FlushTimeout(connection, 1000) }
            drop()
        }

        // MARK: The connection

        /// Why it could not be made.
        private func connect() -> String? {
            var options: OpaquePointer?
            guard lib.pointee.natsOptions_Create(&options) == NATS_OK, let options else {
                return "out of memory"
            }
            defer { lib.pointee.natsOptions_Destroy(options) }
            if let failure = configure(options) { return failure }
            let status = lib.pointee.natsConnection_Connect(&connection, options)
            if status == NATS_OK { return nil }
            let text = reason(status)
            drop()
            if ear.takeUnretainedValue().wasUnasked, !asksNobody {
                note("backplane: \(setup.url) asks nobody who they are")
                asksNobody = true
                return connect()
            }
            if status == NATS_CONNECTION_AUTH_FAILED || text.contains("uthorization") {
                asksNobody = false
                return "\(text): let the server know the user \(setup.user)"
            }
            return text
        }

        private func configure(_ options: OpaquePointer) -> String? {
            let closure = ear.toOpaque()
            var states = [
                lib.pointee.natsOptions_SetURL(options, setup.url),
                lib.pointee.natsOptions_SetName(options, setup.name),
                lib.pointee.natsOptions_SetTimeout(options, 3000),
                lib.pointee.natsOptions_SetAllowReconnect(options, false),
                lib.pointee.natsOptions_SetNoEcho(options, true),
                lib.pointee.natsOptions_UseGlobalMessageDelivery(options, true),
                lib.pointee.natsOptions_SetPingInterval(options, 2500),
                lib.pointee.natsOptions_SetMaxPingsOut(options, 2),
                lib.pointee.natsOptions_SetWriteDeadline(options, 5000),
                lib.pointee.natsOptions_SetErrorHandler(options, { _, _, _, _ in }, nil),
                lib.pointee.natsOptions_SetClosedCB(
                    options, { NATSEar.of($1)?.closed($0) }, closure),
            ]
            if !setup.url.contains("@"), !asksNobody {
                states.append(
                    lib.pointee.natsOptions_SetNKey(options, setup.user, NATSEar.signature, closure)
                )
            }
            if setup.url.hasPrefix("tls://") {
                states.append(lib.pointee.natsOptions_SetSecure(options, true))
                if let file = setup.tls.authority, file != "default" {
                    states.append(lib.pointee.natsOptions_LoadCATrustedCertificates(options, file))
                }
                if let file = setup.tls.certificate {
                    let key = setup.tls.key ?? file
                    states.append(lib.pointee.natsOptions_LoadCertificatesChain(options, file, key))
                }
            }
            return states.first { $0 != NATS_OK }.map(reason)
        }

        private func reason(_ status: natsStatus) -> String {
            var last = NATS_OK
            let detail = lib.pointee.nats_GetLastError(&last).map { String(cString: $0) } ?? ""
            guard detail.isEmpty else { return detail }
            return lib.pointee.natsStatus_GetText(status).map { String(cString: $0) } ?? ""
        }

        private func drop() {
            for subscription in subscriptions.values {
                lib.pointee.natsSubscription_Destroy(subscription)
            }
            subscriptions = [:]
            lib.pointee.natsConnection_Destroy(connection)
            connection = nil
        }

        // MARK: What is to be done

        private func perform(_ output: BackplaneSession.Output) {
            switch output {
            case .subscribe(let subject):
                guard subscriptions[subject] == nil else { return }
                var subscription: OpaquePointer?
                let status = lib.pointee.natsConnection_Subscribe(
                    &subscription, connection, subject,
                    { NATSEar.of($3)?.heard($2) }, ear.toOpaque())
                if status == NATS_OK { subscriptions[subject] = subscription }
            case .unsubscribe(let subject):
                guard let subscription = subscriptions.removeValue(forKey: subject) else { return }
                lib.pointee.natsSubscription_Destroy(subscription)
            case .publish(let subject, let reply, let isDeletion, let octets):
                publish(subject, reply, isDeletion, octets)
            case .event, .note, .listed: return
            }
        }

        private func publish(
            _ subject: String, _ reply: String?, _ isDeletion: Bool, _ octets: [UInt8]
        ) {
            var message: OpaquePointer?
            let status = octets.withUnsafeBytes { buffer in
                lib.pointee.natsMsg_Create(
                    &message, subject, reply,
                    buffer.baseAddress?.assumingMemoryBound(to: CChar.self),
                    Int32(truncatingIfNeeded: octets.count))
            }
            guard status == NATS_OK else { return }
            defer { lib.pointee.natsMsg_Destroy(message) }
            // As a client of key-value buckets deletes an entry.
            if isDeletion { _ = lib.pointee.natsMsgHeader_Set(message, "KV-Operation", "DEL") }
            guard lib.pointee.natsConnection_PublishMsg(connection, message) != NATS_OK, let reply
            else {
                return
            }
            // Too long for the server, or the connection is gone: as if nobody had it.
            inbox.post(.message(.init(subject: reply, status: 503, octets: [])))
        }
    }
#endif

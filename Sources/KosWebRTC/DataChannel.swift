#if WebRTC
    package import KosCore
    import KosNet
    import NIOCore

    /// The data channel of a connection that is a link of the node (RFC 8831, RFC 8832): a text
    /// message is a packet in JSON, a binary one a packet in CBOR, as on a WebSocket.
    package final class DataChannel: Conduit {
        private static let label = "kos"
        private static let subprotocol = "kos.v1"
        private static let maxWaiting = 256 * 1024

        private struct Outgoing {
            let octets: [UInt8]
            let payload: DataChannelMessage.Payload
            var sent = 0
        }

        private let connection: PeerConnection
        private let sctp: SCTPAssociation
        private let isServer: Bool
        private let maxMessage: Int
        /// The channel's stream, once it is known.
        private var stream: UInt16?
        private var isOpen = false
        private var isFinishing = false
        private var link: LinkID?
        private var waiting: [Outgoing] = []
        private var waitingSize = 0
        private var isPumping = false
        /// The beginning of a message, while its end is not there.
        private var parts: [UInt8] = []
        private var isTooLong = false
        package let isDirty = false
        /// Told of messages in place of the node, by programs that are none.
        package var tap: (([UInt8], DataChannelMessage.Payload) -> Void)?

        init(
            _ connection: PeerConnection, _ sctp: SCTPAssociation, isServer: Bool, maxMessage: Int
        ) {
            self.connection = connection
            self.sctp = sctp
            self.isServer = isServer
            self.maxMessage = maxMessage
        }

        private var driver: NodeDriver { connection.driver }

        /// Asks the other end for the channel: the client of DTLS has even numbers (RFC 8832 §6).
        func open() {
            let number: UInt16 = isServer ? 1 : 0
            stream = number
            let open = DataChannelMessage.Open(
                label: DataChannel.label, subprotocol: DataChannel.subprotocol)
            enqueue(open.octets, .control)
        }

        // MARK: Coming in

        func take(
            _ from: UInt16, _ payload: UInt32, _ octets: UnsafeRawBufferPointer, _ isLast: Bool
        ) {
            guard let payload = DataChannelMessage.Payload(rawValue: payload) else {
                return refuse("a payload of no known kind")
            }
            if payload == .control {
                guard isLast, parts.isEmpty else { return refuse("a control message in parts") }
                return control(from, Array(octets))
            }
            guard from == stream, isOpen else { return refuse("a message on no open channel") }
            if isTooLong || parts.count + octets.count > LinkTraits.maxPacket {
                if !isTooLong { refuse("longer than \(LinkTraits.maxPacket) octets") }
                parts = []
                isTooLong = !isLast
                return
            }
            guard isLast else { return parts.append(contentsOf: octets) }
            let message = parts.isEmpty ? Array(octets) : parts + octets
            parts = []
            deliver(message, payload)
        }

        private func deliver(_ message: [UInt8], _ payload: DataChannelMessage.Payload) {
            if let tap { return tap(message, payload) }
            if driver.isEcho { return enqueue(message, payload) }
            guard let link else { return }
            switch payload {
            case .text:
                // Between tokens a newline is white space; a message is one packet.
                var line = message
                for index in line.indices where line[index] == 0x0A || line[index] == 0x0D {
                    line[index] = 0x20
                }
                line.append(0x0A)
                driver.received(line, on: link)
            case .binary:
                guard let packet = try? CompactPacket.decode(message, ShortNames()) else {
                    return driver.received([0x3F, 0x0A], on: link)  // no packet: counted as such
                }
                driver.received(packet.wire + [0x0A], on: link)
            case .control, .emptyText, .emptyBinary: break
            }
        }

        private func control(_ from: UInt16, _ octets: [UInt8]) {
            if DataChannelMessage.isAcknowledgement(octets) {
                guard from == stream, !isOpen else { return }
                return becomeOpen()
            }
            guard let open = DataChannelMessage.open(octets) else {
                return refuse("no message that opens a channel")
            }
            // One channel is the link; others, and those that lose messages, are closed again.
            guard stream == nil || stream == from, open.isReliable else {
                return sctp.reset(stream: from)
            }
            let isFirst = stream == nil
            stream = from
            enqueue(DataChannelMessage.acknowledgement, .control)
            if isFirst { becomeOpen() }
        }

        private func becomeOpen() {
            isOpen = true
            connection.channelOpened(self)
            guard !driver.isEcho, tap == nil else { return }
            link = driver.opened(
                self,
                LinkTraits(
                    transport: .webrtc, remote: connection.plan.remote,
                    isOutgoing: connection.plan.isOutgoing, provenPeer: connection.proven))
        }

        private func refuse(_ reason: String) { driver.refused(reason, connection.plan.remote) }

        /// The other end has closed streams (RFC 8831 §6.7).
        func reset(_ streams: [UInt16]) {
            guard let stream, streams.contains(stream) else { return }
            sctp.reset(stream: stream)
            connection.finish()
        }

        func connectionEnded() {
            waiting = []
            waitingSize = 0
            if let link { driver.closed(link) }
            if isOpen, driver.isEcho { driver.echoEnded() }
            link = nil
            isOpen = false
        }

        // MARK: Going out

        package func enqueue(_ octets: [UInt8], _ payload: DataChannelMessage.Payload) {
            waiting.append(Outgoing(octets: octets, payload: payload))
            waitingSize += octets.count
            pump()
            // Whoever sends and does not read what comes back is not read from either.
            if driver.isEcho, !isWritable { sctp.read(false) }
        }

        /// Sends as much as the association takes.
        func pump() {
            guard !isPumping, let stream else { return }
            isPumping = true
            let wasWritable = isWritable
            var done = 0
            while done < waiting.count {
                let rest = waiting[done].octets.count - waiting[done].sent
                let taken = waiting[done].octets.withUnsafeBytes {
                    sctp.send(
                        UnsafeRawBufferPointer(rebasing: $0[waiting[done].sent...]),
                        stream: stream, payload: waiting[done].payload.rawValue)
                }
                guard let taken, taken > 0 else { break }
                waitingSize -= taken
                waiting[done].sent += taken
                guard taken >= rest else { break }
                done += 1
            }
            waiting.removeFirst(done)
            isPumping = false
            if waiting.isEmpty, isFinishing { return connection.finish() }
            guard !wasWritable, isWritable else { return }
            if driver.isEcho { sctp.read(true) }
            if let link { driver.writable(link) }
        }

        // MARK: Conduit

        package var isWritable: Bool { waitingSize < DataChannel.maxWaiting }
        package var waitingOctets: Int { waitingSize + sctp.waitingOctets }

        package func write(_ octets: [UInt8]) {
            guard isOpen, !isFinishing else { return }
            Lines.forEach(of: octets) { range in
                guard range.count <= maxMessage else {
                    return refuse("the other end takes messages of \(maxMessage) octets at most")
                }
                enqueue(Array(octets[range]), .text)
            }
        }

        package func flush() {}

        package func read(_ isWanted: Bool) { sctp.read(isWanted) }

        package func close() {
            guard !isFinishing else { return connection.end(nil) }
            isFinishing = true
            if waiting.isEmpty { connection.finish() }
        }
    }
#endif

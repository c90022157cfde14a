/// The server's side of GWMP: every gateway that reports to it is a radio.
package struct GWMPServer: Modem {
    private struct Gateway: Sendable {
        /// Where its last PULL_DATA came from: gateways push from another socket.
        var pull: DatagramPeer
        var seen: Instant
        var version: UInt8
        var snr: Double?
    }
    private struct Flight: Sendable {
        let frame: OutgoingFrame
        let eui: UInt64
        let due: Instant
    }
    private enum Timer: Hashable, Sendable { case sweep }

    /// A gateway that has not pulled for so long cannot be reached through its router any more.
    private static let routeLife = Duration.seconds(60)
    private static let maxGateways = 256

    package let settings: LoRaSettings
    /// Gateways that may use this server; empty: all.
    package let allowed: Set<UInt64>
    package let modulation: LoRaModulation
    private var gateways: [UInt64: Gateway] = [:]
    private var queue: [(frame: OutgoingFrame, since: Instant)] = []
    private var flights: [UInt16: Flight] = [:]
    private var timers = Timers<Timer>()
    private var random: SplitMix64
    /// Datagrams that were no messages, and messages from gateways that are not allowed.
    package private(set) var rejected = 0

    package init(_ settings: LoRaSettings, allowed: Set<UInt64> = [], seed: UInt64) {
        self.settings = settings
        self.allowed = allowed
        modulation = settings.modulation.driven(rule: .gateway)
        random = SplitMix64(seed: seed)
    }

    package var mtu: Int { 255 }
    package var queueLength: Int { queue.count + flights.count }
    package var nextDeadline: Instant? { timers.next }

    package func airtime(of payloadBytes: Int) -> Int64 {
        TimeOnAir(clamping: payloadBytes, modulation).microseconds
    }

    package mutating func handle(
        _ input: ModemInput, at now: Instant, into outputs: inout [ModemOutput]
    ) {
        switch input {
        case .opened:
            var info = ModemInfo()
            info.model = "Semtech UDP gateways"
            outputs.append(.ready(info))
        case .datagram(let bytes, let peer): take(bytes, from: peer, at: now, into: &outputs)
        case .send(let frame):
            guard (1...mtu).contains(frame.payload.count) else {
                let fault = ModemFault(.tooLong, "\(frame.payload.count) octets, 1 to \(mtu) fit")
                return outputs.append(.failed(frame.id, fault))
            }
            guard queueLength < ModemLimits.queue else {
                return outputs.append(
                    .failed(frame.id, ModemFault(.queueFull, "the queue is full")))
            }
            queue.append((frame, now))
            flush(at: now, into: &outputs)
        case .bytes, .stop: break
        }
    }

    package mutating func advance(to now: Instant, into outputs: inout [ModemOutput]) {
        while timers.popDue(at: now) != nil {
            for (token, flight) in flights.sorted(by: { $0.value.frame.id < $1.value.frame.id })
            where flight.due <= now {
                flights[token] = nil
                let name = GWMPMessage.text(of: flight.eui)
                outputs.append(
                    .failed(
                        flight.frame.id, ModemFault(.notSent, "gateway \(name) did not confirm")))
            }
            while let first = queue.first, now - first.since >= .seconds(30) {
                queue.removeFirst()
                outputs.append(
                    .failed(
                        first.frame.id, ModemFault(.notSent, "no gateway is connected")))
            }
        }
        setTimer(at: now)
    }

    private mutating func setTimer(at now: Instant) {
        let due = flights.values.map(\.due) + queue.prefix(1).map { $0.since + .seconds(30) }
        if let next = due.min() { timers.set(.sweep, at: next) } else { timers.cancel(.sweep) }
    }

    // MARK: Messages

    private mutating func take(
        _ bytes: [UInt8], from peer: DatagramPeer, at now: Instant,
        into outputs: inout [ModemOutput]
    ) {
        guard let message = GWMPMessage(bytes), message.kind.isFromGateway,
            allowed.isEmpty || allowed.contains(message.eui)
        else {
            rejected &+= 1
            return
        }
        if let answer = message.acknowledgement {
            outputs.append(.datagram(answer.bytes, to: peer))
        }
        switch message.kind {
        case .pushData: push(message, at: now, into: &outputs)
        case .pullData: pull(message, from: peer, at: now, into: &outputs)
        case .txAck: confirm(message, into: &outputs)
        default: break
        }
    }

    private mutating func push(
        _ message: GWMPMessage, at now: Instant, into outputs: inout [ModemOutput]
    ) {
        let name = GWMPMessage.text(of: message.eui)
        guard let body = GWMPBody.received(message.body) else {
            rejected &+= 1
            return outputs.append(.note("gateway \(name) sent what is no JSON"))
        }
        for var frame in body.frames {
            frame.station = name
            if let snr = frame.snrDb { gateways[message.eui]?.snr = snr }
            outputs.append(.received(frame))
        }
    }

    private mutating func pull(
        _ message: GWMPMessage, from peer: DatagramPeer, at now: Instant,
        into outputs: inout [ModemOutput]
    ) {
        if gateways[message.eui] == nil {
            if gateways.count >= GWMPServer.maxGateways {
                gateways = gateways.filter { now - $0.value.seen < GWMPServer.routeLife }
            }
            guard gateways.count < GWMPServer.maxGateways else {
                rejected &+= 1
                return
            }
            outputs.append(.note("gateway \(GWMPMessage.text(of: message.eui)) is connected"))
        }
        let snr = gateways[message.eui]?.snr
        gateways[message.eui] = Gateway(
            pull: peer, seen: now, version: message.version, snr: snr)
        flush(at: now, into: &outputs)
    }

    private mutating func confirm(_ message: GWMPMessage, into outputs: inout [ModemOutput]) {
        guard let flight = flights[message.token], flight.eui == message.eui else { return }
        flights[message.token] = nil
        guard let reason = GWMPBody.refusal(message.body) else {
            return outputs.append(.sent(flight.frame.id))
        }
        let name = GWMPMessage.text(of: message.eui)
        outputs.append(
            .failed(
                flight.frame.id, ModemFault(.notSent, "gateway \(name) refused: \(reason)")))
    }

    /// Sends what waits through the gateway that hears best, of those that can be reached.
    private mutating func flush(at now: Instant, into outputs: inout [ModemOutput]) {
        let reachable = gateways.filter { now - $0.value.seen < GWMPServer.routeLife }
        let best = reachable.max {
            ($0.value.snr ?? -100, $1.key) < ($1.value.snr ?? -100, $0.key)
        }
        if let (eui, gateway) = best {
            for (frame, _) in queue {
                var token: UInt16
                repeat {
                    token = UInt16.random(in: 1...UInt16.max, using: &random)
                } while flights[token] != nil
                let airtime = Duration.microseconds(airtime(of: frame.payload.count))
                flights[token] = Flight(
                    frame: frame, eui: eui, due: now + .seconds(3) + airtime)
                let body = GWMPBody.transmit(frame.payload, settings)
                let order = GWMPMessage(
                    .pullResp, token: token, body: body, version: gateway.version)
                outputs.append(.datagram(order.bytes, to: gateway.pull))
            }
            queue = []
        }
        setTimer(at: now)
    }
}

/// The gateway's side of GWMP: what our radio hears goes to a network server, and what the server
/// orders goes to our radio.
package struct GWMPGateway: Engine {
    package enum Input: Hashable, Sendable {
        case opened
        case datagram([UInt8])
        case heard(ReceivedFrame)
        /// What became of an order; nil when the frame was sent, else why not.
        case done(order: UInt16, refusal: String?)
    }
    package enum Output: Hashable, Sendable {
        case datagram([UInt8])
        /// To be sent with these settings; answered by `done`.
        case transmit(order: UInt16, payload: [UInt8], settings: LoRaSettings)
        /// Answered already: it came too late or too early, or is no order.
        case refused(order: UInt16, String)
        /// The server answers, or has stopped to.
        case connected, silent
    }
    private enum Timer: Hashable, Sendable { case keepAlive, order(UInt16) }

    /// Orders that wait for their time.
    private static let maxWaiting = 64
    /// Before it what is due takes its way through the modem.
    private static let lead = Duration.milliseconds(5)
    private static let tooEarly = Duration.seconds(20)

    package let eui: UInt64
    package let settings: LoRaSettings
    private var timers = Timers<Timer>()
    private var random: SplitMix64
    private var unanswered = 0
    private var isConnected = false
    private var waiting: [UInt16: GWMPBody.Order] = [:]

    package init(eui: UInt64, settings: LoRaSettings, seed: UInt64) {
        self.eui = eui
        self.settings = settings
        random = SplitMix64(seed: seed)
    }

    package var nextDeadline: Instant? { timers.next }

    package mutating func handle(_ input: Input, at now: Instant, into outputs: inout [Output]) {
        switch input {
        case .opened:
            timers.set(.keepAlive, at: now)
            advance(to: now, into: &outputs)
        case .datagram(let bytes): take(bytes, at: now, into: &outputs)
        case .heard(let frame):
            let body = GWMPBody.push(frame, settings, ticks: ticks(at: now))
            outputs.append(.datagram(message(.pushData, body).bytes))
        case .done(let order, let refusal): answer(order, refusal, into: &outputs)
        }
    }

    /// The gateway's µs counter, which wraps.
    private func ticks(at now: Instant) -> UInt32 {
        UInt32(truncatingIfNeeded: now.nanoseconds / 1000)
    }

    private func answer(_ order: UInt16, _ refusal: String?, into outputs: inout [Output]) {
        var writer = JSONWriter()
        writer.beginObject()
        writer.name("txpk_ack")
        writer.beginObject()
        writer.field("error", refusal ?? "NONE")
        writer.endObject()
        writer.endObject()
        let answer = GWMPMessage(.txAck, token: order, eui: eui, body: writer.bytes)
        outputs.append(.datagram(answer.bytes))
    }

    package mutating func advance(to now: Instant, into outputs: inout [Output]) {
        while let timer = timers.popDue(at: now) {
            if case .order(let token) = timer {
                if let order = waiting.removeValue(forKey: token) {
                    outputs.append(
                        .transmit(order: token, payload: order.payload, settings: order.settings))
                }
                continue
            }
            if unanswered >= 3, isConnected {
                isConnected = false
                outputs.append(.silent)
            }
            unanswered += 1
            outputs.append(.datagram(message(.pullData, []).bytes))
            timers.set(.keepAlive, at: now + .seconds(10))
        }
    }

    private mutating func message(_ kind: GWMPMessage.Kind, _ body: [UInt8]) -> GWMPMessage {
        let token = UInt16.random(in: 0...UInt16.max, using: &random)
        return GWMPMessage(kind, token: token, eui: eui, body: body)
    }

    private mutating func take(
        _ bytes: [UInt8], at now: Instant, into outputs: inout [Output]
    ) {
        guard let message = GWMPMessage(bytes) else { return }
        switch message.kind {
        case .pullAck:
            unanswered = 0
            if !isConnected {
                isConnected = true
                outputs.append(.connected)
            }
        case .pullResp:
            guard let order = GWMPBody.order(message.body) else {
                return refuse(message.token, "TX_FREQ", into: &outputs)
            }
            plan(order, message.token, at: now, into: &outputs)
        default: break
        }
    }

    private func refuse(_ token: UInt16, _ reason: String, into outputs: inout [Output]) {
        answer(token, reason, into: &outputs)
        outputs.append(.refused(order: token, reason))
    }

    /// An order goes at once, or at the gateway's own time that it names.
    private mutating func plan(
        _ order: GWMPBody.Order, _ token: UInt16, at now: Instant, into outputs: inout [Output]
    ) {
        guard let wanted = order.ticks else {
            return outputs.append(
                .transmit(order: token, payload: order.payload, settings: order.settings))
        }
        let wait = Int64(Int32(bitPattern: wanted &- ticks(at: now)))
        let due = now + .microseconds(wait) + .nanoseconds(-GWMPGateway.lead.nanoseconds)
        guard due >= now else { return refuse(token, "TOO_LATE", into: &outputs) }
        guard due - now <= GWMPGateway.tooEarly else {
            return refuse(token, "TOO_EARLY", into: &outputs)
        }
        guard waiting.count < GWMPGateway.maxWaiting, waiting[token] == nil else {
            return refuse(token, "COLLISION_PACKET", into: &outputs)
        }
        waiting[token] = order
        timers.set(.order(token), at: due)
    }
}

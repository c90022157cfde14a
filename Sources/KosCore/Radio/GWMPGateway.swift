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
        /// The server answers, or has stopped to.
        case connected, silent
    }
    private enum Timer: Hashable, Sendable { case keepAlive }

    package let eui: UInt64
    package let settings: LoRaSettings
    private var timers = Timers<Timer>()
    private var random: SplitMix64
    private var unanswered = 0
    private var isConnected = false

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
        case .datagram(let bytes): take(bytes, into: &outputs)
        case .heard(let frame):
            let ticks = UInt32(truncatingIfNeeded: now.nanoseconds / 1000)
            let body = GWMPBody.push(frame, settings, ticks: ticks)
            outputs.append(.datagram(message(.pushData, body).bytes))
        case .done(let order, let refusal):
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
    }

    package mutating func advance(to now: Instant, into outputs: inout [Output]) {
        while timers.popDue(at: now) != nil {
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

    private mutating func take(_ bytes: [UInt8], into outputs: inout [Output]) {
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
                let refusal = Input.done(order: message.token, refusal: "TX_FREQ")
                return handle(refusal, at: .zero, into: &outputs)
            }
            outputs.append(
                .transmit(
                    order: message.token, payload: order.payload, settings: order.settings))
        default: break
        }
    }
}

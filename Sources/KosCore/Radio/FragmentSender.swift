/// Fragments on LoRa: one window of 32, repeated on an acknowledgement that lacks some, asked for
/// when nothing is heard.
package struct FragmentSender: Sendable {
    package enum Step: Hashable, Sendable {
        case send([LoRaFrame])
        case delivered
        /// What is missing, by index.
        case failed(missing: [Int])
    }
    /// Rounds in which nothing new was confirmed before it is given up.
    package static let patience = 8

    package let transfer: UInt16
    package let isUnacknowledged: Bool
    private var body: FragmentedBody
    private var idleRounds = 0
    package private(set) var framesSent = 0

    /// Nil when `body` does not fit into 32 frames of `mtu` octets.
    package init?(_ body: [UInt8], transfer: UInt16, mtu: Int, isUnacknowledged: Bool) {
        guard
            let parts = FragmentedBody(
                body, room: mtu - LoRaFrame.fragmentHeader, limit: LoRaFrame.maxFragments)
        else { return nil }
        self.body = parts
        self.transfer = transfer
        self.isUnacknowledged = isUnacknowledged
    }

    package var count: Int { body.count }

    /// Every fragment that is not confirmed.
    package mutating func fragmentsToSend() -> [LoRaFrame] {
        let indices = body.confirmed.missing
        framesSent += indices.count
        return indices.map {
            .fragment(
                transfer: transfer, index: $0, count: count, isUnacknowledged: isUnacknowledged,
                data: Array(body.fragment($0)))
        }
    }

    package mutating func acknowledged(_ received: UInt32) -> Step? {
        let octets = [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: received >> $0) }
        if !body.confirm(FragmentSet(count: count, octets: octets[...])).isEmpty { idleRounds = 0 }
        if body.confirmed.isComplete { return .delivered }
        return .send(fragmentsToSend())
    }

    /// Nothing was heard after the last fragment or request.
    package mutating func timedOut() -> Step {
        idleRounds += 1
        guard idleRounds < FragmentSender.patience else {
            return .failed(missing: body.confirmed.missing)
        }
        framesSent += 1
        return .send([.request(transfer: transfer, count: count)])
    }
}

extension FragmentReceiver {
    /// What has arrived, as LoRa's acknowledgement has it.
    func bits(_ transfer: UInt16, _ count: Int) -> UInt32? {
        received(UInt32(transfer), count).map { UInt32(truncatingIfNeeded: $0.bits) }
    }
}

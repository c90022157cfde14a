/// The sending half of fragmentation: one window, selective repeat, acknowledgement on request.
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
    private let fragments: [[UInt8]]
    private var missing: UInt32
    private var idleRounds = 0
    package private(set) var framesSent = 0

    /// Nil when `body` does not fit into 32 frames of `mtu` octets.
    package init?(_ body: [UInt8], transfer: UInt16, mtu: Int, isUnacknowledged: Bool) {
        let room = mtu - LoRaFrame.fragmentHeader
        guard room > 0 else { return nil }
        let sum = RadioChecksum.crc32(body)
        let whole = body + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: sum >> $0) }
        let count = (whole.count + room - 1) / room
        guard (1...LoRaFrame.maxFragments).contains(count) else { return nil }
        fragments = (0..<count).map {
            Array(whole[$0 * room..<min(whole.count, ($0 + 1) * room)])
        }
        self.transfer = transfer
        self.isUnacknowledged = isUnacknowledged
        missing = count == 32 ? .max : 1 << UInt32(count) - 1
    }

    package var count: Int { fragments.count }
    private var missingIndices: [Int] {
        (0..<count).filter { missing & (1 << UInt32($0)) != 0 }
    }

    /// Every fragment that is not confirmed.
    package mutating func fragmentsToSend() -> [LoRaFrame] {
        let indices = missingIndices
        framesSent += indices.count
        return indices.map {
            .fragment(
                transfer: transfer, index: $0, count: count, isUnacknowledged: isUnacknowledged,
                data: fragments[$0])
        }
    }

    package mutating func acknowledged(_ received: UInt32) -> Step? {
        let before = missing
        missing &= ~received
        if missing != before { idleRounds = 0 }
        if missing == 0 { return .delivered }
        return .send(fragmentsToSend())
    }

    /// Nothing was heard after the last fragment or request.
    package mutating func timedOut() -> Step {
        idleRounds += 1
        guard idleRounds < FragmentSender.patience else { return .failed(missing: missingIndices) }
        framesSent += 1
        return .send([.request(transfer: transfer, count: count)])
    }
}

/// The receiving half: transfers that are half done, bounded in number, octets and time.
package struct FragmentReceiver: Sendable {
    private struct Transfer: Sendable {
        let count: Int
        let isUnacknowledged: Bool
        var parts: [Int: [UInt8]] = [:]
        var touched: Instant
        var octets = 0

        var received: UInt32 { parts.keys.reduce(0) { $0 | 1 << UInt32($1) } }
    }
    package static let maxTransfers = 16
    package static let maxOctets = 65_536

    private var open: [UInt16: Transfer] = [:]
    /// Transfers that are complete: a late fragment or request is answered with all bits set.
    private var done: [(transfer: UInt16, count: Int, at: Instant)] = []
    /// Transfers that were dropped half done, and complete ones with a wrong checksum.
    package private(set) var dropped = 0
    package private(set) var damaged = 0
    package let lifetime: Duration

    package init(lifetime: Duration) { self.lifetime = lifetime }

    /// The packet, when this fragment completes it.
    package mutating func take(
        transfer: UInt16, index: Int, count: Int, isUnacknowledged: Bool, data: [UInt8],
        at now: Instant
    ) -> [UInt8]? {
        expire(at: now)
        guard !isDone(transfer, count) else { return nil }
        if let old = open[transfer], old.count != count {
            open[transfer] = nil
            dropped += 1
        }
        if open[transfer] == nil { makeRoom() }
        var entry =
            open[transfer]
            ?? Transfer(count: count, isUnacknowledged: isUnacknowledged, touched: now)
        entry.touched = now
        if entry.parts[index] == nil {
            entry.parts[index] = data
            entry.octets += data.count
        }
        open[transfer] = entry
        guard entry.parts.count == count else { return trim() }
        open[transfer] = nil
        let whole = (0..<count).flatMap { entry.parts[$0] ?? [] }
        let body = Array(whole.dropLast(4))
        let sum = whole.suffix(4).reduce(0) { $0 << 8 | UInt32($1) }
        guard whole.count > 4, RadioChecksum.crc32(body) == sum else {
            damaged += 1
            return nil
        }
        done.append((transfer, count, now))
        if done.count > 64 { done.removeFirst() }
        return body
    }

    /// What has arrived of a transfer; nil when nothing is known of it.
    package func received(_ transfer: UInt16, _ count: Int) -> UInt32? {
        if isDone(transfer, count) { return count == 32 ? .max : 1 << UInt32(count) - 1 }
        guard let entry = open[transfer], entry.count == count else { return nil }
        return entry.received
    }

    private func isDone(_ transfer: UInt16, _ count: Int) -> Bool {
        done.contains { $0.transfer == transfer && $0.count == count }
    }

    private mutating func expire(at now: Instant) {
        let before = open.count
        open = open.filter { now - $0.value.touched < lifetime }
        dropped += before - open.count
        done.removeAll { now - $0.at > lifetime * 4 }
    }

    private mutating func makeRoom() {
        guard open.count >= FragmentReceiver.maxTransfers else { return }
        dropOldest()
    }

    private mutating func trim() -> [UInt8]? {
        while open.values.reduce(0, { $0 + $1.octets }) > FragmentReceiver.maxOctets {
            dropOldest()
        }
        return nil
    }

    private mutating func dropOldest() {
        guard let oldest = open.min(by: { $0.value.touched < $1.value.touched }) else { return }
        open[oldest.key] = nil
        dropped += 1
    }
}

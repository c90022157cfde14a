/// A point in the DHT's 160-bit space: a node's id, an info hash, an item's target.
package struct DHTKey: Hashable, Sendable, Comparable {
    /// The 160 bits from the highest to the lowest, so that distances are compared a word at a
    /// time.
    package let high: UInt64
    package let middle: UInt64
    package let low: UInt32

    package init(high: UInt64, middle: UInt64, low: UInt32) {
        self.high = high
        self.middle = middle
        self.low = low
    }

    /// Nil unless there are 20 octets.
    package init?(_ octets: some Collection<UInt8>) {
        guard octets.count == 20 else { return nil }
        var words: [UInt64] = [0, 0, 0]
        for (index, octet) in octets.enumerated() {
            words[index / 8] = words[index / 8] << 8 | UInt64(octet)
        }
        self.init(high: words[0], middle: words[1], low: UInt32(truncatingIfNeeded: words[2]))
    }

    package static func random(using random: inout some RandomNumberGenerator) -> DHTKey {
        DHTKey(
            high: random.next(), middle: random.next(),
            low: UInt32(truncatingIfNeeded: random.next()))
    }

    package var octets: [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: high >> UInt64(56 - 8 * $0)) }
            + (0..<8).map { UInt8(truncatingIfNeeded: middle >> UInt64(56 - 8 * $0)) }
            + (0..<4).map { UInt8(truncatingIfNeeded: low >> UInt32(24 - 8 * $0)) }
    }

    package static func ^ (left: DHTKey, right: DHTKey) -> DHTKey {
        DHTKey(
            high: left.high ^ right.high, middle: left.middle ^ right.middle,
            low: left.low ^ right.low)
    }
    package static func < (left: DHTKey, right: DHTKey) -> Bool {
        (left.high, left.middle, left.low) < (right.high, right.middle, right.low)
    }

    /// Leading bits that both have in common, 0 … 160.
    package func commonPrefix(with other: DHTKey) -> Int {
        let distance = self ^ other
        if distance.high != 0 { return distance.high.leadingZeroBitCount }
        if distance.middle != 0 { return 64 + distance.middle.leadingZeroBitCount }
        return 128 + distance.low.leadingZeroBitCount
    }
}

/// A node of the DHT: 26 or 38 octets on the wire.
package struct DHTNode: Hashable, Sendable {
    package let id: DHTKey
    package let address: ContactAddress

    package init(id: DHTKey, address: ContactAddress) {
        self.id = id
        self.address = address
    }

    package var compact: [UInt8] { id.octets + address.compact }

    /// The nodes of a `nodes` or `nodes6` string; a broken tail is left out.
    package static func list(compact octets: [UInt8], isIPv6: Bool) -> [DHTNode] {
        let size = isIPv6 ? 38 : 26
        return stride(from: 0, to: octets.count - octets.count % size, by: size).prefix(32)
            .compactMap { start in
                guard let id = DHTKey(octets[start..<start + 20]),
                    let address = ContactAddress(compact: octets[start + 20..<start + size]),
                    address.isUsable
                else { return nil }
                return DHTNode(id: id, address: address)
            }
    }
}

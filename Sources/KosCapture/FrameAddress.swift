/// An address of a frame: of the innermost IP layer, else of the link layer. Two words and a
/// kind, so that millions of them are kept and compared without an allocation.
package struct FrameAddress: Hashable, Sendable {
    package enum Kind: UInt8, Sendable {
        case none, ipv4, ipv6
        /// EUI-48, as Ethernet, 802.11 and Bluetooth have it.
        case mac
        /// EUI-64 (802.15.4 long addresses).
        case eui64
        /// 16 bits: an 802.15.4 short address.
        case short
        /// 32 bits: a LoRaWAN device address.
        case device
    }
    package let kind: Kind
    package let high: UInt64
    package let low: UInt64

    @inline(__always)
    package init(_ kind: Kind, high: UInt64 = 0, low: UInt64) {
        self.kind = kind
        self.high = high
        self.low = low
    }

    package func hash(into hasher: inout Hasher) {
        // The kind shows in the words, nearly always.
        hasher.combine(high)
        hasher.combine(low)
    }

    package static let none = FrameAddress(.none, low: 0)

    @inline(__always)
    package static func ipv4(_ word: UInt32) -> FrameAddress {
        FrameAddress(.ipv4, low: UInt64(word))
    }
    @inline(__always)
    package static func ipv6(_ high: UInt64, _ low: UInt64) -> FrameAddress {
        FrameAddress(.ipv6, high: high, low: low)
    }

    /// Whether frames go there to more than one receiver.
    package var isGroup: Bool {
        switch kind {
        case .ipv4: low >> 28 == 0xE || low == 0xFFFF_FFFF || low & 0xFF == 0xFF
        case .ipv6: high >> 56 == 0xFF
        case .mac: low >> 40 & 1 == 1
        case .short: low == 0xFFFF
        default: false
        }
    }

    /// 64 bits of hash, the same in every process (which `Hasher`'s are not).
    @inline(__always)
    package var mixed: UInt64 {
        let product = (low ^ 0x9E37_79B9_7F4A_7C15).multipliedFullWidth(
            by: high ^ 0xC2B2_AE3D_27D4_EB4F ^ UInt64(kind.rawValue))
        return product.high ^ product.low
    }

    /// Writes the address as text: dotted quad, RFC 5952, colons, or `0x` and four digits; at
    /// most 45 octets.
    package func put(to out: inout OutputSpan<UInt8>) {
        switch kind {
        case .none: return
        case .ipv4: putIPv4(UInt32(truncatingIfNeeded: low), to: &out)
        case .ipv6: putIPv6(to: &out)
        case .mac: putColons(low, octets: 6, to: &out)
        case .eui64: putColons(low, octets: 8, to: &out)
        case .short:
            out.put("0x")
            out.putHex(low, digits: 4)
        case .device: out.putHex(low, digits: 8)
        }
    }

    package var text: String {
        var bytes: [UInt8] = []
        bytes.append(addingCapacity: 48) { put(to: &$0) }
        return String(decoding: bytes, as: UTF8.self)
    }

    @inline(__always)
    private func putIPv4(_ word: UInt32, to out: inout OutputSpan<UInt8>) {
        var shift: UInt32 = 24
        while true {
            let part = UInt8(truncatingIfNeeded: word >> shift)
            if part >= 100 { out.append(0x30 &+ part / 100) }
            if part >= 10 { out.append(0x30 &+ part / 10 % 10) }
            out.append(0x30 &+ part % 10)
            guard shift > 0 else { return }
            out.append(0x2E)
            shift &-= 8
        }
    }

    private func putIPv6(to out: inout OutputSpan<UInt8>) {
        // ::ffff:0:0/96 keeps its dotted quad (RFC 5952 §5).
        if high == 0, low >> 32 == 0xFFFF {
            out.put("::ffff:")
            return putIPv4(UInt32(truncatingIfNeeded: low), to: &out)
        }
        let (run, length) = longestZeroRun
        var group = 0
        while group < 8 {
            if group == run {
                out.put("::")
                group += length
                continue
            }
            if group > 0, group != run + length { out.append(0x3A) }
            let value = self.group(group)
            let digits = value >= 0x1000 ? 4 : value >= 0x100 ? 3 : value >= 0x10 ? 2 : 1
            out.putHex(UInt64(value), digits: digits)
            group += 1
        }
    }

    private func group(_ index: Int) -> UInt16 {
        let word = index < 4 ? high : low
        return UInt16(truncatingIfNeeded: word >> UInt64(48 - index % 4 * 16))
    }

    /// The first longest run of two zero groups or more (RFC 5952 §4.2); place 8 for none.
    private var longestZeroRun: (start: Int, length: Int) {
        var best = (start: 8, length: 1)
        var start = 0
        while start < 8 {
            guard group(start) == 0 else {
                start += 1
                continue
            }
            var end = start
            while end < 8, group(end) == 0 { end += 1 }
            if end - start > best.length { best = (start, end - start) }
            start = end
        }
        return best
    }

    private func putColons(_ value: UInt64, octets: Int, to out: inout OutputSpan<UInt8>) {
        for index in (0..<octets).reversed() {
            out.putHex(value >> UInt64(8 * index) & 0xFF, digits: 2)
            if index > 0 { out.append(0x3A) }
        }
    }
}

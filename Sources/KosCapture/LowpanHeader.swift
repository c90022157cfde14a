/// A compressed IPv6 header of 6LoWPAN (RFC 6282 §3.1): LOWPAN_IPHC, as it stands in a frame.
struct LowpanHeader: Sendable {
    /// Nil where the prefix is that of a context (§3.1.2), which the network's members alone know.
    var source: FrameAddress?
    var destination: FrameAddress?
    var hopLimit: UInt8 = 0
    /// Nil where the next header is compressed too.
    var next: UInt8?

    /// Reads from `cursor`; `link` are the addresses of the frame or of the mesh header, of which
    /// elided ones are made. Nil when octets are missing or reserved values are used.
    init?(
        _ cursor: inout Cursor, _ bytes: borrowing Span<UInt8>,
        link: (source: FrameAddress, destination: FrameAddress)
    ) {
        guard let word = cursor.be16(bytes), word >> 13 == 3 else { return nil }
        if word & 0x80 != 0, !cursor.skip(1) { return nil }
        let traffic = [4, 3, 1, 0][Int(word >> 11 & 3)]
        guard cursor.skip(traffic) else { return nil }
        if word & 0x0400 == 0 {
            guard let number = cursor.u8(bytes) else { return nil }
            next = number
        }
        switch word >> 8 & 3 {
        case 0:
            guard let inline = cursor.u8(bytes) else { return nil }
            hopLimit = inline
        case 1: hopLimit = 1
        case 2: hopLimit = 64
        default: hopLimit = 255
        }
        let isShared = word & 0x40 != 0
        let mode = Int(word >> 4 & 3)
        if isShared, mode == 0 {
            source = .ipv6(0, 0)
        } else {
            guard let found = LowpanHeader.unicast(mode, link.source, &cursor, bytes) else {
                return nil
            }
            source = isShared ? nil : found
        }
        let isGroup = word & 8 != 0
        let isContext = word & 4 != 0
        if isGroup {
            guard
                let found = LowpanHeader.group(Int(word & 3), isContext, &cursor, bytes)
            else { return nil }
            destination = isContext ? nil : found
        } else {
            guard !isContext || word & 3 != 0,
                let found = LowpanHeader.unicast(Int(word & 3), link.destination, &cursor, bytes)
            else { return nil }
            destination = isContext ? nil : found
        }
    }

    private static let linkLocal: UInt64 = 0xFE80 << 48

    /// 128, 64 or 16 bits, or none: those of the link-layer address then.
    private static func unicast(
        _ mode: Int, _ link: FrameAddress, _ cursor: inout Cursor, _ bytes: borrowing Span<UInt8>
    ) -> FrameAddress? {
        switch mode {
        case 0:
            guard let high = cursor.be64(bytes), let low = cursor.be64(bytes) else { return nil }
            return .ipv6(high, low)
        case 1: return cursor.be64(bytes).map { .ipv6(linkLocal, $0) }
        case 2: return cursor.be16(bytes).map { .ipv6(linkLocal, short(UInt64($0))) }
        default:
            switch link.kind {
            // The bit that says "universal" is turned (RFC 4291, appendix A).
            case .eui64: return .ipv6(linkLocal, link.low ^ 1 << 57)
            case .short: return .ipv6(linkLocal, short(link.low))
            default: return nil
            }
        }
    }

    private static func short(_ value: UInt64) -> UInt64 { 0x0000_00FF_FE00_0000 | value }

    /// §3.1.1's forms of multicast addresses.
    private static func group(
        _ mode: Int, _ isContext: Bool, _ cursor: inout Cursor, _ bytes: borrowing Span<UInt8>
    ) -> FrameAddress? {
        if isContext {
            guard mode == 0, cursor.skip(6) else { return nil }
            return FrameAddress.none
        }
        switch mode {
        case 0:
            guard let high = cursor.be64(bytes), let low = cursor.be64(bytes) else { return nil }
            return .ipv6(high, low)
        case 1:
            guard let first = cursor.u8(bytes), let top = cursor.u8(bytes),
                let rest = cursor.be32(bytes)
            else { return nil }
            return .ipv6((0xFF00 | UInt64(first)) << 48, UInt64(top) << 32 | UInt64(rest))
        case 2:
            guard let word = cursor.be32(bytes) else { return nil }
            return .ipv6((0xFF00 | UInt64(word >> 24)) << 48, UInt64(word & 0xFF_FFFF))
        default: return cursor.u8(bytes).map { .ipv6(0xFF02 << 48, UInt64($0)) }
        }
    }

    // MARK: Headers behind it (§4)

    /// What a compressed header behind the first one is.
    enum Following: Sendable {
        /// Source and destination port.
        case udp(UInt16, UInt16)
        /// An extension header: its number, the next one's unless that is compressed, its octets
        /// behind the length.
        case extended(UInt8, next: UInt8?, Range<Int>)
        /// Another compressed IPv6 header comes.
        case tunnel
    }

    /// Reads one header; nil when octets are missing or it is none that RFC 6282 knows.
    static func following(
        _ cursor: inout Cursor, _ bytes: borrowing Span<UInt8>
    ) -> Following? {
        guard let dispatch = cursor.u8(bytes) else { return nil }
        if dispatch >> 3 == 0x1E { return ports(dispatch, &cursor, bytes) }
        guard dispatch >> 4 == 0xE, let number = number(of: dispatch) else { return nil }
        if number == 41 { return .tunnel }
        var next: UInt8?
        if dispatch & 1 == 0 {
            guard let inline = cursor.u8(bytes) else { return nil }
            next = inline
        }
        // A fragment header has no length: the octet there is reserved.
        guard let given = cursor.u8(bytes), let range = cursor.take(number == 44 ? 6 : Int(given))
        else { return nil }
        return .extended(number, next: next, range)
    }

    /// The number that IPv6 has for a compressed header; nil for none.
    static func number(of dispatch: UInt8) -> UInt8? {
        if dispatch >> 3 == 0x1E { return 17 }
        guard dispatch >> 4 == 0xE else { return nil }
        switch dispatch >> 1 & 7 {
        case 0: return 0
        case 1: return 43
        case 2: return 44
        case 3: return 60
        case 4: return 135
        case 7: return 41
        default: return nil
        }
    }

    private static func ports(
        _ dispatch: UInt8, _ cursor: inout Cursor, _ bytes: borrowing Span<UInt8>
    ) -> Following? {
        var found: (UInt16, UInt16)
        switch dispatch & 3 {
        case 0:
            guard let one = cursor.be16(bytes), let two = cursor.be16(bytes) else { return nil }
            found = (one, two)
        case 1:
            guard let one = cursor.be16(bytes), let two = cursor.u8(bytes) else { return nil }
            found = (one, 0xF000 | UInt16(two))
        case 2:
            guard let one = cursor.u8(bytes), let two = cursor.be16(bytes) else { return nil }
            found = (0xF000 | UInt16(one), two)
        default:
            guard let both = cursor.u8(bytes) else { return nil }
            found = (0xF0B0 | UInt16(both >> 4), 0xF0B0 | UInt16(both & 15))
        }
        if dispatch & 4 == 0, !cursor.skip(2) { return nil }
        return .udp(found.0, found.1)
    }
}

extension LowpanHeader {
    /// The first fragment of a datagram of `size` octets with its headers written out, as the
    /// offsets of the other fragments count (RFC 6282 §2); nil where that cannot be told.
    static func expand(
        _ bytes: borrowing Span<UInt8>, _ range: Range<Int>, size: Int,
        link: (source: FrameAddress, destination: FrameAddress)
    ) -> [UInt8]? {
        guard bytes.octet(range.lowerBound) != 0x41 else {
            return bytes.array(range.lowerBound + 1..<range.upperBound)
        }
        var cursor = Cursor(range, in: bytes)
        guard let head = LowpanHeader(&cursor, bytes, link: link), let source = head.source,
            let destination = head.destination
        else { return nil }
        var octets: [UInt8] = [0x60, 0, 0, 0]
        put16(size - 40, to: &octets)
        octets += [head.next ?? nextNumber(cursor, bytes) ?? 59, head.hopLimit]
        for word in [source.high, source.low, destination.high, destination.low] {
            put16(Int(word >> 48), to: &octets)
            put16(Int(word >> 32 & 0xFFFF), to: &octets)
            put16(Int(word >> 16 & 0xFFFF), to: &octets)
            put16(Int(word & 0xFFFF), to: &octets)
        }
        var isCompressed = head.next == nil
        for _ in 0..<Dissector.maxLayers where isCompressed {
            switch following(&cursor, bytes) {
            case .udp(let from, let to):
                let length = size - octets.count
                for value in [Int(from), Int(to), length, 0] { put16(value, to: &octets) }
                isCompressed = false
            case .extended(44, let next, let body):
                octets += [next ?? nextNumber(cursor, bytes) ?? 59, 0] + bytes.array(body)
                isCompressed = next == nil
            case .extended(_, let next, let body):
                let eights = (2 + body.count + 7) / 8
                octets += [next ?? nextNumber(cursor, bytes) ?? 59, UInt8(eights - 1)]
                octets += bytes.array(body)
                octets += [UInt8](repeating: 0, count: eights * 8 - 2 - body.count)
                isCompressed = next == nil
            case .tunnel, nil: return nil
            }
        }
        return octets + bytes.array(cursor.range)
    }

    private static func nextNumber(_ cursor: Cursor, _ bytes: borrowing Span<UInt8>) -> UInt8? {
        cursor.left > 0 ? number(of: bytes.octet(cursor.at)) : nil
    }

    private static func put16(_ value: Int, to octets: inout [UInt8]) {
        octets.append(UInt8(truncatingIfNeeded: value >> 8))
        octets.append(UInt8(truncatingIfNeeded: value))
    }
}

/// STUN binding, the server's side (RFC 8489): a node learns from a relay which address and port
/// the world sees it under.
package enum STUN {
    private static let cookie: [UInt8] = [0x21, 0x12, 0xA4, 0x42]
    private static let headerSize = 20

    /// Whether a datagram is STUN: two zero bits, the magic cookie, a length that fits (§6).
    package static func isMessage(_ octets: borrowing Span<UInt8>) -> Bool {
        guard octets.count >= headerSize, octets[0] & 0xC0 == 0 else { return false }
        for index in 0..<4 where octets[4 + index] != cookie[index] { return false }
        let length = Int(octets[2]) << 8 | Int(octets[3])
        return length & 3 == 0 && length == octets.count - headerSize
    }

    /// The answer to a binding request that came from `host` and `port`: XOR-MAPPED-ADDRESS, or an
    /// error 420 that lists comprehension-required attributes we do not know (§6.3.1). Nil for what
    /// is no binding request.
    package static func answer(
        to request: borrowing Span<UInt8>, from host: IPAddress, port: Int
    ) -> [UInt8]? {
        guard isMessage(request), request[0] == 0, request[1] == 1 else { return nil }
        guard let unknown = unknownAttributes(request) else { return nil }
        var transaction: [UInt8] = []
        for index in 8..<headerSize { transaction.append(request[index]) }
        if !unknown.isEmpty {
            let reason = Array("Unknown Attribute".utf8)
            let types = unknown.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
            return message(
                0x0111, transaction,
                attribute(0x0009, [0, 0, 4, 20] + reason) + attribute(0x000A, types))
        }
        let key = cookie + transaction
        let wide = UInt16(truncatingIfNeeded: port)
        var value: [UInt8] = [
            0, host.isIPv6 ? 2 : 1, UInt8(wide >> 8) ^ key[0], UInt8(wide & 0xFF) ^ key[1],
        ]
        for (index, octet) in host.octets.enumerated() { value.append(octet ^ key[index]) }
        return message(0x0101, transaction, attribute(0x0020, value))
    }

    /// Types below 0x8000 that are not understood here; nil when the attributes are cut off.
    private static func unknownAttributes(_ request: borrowing Span<UInt8>) -> [UInt16]? {
        // USERNAME, MESSAGE-INTEGRITY and PRIORITY (ICE) need no answer of ours.
        let known: Set<UInt16> = [0x0006, 0x0008, 0x001C, 0x0024, 0x0025]
        var found: [UInt16] = []
        var at = headerSize
        while at < request.count {
            guard at + 4 <= request.count else { return nil }
            let type = UInt16(request[at]) << 8 | UInt16(request[at + 1])
            let size = Int(request[at + 2]) << 8 | Int(request[at + 3])
            at += 4 + (size + 3) & ~3
            guard at <= request.count else { return nil }
            if type < 0x8000, !known.contains(type), found.count < 16 { found.append(type) }
        }
        return found
    }

    private static func attribute(_ type: UInt16, _ value: [UInt8]) -> [UInt8] {
        [UInt8(type >> 8), UInt8(type & 0xFF), UInt8(value.count >> 8), UInt8(value.count & 0xFF)]
            + value + [UInt8](repeating: 0, count: (4 - value.count & 3) & 3)
    }

    private static func message(
        _ type: UInt16, _ transaction: [UInt8], _ attributes: [UInt8]
    ) -> [UInt8] {
        [
            UInt8(type >> 8), UInt8(type & 0xFF), UInt8(attributes.count >> 8),
            UInt8(attributes.count & 0xFF),
        ] + cookie + transaction + attributes
    }
}

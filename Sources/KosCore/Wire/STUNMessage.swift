/// The one piece of cryptography that STUN asks for: HMAC-SHA1 (RFC 8489 §14.5). The core has none
/// of its own.
package protocol STUNAuthenticator: Sendable {
    /// 20 octets.
    func hmacSHA1(_ message: [UInt8], key: [UInt8]) -> [UInt8]
}

/// A STUN message (RFC 8489 §5): what both sides of a binding, and ICE, send.
package struct STUNMessage: Hashable, Sendable {
    package enum Class: UInt16, Hashable, Sendable {
        case request = 0x0000
        case indication = 0x0010
        case success = 0x0100
        case failure = 0x0110
    }

    package struct Attribute: Hashable, Sendable {
        package let type: UInt16
        package let value: [UInt8]

        package init(_ type: UInt16, _ value: [UInt8]) {
            self.type = type
            self.value = value
        }
    }

    /// Types of attributes (RFC 8489 §18.3, RFC 8445 §16.1).
    package enum Name {
        package static let mappedAddress: UInt16 = 0x0001
        package static let username: UInt16 = 0x0006
        package static let messageIntegrity: UInt16 = 0x0008
        package static let errorCode: UInt16 = 0x0009
        package static let unknownAttributes: UInt16 = 0x000A
        package static let xorMappedAddress: UInt16 = 0x0020
        package static let priority: UInt16 = 0x0024
        package static let useCandidate: UInt16 = 0x0025
        package static let fingerprint: UInt16 = 0x8028
        package static let iceControlled: UInt16 = 0x8029
        package static let iceControlling: UInt16 = 0x802A
    }

    package static let binding: UInt16 = 0x0001
    package static let transactionSize = 12
    private static let cookie: [UInt8] = [0x21, 0x12, 0xA4, 0x42]
    private static let headerSize = 20
    private static let integritySize = 20
    private static let fingerprintMask: UInt32 = 0x5354_554E
    /// More than any message of ours, and of those we know.
    private static let maxAttributes = 32

    package let kind: Class
    package let method: UInt16
    package let transaction: [UInt8]
    /// Without MESSAGE-INTEGRITY and FINGERPRINT, and without what follows the first of them.
    package let attributes: [Attribute]
    private let octets: [UInt8]
    /// Where MESSAGE-INTEGRITY and FINGERPRINT begin.
    private let integrityStart: Int?
    private let fingerprintStart: Int?

    // MARK: Reading

    /// Whether a datagram is STUN: two zero bits, the magic cookie, a length that fits (§6).
    package static func isMessage(_ octets: borrowing Span<UInt8>) -> Bool {
        guard octets.count >= headerSize, octets[0] & 0xC0 == 0 else { return false }
        for index in 0..<4 where octets[4 + index] != cookie[index] { return false }
        let length = Int(octets[2]) << 8 | Int(octets[3])
        return length & 3 == 0 && length == octets.count - headerSize
    }

    /// Nil for what is no STUN, and for attributes that are cut off.
    package init?(_ octets: [UInt8]) {
        guard STUNMessage.isMessage(octets.span),
            let kind = Class(rawValue: UInt16(octets[0] & 1) << 8 | UInt16(octets[1] & 0x10))
        else { return nil }
        self.kind = kind
        let word = UInt16(octets[0]) << 8 | UInt16(octets[1])
        method = word & 0x000F | (word & 0x00E0) >> 1 | (word & 0x3E00) >> 2
        transaction = Array(octets[8..<STUNMessage.headerSize])
        self.octets = octets
        var attributes: [Attribute] = []
        var integrity: Int?
        var fingerprint: Int?
        var at = STUNMessage.headerSize
        while at < octets.count {
            guard at + 4 <= octets.count, fingerprint == nil,
                attributes.count < STUNMessage.maxAttributes
            else { return nil }
            let type = UInt16(octets[at]) << 8 | UInt16(octets[at + 1])
            let size = Int(octets[at + 2]) << 8 | Int(octets[at + 3])
            let end = at + 4 + (size + 3) & ~3
            guard end <= octets.count else { return nil }
            if type == Name.fingerprint {
                guard size == 4 else { return nil }
                fingerprint = at
            } else if type == Name.messageIntegrity {
                guard size == STUNMessage.integritySize else { return nil }
                integrity = integrity ?? at
            } else if integrity == nil {
                // What comes behind the integrity is not covered by it (§14.5).
                attributes.append(Attribute(type, Array(octets[(at + 4)..<(at + 4 + size)])))
            }
            at = end
        }
        self.attributes = attributes
        integrityStart = integrity
        fingerprintStart = fingerprint
    }

    package subscript(type: UInt16) -> [UInt8]? {
        attributes.first { $0.type == type }?.value
    }

    package func has(_ type: UInt16) -> Bool { attributes.contains { $0.type == type } }

    /// Whether MESSAGE-INTEGRITY is there and was made with `key` (§14.5).
    package func isIntact(key: [UInt8], _ authenticator: some STUNAuthenticator) -> Bool {
        guard let start = integrityStart else { return false }
        let covered = STUNMessage.withLength(
            Array(octets[..<start]), start + 4 + STUNMessage.integritySize)
        let expected = authenticator.hmacSHA1(covered, key: key)
        let given = octets[(start + 4)..<(start + 4 + STUNMessage.integritySize)]
        guard expected.count == given.count else { return false }
        // Every octet is looked at, whatever the first ones were.
        return zip(expected, given).reduce(UInt8(0)) { $0 | $1.0 ^ $1.1 } == 0
    }

    /// Whether FINGERPRINT is there and right (§14.7).
    package var hasFingerprint: Bool {
        guard let start = fingerprintStart else { return false }
        let sum = CRC32.sum(octets[..<start]) ^ STUNMessage.fingerprintMask
        return STUNMessage.word(octets[(start + 4)..<(start + 8)]) == sum
    }

    /// The address in XOR-MAPPED-ADDRESS, or in MAPPED-ADDRESS where an old server sends that.
    package var mappedAddress: ContactAddress? {
        if let value = self[Name.xorMappedAddress] {
            return STUNMessage.address(value, key: STUNMessage.cookie + transaction)
        }
        return self[Name.mappedAddress].flatMap {
            STUNMessage.address($0, key: [UInt8](repeating: 0, count: 16))
        }
    }

    /// The number in ERROR-CODE, 300 … 699 (§14.8).
    package var errorCode: Int? {
        guard let value = self[Name.errorCode], value.count >= 4 else { return nil }
        return Int(value[2] & 7) * 100 + Int(value[3])
    }

    package func number32(_ type: UInt16) -> UInt32? {
        guard let value = self[type], value.count == 4 else { return nil }
        return STUNMessage.word(value[...])
    }

    package func number64(_ type: UInt16) -> UInt64? {
        guard let value = self[type], value.count == 8 else { return nil }
        return value.reduce(0) { $0 << 8 | UInt64($1) }
    }

    private static func word(_ octets: ArraySlice<UInt8>) -> UInt32 {
        octets.reduce(0) { $0 << 8 | UInt32($1) }
    }

    private static func address(_ value: [UInt8], key: [UInt8]) -> ContactAddress? {
        guard value.count >= 8, value.count == (value[1] == 2 ? 20 : 8),
            let ip = IPAddress(octets: zip(value.dropFirst(4), key).map { $0.0 ^ $0.1 })
        else { return nil }
        let port = UInt16(value[2] ^ key[0]) << 8 | UInt16(value[3] ^ key[1])
        return ContactAddress(ip: ip, port: port)
    }

    // MARK: Writing

    /// XOR-MAPPED-ADDRESS (§14.2).
    package static func xorMapped(_ address: ContactAddress, _ transaction: [UInt8]) -> Attribute {
        let key = cookie + transaction
        var value: [UInt8] = [0, address.ip.isIPv6 ? 2 : 1]
        value.append(UInt8(address.port >> 8) ^ key[0])
        value.append(UInt8(address.port & 0xFF) ^ key[1])
        for (octet, mask) in zip(address.ip.octets, key) { value.append(octet ^ mask) }
        return Attribute(Name.xorMappedAddress, value)
    }

    /// ERROR-CODE (§14.8).
    package static func error(_ code: Int, _ reason: String) -> Attribute {
        Attribute(
            Name.errorCode,
            [0, 0, UInt8(code / 100 & 7), UInt8(code % 100)] + Array(reason.utf8.prefix(128)))
    }

    package static func number(_ type: UInt16, _ number: some FixedWidthInteger) -> Attribute {
        let size = number.bitWidth / 8
        return Attribute(
            type, (0..<size).map { UInt8(truncatingIfNeeded: number >> (8 * (size - 1 - $0))) })
    }

    /// A message on the wire; with `integrity` it carries MESSAGE-INTEGRITY and FINGERPRINT.
    package static func encode(
        _ kind: Class, transaction: [UInt8], _ attributes: [Attribute],
        integrity: (key: [UInt8], authenticator: any STUNAuthenticator)? = nil
    ) -> [UInt8] {
        let type = binding | kind.rawValue
        var octets = [UInt8(type >> 8), UInt8(type & 0xFF), 0, 0] + cookie + transaction
        for attribute in attributes { append(attribute, to: &octets) }
        guard let integrity else { return withLength(octets, octets.count) }
        let covered = withLength(octets, octets.count + 4 + integritySize)
        octets = covered
        append(
            Attribute(
                Name.messageIntegrity,
                integrity.authenticator.hmacSHA1(covered, key: integrity.key)),
            to: &octets)
        octets = withLength(octets, octets.count + 8)
        append(number(Name.fingerprint, CRC32.sum(octets) ^ fingerprintMask), to: &octets)
        return octets
    }

    private static func append(_ attribute: Attribute, to octets: inout [UInt8]) {
        let size = attribute.value.count
        octets += [UInt8(attribute.type >> 8), UInt8(attribute.type & 0xFF)]
        octets += [UInt8(truncatingIfNeeded: size >> 8), UInt8(truncatingIfNeeded: size)]
        octets += attribute.value
        octets += [UInt8](repeating: 0, count: (4 - size & 3) & 3)
    }

    /// The message with the length field of one that is `size` octets long.
    private static func withLength(_ octets: [UInt8], _ size: Int) -> [UInt8] {
        var octets = octets
        octets[2] = UInt8(truncatingIfNeeded: (size - headerSize) >> 8)
        octets[3] = UInt8(truncatingIfNeeded: size - headerSize)
        return octets
    }
}

/// Why a routing message was refused.
package enum RoutingError: Error, Hashable, Sendable {
    /// It ends before what it announces.
    case truncated
    /// A length field disagrees with the octets that are there.
    case wrongLength
    case unknownType(UInt8)
    /// An extension or option that may not be skipped.
    case unsupportedOption(UInt8)
    /// A field has a value that the RFC excludes.
    case badField
    /// The sender is not entitled to say this: not a neighbour, or blacklisted.
    case untrustedSender
    /// A table is full, so the message was not acted upon.
    case tableFull
}

/// Big-endian fields of a message. Offsets are the caller's to check; a wrong one stops the program
/// rather than reading beyond the end.
extension Span<UInt8> {
    @inline(__always)
    package func field16(at offset: Int) -> UInt16 {
        UInt16(self[offset]) << 8 | UInt16(self[offset + 1])
    }

    @inline(__always)
    package func field32(at offset: Int) -> UInt32 {
        UInt32(field16(at: offset)) << 16 | UInt32(field16(at: offset + 2))
    }

    @inline(__always)
    package func address(at offset: Int) -> RouterAddress { RouterAddress(field32(at: offset)) }

    /// The addresses that fill `range`, whose length is a multiple of four.
    package func addresses(in range: Range<Int>) -> [RouterAddress] {
        var addresses: [RouterAddress] = []
        addresses.reserveCapacity(range.count / 4)
        var offset = range.lowerBound
        while offset + 4 <= range.upperBound {
            addresses.append(address(at: offset))
            offset += 4
        }
        return addresses
    }

    package func octets(in range: Range<Int>) -> [UInt8] {
        var octets: [UInt8] = []
        octets.reserveCapacity(range.count)
        for offset in range { octets.append(self[offset]) }
        return octets
    }
}

extension [UInt8] {
    @inline(__always)
    package mutating func append16(_ value: UInt16) {
        append(UInt8(truncatingIfNeeded: value >> 8))
        append(UInt8(truncatingIfNeeded: value))
    }

    @inline(__always)
    package mutating func append32(_ value: UInt32) {
        append16(UInt16(truncatingIfNeeded: value >> 16))
        append16(UInt16(truncatingIfNeeded: value))
    }

    @inline(__always)
    package mutating func append(_ address: RouterAddress) { append32(address.bits) }

    /// Overwrites two octets that are there.
    package mutating func put16(_ value: UInt16, at offset: Int) {
        guard offset >= 0, offset + 2 <= count else { return }
        self[offset] = UInt8(truncatingIfNeeded: value >> 8)
        self[offset + 1] = UInt8(truncatingIfNeeded: value)
    }
}

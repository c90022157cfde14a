/// Address of a Bluetooth device (Core Specification 5.4, Vol 6 Part B §1.3): `AA:BB:CC:DD:EE:FF`,
/// and `AA:BB:CC:DD:EE:FF/random` where a Low Energy device has chosen it itself.
package struct BluetoothAddress: Hashable, Sendable, CustomStringConvertible {
    /// Six octets as they are written; on the air and in the kernel the last one comes first.
    package let octets: [UInt8]
    package let isRandom: Bool

    /// Nil unless there are six octets; `reversed` as the kernel and the controllers have them.
    package init?(reversed octets: some BidirectionalCollection<UInt8>, isRandom: Bool = false) {
        guard octets.count == 6 else { return nil }
        self.octets = octets.reversed()
        self.isRandom = isRandom
    }

    /// Nil for what is no address; hyphens may stand for the colons.
    package init?(_ text: some StringProtocol) {
        var text = Substring(text)
        isRandom = text.hasSuffix("/random")
        if isRandom { text = text.dropLast(7) }
        let parts = text.split(omittingEmptySubsequences: false) { $0 == ":" || $0 == "-" }
        octets = parts.compactMap { part in
            guard part.utf8.count == 2, part.allSatisfy(\.isHexDigit) else { return nil }
            return UInt8(part, radix: 16)
        }
        guard parts.count == 6, octets.count == 6 else { return nil }
    }

    package var reversed: [UInt8] { octets.reversed() }

    package var description: String {
        let text = octets.map { octet in
            (octet < 16 ? "0" : "") + String(octet, radix: 16, uppercase: true)
        }
        return text.joined(separator: ":") + (isRandom ? "/random" : "")
    }
}

/// What opens a data channel (RFC 8832), and what the messages in one are marked with (RFC 8831
/// §8).
package enum DataChannelMessage {
    /// Payload protocol identifiers.
    package enum Payload: UInt32, Hashable, Sendable {
        case control = 50
        case text = 51
        case binary = 53
        case emptyText = 56
        case emptyBinary = 57
    }

    /// DATA_CHANNEL_OPEN (§5.1).
    package struct Open: Hashable, Sendable {
        package let label: String
        package let subprotocol: String
        /// Reliable and in order: the only kind that a link is made of.
        package let isReliable: Bool

        package init(label: String, subprotocol: String, isReliable: Bool = true) {
            self.label = label
            self.subprotocol = subprotocol
            self.isReliable = isReliable
        }

        package var octets: [UInt8] {
            let name = Array(label.utf8.prefix(255))
            let inner = Array(subprotocol.utf8.prefix(255))
            return [3, isReliable ? 0 : 0x81, 0, 0, 0, 0, 0, 0, 0, UInt8(name.count), 0]
                + [UInt8(inner.count)] + name + inner
        }
    }

    /// DATA_CHANNEL_ACK (§5.2).
    package static let acknowledgement: [UInt8] = [2]

    package static func isAcknowledgement(_ octets: [UInt8]) -> Bool { octets == acknowledgement }

    /// Nil for what is no whole DATA_CHANNEL_OPEN.
    package static func open(_ octets: [UInt8]) -> Open? {
        guard octets.count >= 12, octets[0] == 3 else { return nil }
        let label = Int(octets[8]) << 8 | Int(octets[9])
        let inner = Int(octets[10]) << 8 | Int(octets[11])
        guard octets.count == 12 + label + inner else { return nil }
        return Open(
            label: String(decoding: octets[12..<(12 + label)], as: UTF8.self),
            subprotocol: String(decoding: octets[(12 + label)...], as: UTF8.self),
            isReliable: octets[1] == 0)
    }
}

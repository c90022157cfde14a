/// Frames of Meshtastic's stream: 94 C3, length (big-endian), at most 512 octets. All else is
/// console text and is passed over.
package struct MeshtasticFraming: Sendable {
    package static let maxLength = 512
    private static let start: [UInt8] = [0x94, 0xC3]
    private var pending: [UInt8] = []

    package init() {}

    package static func frame(_ payload: [UInt8]) -> [UInt8] {
        start + [
            UInt8(truncatingIfNeeded: payload.count >> 8),
            UInt8(truncatingIfNeeded: payload.count),
        ] + payload
    }

    /// Takes octets as they come; gives the frames that are whole.
    package mutating func push(_ bytes: [UInt8]) -> [[UInt8]] {
        pending += bytes
        var frames: [[UInt8]] = []
        var offset = 0
        while true {
            // To the next first octet; console text in front of it is nobody's.
            while offset < pending.count, pending[offset] != MeshtasticFraming.start[0] {
                offset += 1
            }
            guard offset + 4 <= pending.count else { break }
            let length = Int(pending[offset + 2]) << 8 | Int(pending[offset + 3])
            guard pending[offset + 1] == MeshtasticFraming.start[1],
                length <= MeshtasticFraming.maxLength
            else {
                offset += 1
                continue
            }
            guard offset + 4 + length <= pending.count else { break }
            frames.append(Array(pending[offset + 4..<offset + 4 + length]))
            offset += 4 + length
        }
        pending.removeFirst(offset)
        return frames
    }
}

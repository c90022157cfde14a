/// The sending end of a WebSocket (RFC 6455 §5): messages in, frames out, each message whole in one
/// frame. A client masks with keys from a generator that its owner hands in.
package struct WebSocketWriter: Sendable {
    package enum Opcode: UInt8, Sendable { case text = 1, binary, close = 8, ping, pong }
    private let isClient: Bool
    private var deflate: Deflate?
    private let keepsContext: Bool

    package init(isClient: Bool, deflate agreement: DeflateAgreement? = nil) {
        self.isClient = isClient
        let bits = isClient ? agreement?.clientBits : agreement?.serverBits
        keepsContext = (isClient ? agreement?.clientForgets : agreement?.serverForgets) == false
        deflate = bits.map { Deflate(windowBits: $0) }
    }

    /// Whether a message's frame has nothing in it of this connection or this moment.
    package var isPlain: Bool { !isClient && deflate == nil }

    /// Appends one frame.
    package mutating func write(
        _ opcode: Opcode, _ payload: borrowing Span<UInt8>, into frames: inout [UInt8],
        using random: inout some RandomNumberGenerator
    ) {
        guard opcode.rawValue < 8, var deflate else {
            return frame(0x80 | opcode.rawValue, payload, &frames, &random)
        }
        self.deflate = nil
        var packed: [UInt8] = []
        deflate.compress(payload, into: &packed)
        if !keepsContext { deflate.forget() }
        self.deflate = deflate
        frame(0xC0 | opcode.rawValue, packed.span, &frames, &random)
    }

    private func frame(
        _ first: UInt8, _ payload: borrowing Span<UInt8>, _ frames: inout [UInt8],
        _ random: inout some RandomNumberGenerator
    ) {
        frames.append(first)
        let mask: UInt8 = isClient ? 0x80 : 0
        let count = payload.count
        switch count {
        case ..<126: frames.append(mask | UInt8(count))
        case ..<65536:
            frames.append(mask | 126)
            frames.append(UInt8(count >> 8))
            frames.append(UInt8(count & 0xFF))
        default:
            frames.append(mask | 127)
            for shift in [56, 48, 40, 32, 24, 16, 8, 0] {
                frames.append(UInt8(truncatingIfNeeded: count >> shift))
            }
        }
        guard isClient else { return frames.append(payload, 0..<count) }
        let key = UInt32(truncatingIfNeeded: random.next())
        for shift in [0, 8, 16, 24] as [UInt32] {
            frames.append(UInt8(truncatingIfNeeded: key >> shift))
        }
        frames.append(unmasking: payload, key)
    }
}

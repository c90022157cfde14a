/// Cuts one direction of a WebSocket connection into messages (RFC 6455 §5), in bounded memory.
package struct WebSocketFrames: Sendable {
    /// Octets of a message that are kept; longer ones are stepped over and counted.
    package static let maxMessage = 65_536

    /// Messages not given out: too long, or compressed (RFC 7692).
    package private(set) var skippedMessages = 0
    /// The peer said goodbye, or the octets are no frames: nothing more will come.
    package private(set) var isClosed = false

    private var head: [UInt8] = []
    private var message: [UInt8] = []
    private var isDropping = false
    private var isInMessage = false
    // The frame whose payload is being read.
    private var left: UInt64 = 0
    private var mask: (UInt8, UInt8, UInt8, UInt8) = (0, 0, 0, 0)
    private var maskPlace = 0
    private var isFinal = false
    private var isControl = false
    private var isInPayload = false

    package init() {}

    /// Reads `range` of `bytes`; whole text and binary messages are handed to `give`.
    package mutating func read(
        _ bytes: borrowing Span<UInt8>, _ range: Range<Int>, give: ([UInt8]) -> Void
    ) {
        var cursor = Cursor(range, in: bytes)
        while !isClosed {
            if isInPayload {
                guard readPayload(bytes, &cursor, give: give) else { return }
            } else {
                guard let octet = cursor.u8(bytes) else { return }
                head.append(octet)
                openFrame()
                if isInPayload, left == 0 { endFrame(give: give) }
            }
        }
    }

    /// Looks whether the frame's head is whole, and starts its payload.
    private mutating func openFrame() {
        guard head.count >= 2 else { return }
        let short = head[1] & 0x7F
        let isMasked = head[1] & 0x80 != 0
        let size = 2 + (short == 126 ? 2 : short == 127 ? 8 : 0) + (isMasked ? 4 : 0)
        guard head.count == size else { return }
        var length = UInt64(short)
        if short == 126 { length = UInt64(head.span.be16(2)) }
        if short == 127 { length = head.span.be64(2) }
        let opcode = head[0] & 0x0F
        isControl = opcode >= 8
        // A control frame is short and whole, reserved opcodes do not happen, lengths have 63 bits.
        let isWrong =
            isControl && (length > 125 || head[0] & 0x80 == 0)
            || (3...7).contains(opcode) || opcode > 10 || length >> 63 != 0
            || opcode == 0 && !isInMessage || (opcode == 1 || opcode == 2) && isInMessage
        guard !isWrong, opcode != 8 else {
            isClosed = true
            message = []
            return
        }
        isFinal = head[0] & 0x80 != 0
        if !isControl {
            if opcode != 0 {
                message.removeAll(keepingCapacity: true)
                isDropping = head[0] & 0x70 != 0
            }
            isInMessage = true
            if length > UInt64(WebSocketFrames.maxMessage - message.count) { isDropping = true }
        }
        left = length
        maskPlace = 0
        mask =
            isMasked
            ? (head[size - 4], head[size - 3], head[size - 2], head[size - 1]) : (0, 0, 0, 0)
        isInPayload = true
        head.removeAll(keepingCapacity: true)
    }

    /// True when the frame's payload is at its end.
    private mutating func readPayload(
        _ bytes: borrowing Span<UInt8>, _ cursor: inout Cursor, give: ([UInt8]) -> Void
    ) -> Bool {
        let count = Int(min(left, UInt64(cursor.left)))
        guard count > 0, let range = cursor.take(count) else { return false }
        left -= UInt64(count)
        if !isControl, !isDropping {
            for index in range {
                let key: UInt8
                switch maskPlace & 3 {
                case 0: key = mask.0
                case 1: key = mask.1
                case 2: key = mask.2
                default: key = mask.3
                }
                message.append(bytes.octet(index) ^ key)
                maskPlace &+= 1
            }
        }
        if left == 0 { endFrame(give: give) }
        return true
    }

    private mutating func endFrame(give: ([UInt8]) -> Void) {
        isInPayload = false
        guard !isControl, isFinal else { return }
        isInMessage = false
        if isDropping { skippedMessages += 1 } else { give(message) }
        message.removeAll(keepingCapacity: true)
        isDropping = false
    }
}

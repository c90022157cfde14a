/// The receiving end of a WebSocket (RFC 6455 §5 to §8) as a value: octets in, whole messages and
/// control frames out, and the code with which the connection is to be closed when the other end
/// breaks a rule.
package struct WebSocketReader: Sendable {
    package enum Control: Hashable, Sendable {
        case ping([UInt8])
        case pong([UInt8])
        /// With the code, if any; nothing follows.
        case close(UInt16?)
    }

    /// A rule that the other end broke; the connection ends with this code (RFC 6455 §7.4.1).
    package struct Violation: Error, Hashable {
        package let code: UInt16
        package let reason: String
        package init(_ code: UInt16, _ reason: String) {
            self.code = code
            self.reason = reason
        }
        static func bad(_ reason: String) -> Violation { Violation(1002, reason) }
    }

    /// A message that is not simply a line of `lines`.
    package struct Message: Hashable, Sendable {
        package let isText: Bool
        package let octets: [UInt8]

        package init(isText: Bool, octets: [UInt8]) {
            self.isText = isText
            self.octets = octets
        }
    }

    /// Servers take masked frames alone, clients unmasked ones.
    private let isServer: Bool
    private let maxMessage: Int
    /// Text messages become lines; otherwise they come out as messages, exactly as they were.
    private let makesLines: Bool
    private var inflate: Inflate?
    private let keepsContext: Bool

    private var head: [UInt8] = []
    private var isInFrame = false
    private var left = 0
    private var key: UInt32 = 0
    private var opcode: UInt8 = 0
    private var isFinal = false
    /// Opcode of the message under way; 0 between messages.
    private var message: UInt8 = 0
    private var isPacked = false
    /// The control frame's, or the message's, octets so far.
    private var control: [UInt8] = []
    private var packed: [UInt8] = []
    private var start = 0
    private var progress = UTF8Progress()

    private var arrived: [UInt8] = []
    private var messages: [Message] = []
    private var controls: [Control] = []
    package private(set) var isClosed = false

    package init(
        isServer: Bool, maxMessage: Int, makesLines: Bool, deflate: DeflateAgreement? = nil
    ) {
        self.isServer = isServer
        self.maxMessage = maxMessage
        self.makesLines = makesLines
        inflate = deflate.map { _ in Inflate(isEndless: true) }
        let isFresh = isServer ? deflate?.clientForgets : deflate?.serverForgets
        keepsContext = isFresh == false
    }

    // MARK: Taking out

    /// Text messages that are whole, each with a newline behind it and none inside.
    package mutating func takeLines() -> [UInt8] {
        guard start > 0 else { return [] }
        defer { start = 0 }
        if start == arrived.count {
            defer { arrived = [] }
            return arrived
        }
        let lines = Array(arrived[..<start])
        arrived.removeSubrange(..<start)
        return lines
    }

    package mutating func takeMessages() -> [Message] {
        guard !messages.isEmpty else { return [] }
        defer { messages = [] }
        return messages
    }

    package mutating func takeControls() -> [Control] {
        guard !controls.isEmpty else { return [] }
        defer { controls = [] }
        return controls
    }

    // MARK: Reading

    /// Takes octets as they come from the connection. What was whole before a violation can still
    /// be taken out; after one, or a close frame, the rest is let go.
    package mutating func read(_ octets: borrowing Span<UInt8>) throws(Violation) {
        var at = 0
        while at < octets.count, !isClosed {
            if !isInFrame {
                try readHead(octets[at])
                at += 1
            }
            guard isInFrame else { continue }
            let end = at + min(left, octets.count - at)
            if end > at { try take(octets, at..<end) }
            left -= end - at
            at = end
            guard left == 0 else { continue }
            isInFrame = false
            if opcode >= 8 { try endControl() } else if isFinal { try endMessage() }
        }
    }

    private mutating func readHead(_ octet: UInt8) throws(Violation) {
        head.append(octet)
        guard head.count > 1 else { return try checkFirst(octet) }
        let short = Int(head[1] & 0x7F)
        let extra = short == 126 ? 2 : short == 127 ? 8 : 0
        if head.count == 2 { try checkSecond(short) }
        guard head.count == 2 + extra + (isServer ? 4 : 0) else { return }
        var length = UInt64(extra == 0 ? short : 0)
        for index in 2..<2 + extra { length = length << 8 | UInt64(head[index]) }
        guard extra == 0 || length > (extra == 2 ? 125 : 65535), length >> 63 == 0 else {
            throw .bad("a length that is not the shortest form")
        }
        if opcode < 8 {
            let sofar = isPacked ? packed.count : arrived.count - start
            guard length <= UInt64(max(0, maxMessage - sofar)) else {
                throw Violation(1009, "longer than \(maxMessage) octets")
            }
        }
        key = 0
        if isServer {
            for index in 0..<4 { key |= UInt32(head[2 + extra + index]) << UInt32(8 * index) }
        }
        left = Int(length)
        isInFrame = true
        head.removeAll(keepingCapacity: true)
    }

    private mutating func checkFirst(_ octet: UInt8) throws(Violation) {
        opcode = octet & 0x0F
        isFinal = octet & 0x80 != 0
        guard octet & 0x30 == 0 else { throw .bad("a reserved bit") }
        let isCompressed = octet & 0x40 != 0
        guard !isCompressed || inflate != nil && (opcode == 1 || opcode == 2) else {
            throw .bad("a reserved bit")
        }
        switch opcode {
        case 0: guard message != 0 else { throw .bad("a continuation of nothing") }
        case 1, 2:
            guard message == 0 else { throw .bad("a message within a message") }
            message = opcode
            isPacked = isCompressed
            progress = UTF8Progress()
        case 8, 9, 10: guard isFinal else { throw .bad("a fragment of a control frame") }
        default: throw .bad("a reserved opcode")
        }
    }

    private func checkSecond(_ short: Int) throws(Violation) {
        guard (head[1] & 0x80 != 0) == isServer else {
            throw .bad(isServer ? "a frame without a mask" : "a masked frame")
        }
        guard opcode < 8 || short <= 125 else { throw .bad("a long control frame") }
    }

    private mutating func take(
        _ octets: borrowing Span<UInt8>, _ range: Range<Int>
    ) throws(Violation) {
        let piece = octets.extracting(range)
        if opcode >= 8 {
            control.append(unmasking: piece, key)
        } else if isPacked {
            packed.append(unmasking: piece, key)
        } else {
            let from = arrived.count
            arrived.append(unmasking: piece, key)
            try checkText(from: from)
        }
        // The next piece of this frame goes on in the middle of the key.
        let turn = UInt32(8 * (range.count & 3))
        if turn != 0 { key = key >> turn | key << (32 - turn) }
    }

    private mutating func endControl() throws(Violation) {
        let payload = control
        control = []
        switch opcode {
        case 9: controls.append(.ping(payload))
        case 10: controls.append(.pong(payload))
        default:
            guard payload.count != 1 else { throw .bad("half a close code") }
            var code: UInt16?
            if payload.count > 1 {
                let number = UInt16(payload[0]) << 8 | UInt16(payload[1])
                guard WebSocketReader.isCode(number) else { throw .bad("close code \(number)") }
                var reason = UTF8Progress()
                guard reason.take(payload.span.extracting(2..<payload.count)), reason.isWhole
                else { throw Violation(1007, "no UTF-8") }
                code = number
            }
            isClosed = true
            controls.append(.close(code))
        }
    }

    /// Codes that may stand in a close frame (RFC 6455 §7.4, and those registered since).
    private static func isCode(_ code: UInt16) -> Bool {
        switch code {
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
        }
    }

    private mutating func endMessage() throws(Violation) {
        if isPacked { try unpack() }
        let isText = message == 1
        guard !isText || progress.isWhole else { throw Violation(1007, "no UTF-8") }
        message = 0
        guard isText, makesLines else {
            messages.append(Message(isText: isText, octets: Array(arrived[start...])))
            arrived.removeSubrange(start...)
            return
        }
        // Between tokens a newline is white space; inside a string it is no JSON anyway.
        var from = start
        while let place = arrived.span.firstOffset(of: 0x0A, from: from) {
            arrived[place] = 0x20
            from = place
        }
        arrived.append(0x0A)
        start = arrived.count
    }

    private mutating func unpack() throws(Violation) {
        packed += [0, 0, 0xFF, 0xFF]
        defer { packed = [] }
        guard var inflate else { return }
        self.inflate = nil
        inflate.push(packed.span)
        inflate.endInput()
        let from = arrived.count
        do throws(Inflate.Damage) {
            _ = try inflate.pull(into: &arrived, at: from, limit: maxMessage + 1)
        } catch {
            throw Violation(1007, "no DEFLATE: \(error.message)")
        }
        guard arrived.count - from <= maxMessage else {
            throw Violation(1009, "longer than \(maxMessage) octets")
        }
        self.inflate = keepsContext ? inflate : Inflate(isEndless: true)
        try checkText(from: from)
    }

    private mutating func checkText(from place: Int) throws(Violation) {
        guard message == 1 else { return }
        var progress = progress
        guard progress.take(arrived.span.extracting(place..<arrived.count)) else {
            throw Violation(1007, "no UTF-8")
        }
        self.progress = progress
    }
}

/// KISS framing (Chepponis, Karn 1987): C0 ends a frame, DB escapes.
package enum KISSFraming {
    package static let end: UInt8 = 0xC0
    package static let escape: UInt8 = 0xDB
    package static let escapedEnd: UInt8 = 0xDC
    package static let escapedEscape: UInt8 = 0xDD

    /// `C0 command data C0`; the command octet is never escaped.
    package static func encode(command: UInt8, _ data: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(data.count + 8)
        bytes.append(end)
        bytes.append(command)
        for octet in data {
            switch octet {
            case end:
                bytes.append(escape)
                bytes.append(escapedEnd)
            case escape:
                bytes.append(escape)
                bytes.append(escapedEscape)
            default: bytes.append(octet)
            }
        }
        bytes.append(end)
        return bytes
    }
}

/// Cuts a stream into KISS frames, in bounded memory; what lies between frames is dropped and
/// counted.
///
/// Frames may share one C0 or have one each: the decoder takes every C0 as an end and a start.
package struct KISSDecoder: Sendable {
    package struct Frame: Hashable, Sendable {
        package let command: UInt8
        package let data: [UInt8]

        package init(command: UInt8, data: [UInt8]) {
            self.command = command
            self.data = data
        }
    }
    /// Longest frame that is kept; longer ones are dropped whole.
    package let limit: Int
    /// Octets that belonged to no frame, and frames that were too long or badly escaped.
    package private(set) var noise = 0
    package private(set) var broken = 0
    private var isInside = false
    private var isEscaped = false
    private var isBroken = false
    private var command: UInt8?
    private var data: [UInt8] = []
    private let dataCloses: Bool

    /// `dataCloses`: whether, as RNode has it, the C0 behind a frame of command 0 does not also
    /// open the next frame.
    package init(limit: Int, dataCloses: Bool = false) {
        self.limit = limit
        self.dataCloses = dataCloses
    }

    package mutating func push(_ bytes: [UInt8], _ body: (Frame) -> Void) {
        for octet in bytes {
            if let frame = push(octet) { body(frame) }
        }
    }

    /// Takes one octet; the frame that it completes, if it does.
    package mutating func push(_ octet: UInt8) -> Frame? {
        if octet == KISSFraming.end { return finish() }
        guard isInside else {
            noise &+= 1
            return nil
        }
        guard command != nil else {
            command = octet
            return nil
        }
        guard data.count < limit else {
            isBroken = true
            return nil
        }
        if isEscaped {
            isEscaped = false
            switch octet {
            case KISSFraming.escapedEnd: data.append(KISSFraming.end)
            case KISSFraming.escapedEscape: data.append(KISSFraming.escape)
            default: isBroken = true
            }
        } else if octet == KISSFraming.escape {
            isEscaped = true
        } else {
            data.append(octet)
        }
        return nil
    }

    /// Forgets a frame that was begun: the line was silent in the middle of it.
    package mutating func reset() {
        if command != nil { broken &+= 1 }
        clear(isInside: false)
    }

    /// Whether a frame is begun.
    package var isPartial: Bool { command != nil }

    private mutating func finish() -> Frame? {
        defer { clear(isInside: !dataCloses || command != 0) }
        guard let command else { return nil }
        guard !isBroken, !isEscaped else {
            broken &+= 1
            return nil
        }
        return Frame(command: command, data: data)
    }

    private mutating func clear(isInside: Bool) {
        self.isInside = isInside
        isEscaped = false
        isBroken = false
        command = nil
        data = []
    }
}

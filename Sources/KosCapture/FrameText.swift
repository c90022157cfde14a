import KosCore

/// Writes `frame` records into one piece of memory that is used again: no allocation a packet.
package struct FrameText: Sendable {
    /// The record without its closing brace, so that decoders can add members of their own.
    package private(set) var bytes: [UInt8] = []
    /// More octets than the members that are always the same can take: 80 protocols of 13 octets,
    /// two addresses of 45, an interface's name, and the rest.
    private static let room = 4096

    package init() { bytes.reserveCapacity(FrameText.room) }

    /// An interface's name as JSON, cut to 64 characters; `null` for none.
    package static func quoted(_ name: String?) -> [UInt8] {
        var writer = JSONWriter()
        if let name { writer.write(String(name.prefix(64))) } else { writer.writeNull() }
        // A character may be many scalars: what is longer than any name is dropped.
        return writer.bytes.count <= 512 ? writer.bytes : Array("null".utf8)
    }

    /// Writes everything that is known of `frame` up to, without, the closing brace.
    package mutating func open(_ frame: CapturedFrame, interface: [UInt8]) {
        bytes.removeAll(keepingCapacity: true)
        bytes.append(addingCapacity: FrameText.room) { out in
            FrameText.writeHead(frame, interface: interface, to: &out)
            FrameText.writeProtocols(frame, to: &out)
            FrameText.writeEnds(frame, to: &out)
            FrameText.writeRest(frame, to: &out)
        }
    }

    private static func writeHead(
        _ frame: CapturedFrame, interface: [UInt8], to out: inout OutputSpan<UInt8>
    ) {
        if let time = frame.time {
            out.put("{\"type\":\"frame\",\"kos\":1,\"timestamp\":")
            let (milliseconds, nanos) = time.quotientAndRemainder(dividingBy: 1_000_000)
            out.put(UInt64(milliseconds.magnitude))
            out.put(",\"timestampNanos\":")
            out.put(UInt64(nanos.magnitude))
        } else {
            out.put("{\"type\":\"frame\",\"kos\":1,\"timestamp\":null")
        }
        out.put(",\"number\":")
        out.put(UInt64(frame.number))
        out.put(",\"interface\":")
        for octet in interface { out.append(octet) }
        out.put(",\"lengthBytes\":")
        out.put(UInt64(frame.lengthBytes))
        out.put(",\"capturedBytes\":")
        out.put(UInt64(frame.capturedBytes))
        if frame.direction == 1 { out.put(",\"direction\":\"in\"") }
        if frame.direction == 2 { out.put(",\"direction\":\"out\"") }
    }

    private static func writeProtocols(
        _ frame: CapturedFrame, to out: inout OutputSpan<UInt8>
    ) {
        out.put(",\"protocols\":[")
        for index in 0..<frame.protocols.count {
            out.put(index == 0 ? "\"" : ",\"")
            out.put(frame.protocols[index].name)
            out.append(0x22)
        }
        out.append(0x5D)
    }

    private static func writeEnds(_ frame: CapturedFrame, to out: inout OutputSpan<UInt8>) {
        if frame.source.kind != .none {
            out.put(",\"source\":\"")
            frame.source.put(to: &out)
            out.append(0x22)
        }
        if frame.destination.kind != .none {
            out.put(",\"destination\":\"")
            frame.destination.put(to: &out)
            out.append(0x22)
        }
        if frame.hasPorts {
            out.put(",\"sourcePort\":")
            out.put(UInt64(frame.sourcePort))
            out.put(",\"destinationPort\":")
            out.put(UInt64(frame.destinationPort))
        }
        out.put(",\"protocol\":\"")
        out.put(frame.protocols.last.name)
        out.append(0x22)
        if frame.hasPorts {
            out.put(",\"flowId\":\"")
            out.putHex(frame.flow, digits: 16)
            out.append(0x22)
        }
    }

    private static func writeRest(_ frame: CapturedFrame, to out: inout OutputSpan<UInt8>) {
        if let rssi = frame.rssiDbm {
            out.put(rssi < 0 ? ",\"rssiDbm\":-" : ",\"rssiDbm\":")
            out.put(UInt64(rssi.magnitude))
        }
        if let snr = frame.snrQuarterDb {
            out.put(snr < 0 ? ",\"snrDb\":-" : ",\"snrDb\":")
            out.put(UInt64(snr.magnitude / 4))
            switch snr.magnitude % 4 {
            case 1: out.put(".25")
            case 2: out.put(".5")
            case 3: out.put(".75")
            default: break
            }
        }
        if frame.malformed != .none {
            out.put(",\"malformed\":\"")
            out.put(frame.malformed.name)
            out.append(0x22)
        }
        if frame.fragments > 0 {
            out.put(",\"fragments\":")
            out.put(UInt64(frame.fragments))
        }
        if frame.isTooDeep { out.put(",\"truncatedAt\":\"depth\"") }
    }
}

extension OutputSpan<UInt8> {
    mutating func put(_ text: StaticString) {
        text.withUTF8Buffer { octets in
            for index in 0..<octets.count { append(unsafe octets[index]) }
        }
    }

    /// Decimal digits.
    mutating func put(_ value: UInt64) {
        if value < 10 { return append(0x30 &+ UInt8(truncatingIfNeeded: value)) }
        var digits: (UInt64, UInt64, UInt64) = (0, 0, 0)
        var rest = value
        var count = 0
        repeat {
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            digits.2 = digits.2 << 8 | digits.1 >> 56
            digits.1 = digits.1 << 8 | digits.0 >> 56
            digits.0 = digits.0 << 8 | (0x30 &+ digit)
            rest = quotient
            count &+= 1
        } while rest > 0
        for _ in 0..<count {
            append(UInt8(truncatingIfNeeded: digits.0))
            digits.0 = digits.0 >> 8 | digits.1 << 56
            digits.1 = digits.1 >> 8 | digits.2 << 56
            digits.2 >>= 8
        }
    }

    mutating func putHex(_ value: UInt64, digits: Int) {
        var place = digits &- 1
        while place >= 0 {
            let digit = UInt8(truncatingIfNeeded: value >> UInt64(4 &* place)) & 0xF
            append(digit < 10 ? 0x30 &+ digit : 0x57 &+ digit)
            place &-= 1
        }
    }
}

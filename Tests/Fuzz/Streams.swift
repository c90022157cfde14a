// libFuzzer target: TCP segments in any order, with holes and repetitions, through lines, WebSocket
// and HTTP, and datagrams of fragments. Each segment is four octets of head and what they say of
// octets: direction and flags, place behind the one before, length.
import KosCapture
import KosCore

private func two(_ value: Int) -> [UInt8] { [UInt8(value >> 8 & 255), UInt8(value & 255)] }

/// A segment, or a datagram, over IPv4 over Ethernet.
private func frame(
    isDatagram: Bool, isBack: Bool, flags: UInt8, sequence: UInt32, _ body: ArraySlice<UInt8>
) -> [UInt8] {
    let ports = isBack ? two(47470) + two(40000) : two(40000) + two(47470)
    let transport: [UInt8]
    if isDatagram {
        transport = ports + two(8 + body.count) + [0, 0] + body
    } else {
        transport =
            ports + two(Int(sequence >> 16)) + two(Int(sequence & 0xFFFF)) + [
                0, 0, 0, 1, 0x50, flags,
            ]
            + [255, 255, 0, 0, 0, 0] + body
    }
    let ends: [UInt8] = isBack ? [10, 0, 0, 2, 10, 0, 0, 1] : [10, 0, 0, 1, 10, 0, 0, 2]
    return [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0] + two(20 + transport.count)
        + [0, 1, 0, 0, 64, isDatagram ? 17 : 6, 0, 0] + ends + transport
}

/// By its grammar: a packet may hold numbers that no double can.
private func isJSON(_ line: borrowing Span<UInt8>) -> Bool {
    var reader = JSONReader()
    do throws(JSONError) {
        try reader.skip(line)
        try reader.end(line)
        return true
    } catch {
        return false
    }
}

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
    let octets = Array(UnsafeBufferPointer(start: start, count: count))
    let interface = CaptureInterface(linkType: LinkType(rawValue: 1), snapshotLength: 0)
    var fragments = FragmentTable()
    var finder = PacketFinder()
    var captured = CapturedFrame()
    var next: (forth: UInt32, back: UInt32) = (1001, 5001)
    var at = 0
    var number = 0
    while at + 4 <= octets.count, number < 512 {
        let head = octets[at]
        let step = UInt32(bitPattern: Int32(Int8(bitPattern: octets[at + 1])))
        let length = min(
            Int(octets[at + 2]) << 8 | Int(octets[at + 3]), octets.count - at - 4, 1400)
        let body = octets[at + 4..<at + 4 + length]
        at += 4 + length
        number += 1
        let isBack = head & 1 == 1
        let sequence = (isBack ? next.back : next.forth) &+ step
        let whole = frame(
            isDatagram: head & 2 != 0, isBack: isBack, flags: head >> 2 & 0x3F, sequence: sequence,
            body)
        if isBack {
            next.back = sequence &+ UInt32(length)
        } else {
            next.forth = sequence &+ UInt32(length)
        }
        let packet = CapturedPacket(
            number: number, interface: 0, time: Int64(number) * 1_000_000,
            lengthBytes: whole.count, range: 0..<whole.count)
        let isPutTogether = fragments.dissect(
            packet, of: interface, in: whole.span, into: &captured)
        let bytes = isPutTogether ? fragments.datagram : whole
        for found in finder.find(in: captured, bytes.span) {
            guard found.octets.count <= 1 << 20 else { fatalError("a packet without bounds") }
            var line = JSONWriter()
            found.write(captured, interface: FrameText.quoted("x"), to: &line)
            let record = line.bytes
            guard
                record.isEmpty || isJSON(record.span.extracting(..<(record.count - 1))),
                record.dropLast().allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
            else { fatalError("a packet's line is no record") }
        }
    }
    return 0
}

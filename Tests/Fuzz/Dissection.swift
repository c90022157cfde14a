// libFuzzer target: frames of every link type, and every protocol's decoder, up to the records that
// the tool writes. The first two octets choose the link type or, over Ethernet, the UDP port.
import KosCapture
import KosCore

private let ports: [UInt16] = [
    0, 53, 5353, 67, 123, 161, 520, 654, 698, 1900, 2152, 3544, 4242, 4789, 5683, 6081, 6696, 6881,
    7946, 47470,
]

/// The innermost octets as UDP over IPv4 over Ethernet.
private func datagram(_ port: UInt16, _ body: ArraySlice<UInt8>) -> [UInt8] {
    func two(_ value: Int) -> [UInt8] { [UInt8(value >> 8 & 255), UInt8(value & 255)] }
    let udp = two(Int(port)) + two(Int(port)) + two(8 + body.count) + [0, 0] + body
    return [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0] + two(20 + udp.count)
        + [0, 1, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2] + udp
}

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
    let octets = Array(UnsafeBufferPointer(start: start, count: count))
    guard octets.count > 2 else { return 0 }
    let isPort = octets[0] & 1 == 1
    let type = isPort ? 1 : UInt16(octets[1]) | UInt16(octets[0] & 2) << 7
    let body = octets[2...]
    let frameOctets =
        isPort ? datagram(ports[Int(octets[1]) % ports.count], body) : Array(body)
    let interface = CaptureInterface(linkType: LinkType(rawValue: type), snapshotLength: 0)
    var fragments = FragmentTable()
    var report = Report(scopes: [.total, .flow, .node, .link, .interval])
    var topology = Topography()
    var frame = CapturedFrame()
    var text = FrameText()
    // Twice: what was kept of the first time must not upset the second.
    for number in 1...2 {
        let packet = CapturedPacket(
            number: number, interface: 0, time: Int64(number) * 1_000_000_000,
            lengthBytes: frameOctets.count, range: 0..<frameOctets.count)
        let isWhole = fragments.dissect(
            packet, of: interface, in: frameOctets.span, into: &frame)
        let bytes = isWhole ? fragments.datagram : frameOctets
        text.open(frame, interface: FrameText.quoted("x"))
        var line = JSONWriter()
        line.append(text.bytes.span)
        FrameDetails.write(frame, bytes.span, to: &line)
        line.endRecord()
        let record = line.bytes
        guard (try? JSONObject(parsing: record.span.extracting(..<(record.count - 1)))) != nil,
            record.dropLast().allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
        else { fatalError("a frame's line is no record") }
        guard record.count < 1 << 20 else { fatalError("a record without bounds") }
        report.add(frame, bytes.span) { _ in }
        topology.add(frame, bytes.span)
    }
    func judge(_ line: [UInt8]) {
        guard (try? JSONObject(parsing: line.span.extracting(..<(line.count - 1)))) != nil else {
            fatalError("a report's line is no record")
        }
    }
    report.finish(file: "x", flow: { judge($0.line) }) { judge($0.line) }
    topology.finish()
    _ = topology.mesh.linkRecords(at: 0)
    return 0
}

// libFuzzer target: what the writer writes of a capture, the reader reads as the same packets.
import KosCapture
import KosCore

private struct Packet: Equatable {
    let time: Int64?
    let length: Int
    let octets: [UInt8]
    let type: LinkType
}

private func packets(_ octets: [UInt8]) -> [(Packet, CapturedPacket, CaptureInterface)] {
    var reader = CaptureReader()
    reader.append(octets.span)
    reader.endInput()
    var found: [(Packet, CapturedPacket, CaptureInterface)] = []
    while true {
        switch reader.next() {
        case .packet(let packet):
            let interface = reader.interfaces[packet.interface]
            let kept = Packet(
                time: packet.time, length: packet.lengthBytes,
                octets: Array(reader.window[packet.range]), type: interface.linkType)
            found.append((kept, packet, interface))
        case .statistics, .custom: continue
        case .more, .damaged: return found
        }
    }
}

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
    let found = packets(Array(UnsafeBufferPointer(start: start, count: count)))
    var writer = CaptureWriter(format: .pcapng, application: "fuzz")
    for (kept, packet, interface) in found {
        var whole = packet
        // A packet without a time is one of the first interface in a file.
        whole.time = packet.time ?? 0
        whole.range = 0..<kept.octets.count
        var plain = CaptureInterface(linkType: interface.linkType, snapshotLength: 0)
        plain.name = interface.name
        writer.add(whole, on: writer.add(plain), kept.octets.span)
    }
    let again = packets(writer.bytes).map(\.0)
    let wanted = found.map {
        Packet(
            time: $0.0.time ?? 0, length: Int(UInt32(truncatingIfNeeded: $0.0.length)),
            octets: $0.0.octets, type: $0.0.type)
    }
    guard again == wanted else { fatalError("a copy has other packets") }
    return 0
}

// libFuzzer target: pcap, pcapng and btsnoop files in pieces, and the dissector over every packet.
// The first octet is the size of the pieces.
import KosCapture
import KosCore

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
    let octets = Array(UnsafeBufferPointer(start: start, count: count))
    guard let first = octets.first else { return 0 }
    let step = Int(first) + 1
    var reader = CaptureReader()
    let dissector = Dissector()
    var text = FrameText()
    var at = 1
    while true {
        let end = min(octets.count, at + step)
        reader.append(octets.span.extracting(min(at, end)..<end))
        at = end
        if at >= octets.count { reader.endInput() }
        reading: while true {
            switch reader.next() {
            case .packet(let packet):
                var frame = CapturedFrame()
                dissector.dissect(
                    packet, of: reader.interfaces[packet.interface], in: reader.window.span,
                    into: &frame)
                text.open(frame, interface: FrameText.quoted("x"))
                let line = FrameRecord(text: text.bytes).line
                guard (try? JSONObject(parsing: line.span.extracting(..<(line.count - 1)))) != nil
                else {
                    fatalError("a frame's line is no record")
                }
            case .statistics, .custom: continue
            case .more: break reading
            case .damaged: return 0
            }
        }
        guard reader.window.count <= 4 << 20 else { fatalError("unbounded") }
        if at >= octets.count { break }
    }
    _ = reader.finish()
    return 0
}

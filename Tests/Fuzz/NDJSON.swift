// libFuzzer target: the NDJSON reader, the head of a line, and every record made of one.
// The first octet cuts the rest into chunks, so that boundaries are tried as well.
import KosCore

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
    let octets = Array(UnsafeBufferPointer(start: start, count: count))
    guard let first = octets.first else { return 0 }
    let step = Int(first % 61) + 1
    var lines = NDJSONReader(maxLine: 4096)
    var reader = JSONReader()
    var at = 1
    func take(_ event: NDJSONReader.Event) {
        guard case .line(_, let range) = event else { return }
        let line = lines.buffer.span.extracting(range)
        var scan = LinkScan()
        _ = scan.scan(lines.buffer.span, range)
        guard (try? RecordHead(line, using: &reader)) != nil else { return }
        guard let fields = try? RecordFields(parsing: line) else {
            fatalError("a line that has a head has no members")
        }
        _ = try? PeerRecord(fields)
        _ = try? LinkRecord(fields)
        _ = try? RouteRecord(fields)
        _ = try? PacketRecord(fields)
        // What was read is written and read again as the same.
        let again = Array(JSONValue.object(fields.object).text.utf8)
        guard (try? JSONObject(parsing: again.span)) == fields.object else {
            fatalError("written differently from what was read")
        }
    }
    while at < octets.count {
        let end = min(octets.count, at + step)
        lines.append(octets.span.extracting(at..<end))
        at = end
        while let event = lines.next() { take(event) }
        guard lines.buffer.count <= 4096 + 2 * 64 else { fatalError("unbounded") }
    }
    while let event = lines.finish() { take(event) }
    return 0
}

// libFuzzer target: the scanner that a relay forwards by, against the full parser.
import KosCore

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
    let text = Array(UnsafeBufferPointer(start: start, count: count))
    var reader = JSONReader()
    guard let scan = try? PacketScan(text.span, using: &reader) else { return 0 }
    guard var expected = try? JSONObject(parsing: text.span), scan.ttl > 0 else { return 0 }
    var line: [UInt8] = []
    scan.forward(text.span, appending: Array("\"me\"".utf8), into: &line)
    guard line.popLast() == 0x0A, let found = try? JSONObject(parsing: line.span) else {
        fatalError("what is forwarded is no packet")
    }
    var metadata = expected["metadata"]?.object ?? JSONObject()
    metadata["hops"] = .number(Double(scan.hops + 1))
    metadata["ttl"] = .number(Double(scan.ttl - 1))
    expected["metadata"] = .object(metadata)
    expected["route"] = .array((expected["route"]?.array ?? []) + [.string("me")])
    guard found == expected else { fatalError("more than route, hops and ttl has changed") }
    return 0
}

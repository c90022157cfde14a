// libFuzzer target: WebSocket frames give the same messages however the octets are cut.
// The first octet is the size of the pieces.
import KosCapture
import KosCore

private func messages(_ octets: [UInt8], step: Int) -> ([[UInt8]], Int, Bool) {
    var frames = WebSocketFrames()
    var found: [[UInt8]] = []
    var at = 0
    while at < octets.count {
        let end = min(octets.count, at + step)
        frames.read(octets.span, at..<end) { found.append($0) }
        at = end
    }
    return (found, frames.skippedMessages, frames.isClosed)
}

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
    let octets = Array(UnsafeBufferPointer(start: start, count: count))
    guard let first = octets.first else { return 0 }
    let rest = Array(octets.dropFirst())
    guard messages(rest, step: Int(first) + 1) == messages(rest, step: .max / 2) else {
        fatalError("the cut matters")
    }
    return 0
}

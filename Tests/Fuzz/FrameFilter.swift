// libFuzzer target: the filter language. What is accepted can be asked of a frame.
import KosCapture
import KosCore

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
    let text = String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    guard let filter = try? FrameFilter(text) else { return 0 }
    _ = filter.matches(CapturedFrame(), interface: "x")
    return 0
}

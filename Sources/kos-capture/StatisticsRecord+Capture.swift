import KosCapture
import KosCore

extension StatisticsRecord {
    /// As a capture's own statistics block has them.
    init(_ interface: CaptureInterface) {
        self.init(
            timestamp: nil, interface: interface.name,
            received: Int(clamping: interface.received ?? 0),
            dropped: Int(clamping: interface.dropped ?? 0), interfaceDropped: nil)
    }
}

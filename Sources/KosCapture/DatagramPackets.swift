import KosCore

/// Packets in datagrams: as they are, or in the fragments of two nodes that know each other.
struct DatagramPackets: Sendable {
    /// Ends whose fragments are put together; those beyond begin anew.
    private static let maxEnds = 1024

    private struct End: Hashable {
        let address: FrameAddress
        let port: UInt16
        let otherPort: UInt16
    }
    private var receivers: [End: FragmentReceiver] = [:]

    mutating func read(_ frame: CapturedFrame, _ octets: [UInt8], give: ([UInt8]) -> Void) {
        guard DatagramFrame.isFrame(octets) else { return give(octets) }
        guard case .fragment(let transfer, let index, let count, let data)? = DatagramFrame(octets)
        else { return }
        let end = End(
            address: frame.source, port: frame.sourcePort, otherPort: frame.destinationPort)
        if receivers.count >= DatagramPackets.maxEnds { receivers.removeAll() }
        var receiver = receivers.removeValue(forKey: end) ?? DatagramPackets.receiver
        let lines = receiver.take(
            transfer: transfer, index: index, count: count, data: Array(data),
            at: Instant(nanoseconds: frame.time ?? 0))
        receivers[end] = receiver
        guard let lines else { return }
        Lines.forEach(of: lines) { give(Array(lines[$0])) }
    }

    private static var receiver: FragmentReceiver {
        var limits = FragmentReceiver.Limits()
        limits.octets = 2 << 20
        return FragmentReceiver(lifetime: .seconds(60), limits: limits)
    }
}

import KosCapture
import KosCore
import KosPcap
import KosTool

/// What a running capture tells of itself.
extension LiveSession {
    /// What was heard and dropped on each interface.
    func tellStatistics() throws {
        for capture in captures {
            let count = capture.statistics
            try io.output.write(
                StatisticsRecord(
                    timestamp: SystemClock.timestamp, interface: capture.interface.name,
                    received: Int(clamping: count.received), dropped: Int(clamping: count.dropped),
                    interfaceDropped: Int(clamping: count.interfaceDropped)))
        }
    }

    /// SIGUSR1: how it stands.
    func tell() throws {
        let counts = captures.map(\.statistics)
        try write(counts)
        try io.output.flush()
    }

    func write(_ counts: [LiveCapture.Statistics]) throws {
        try io.output.write(
            SummaryRecord(
                timestamp: SystemClock.timestamp, tool: "kos-capture",
                counters: [
                    "frames": .number(Double(frames)),
                    "packets": .number(Double(printer.packetCount)),
                    "received": .number(Double(counts.reduce(0) { $0 + $1.received })),
                    "dropped": .number(Double(counts.reduce(0) { $0 + $1.dropped })),
                    "interfaceDropped": .number(
                        Double(counts.reduce(0) { $0 + $1.interfaceDropped })),
                ]))
    }
}

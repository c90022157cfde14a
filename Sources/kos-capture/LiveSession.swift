import KosCore
import KosPcap
import KosTool

/// A running capture: frames from several interfaces go to records, to a file, or both.
final class LiveSession {
    private let io: ToolIO
    private let captures: [LiveCapture]
    private let copy: CaptureCopy?
    private let prints: Bool
    private let dissector = Dissector()
    private var printer: FramePrinter
    private var frame = CapturedFrame()
    private var names: [[UInt8]]
    private var systemNames: [UInt32: [UInt8]] = [:]
    private(set) var frames = 0

    init(
        _ io: ToolIO, _ captures: [LiveCapture], decodes: Bool, prints: Bool, copy: CaptureCopy?
    ) {
        self.io = io
        self.captures = captures
        self.copy = copy
        self.prints = prints
        printer = FramePrinter(io, decodes: decodes)
        names = captures.map { FrameText.quoted($0.interface.name) }
    }

    /// Declares the interfaces, so that a file without a packet is whole too.
    func start() throws {
        for capture in captures { _ = try copy?.number(of: capture.interface) }
        try copy?.flush()
    }

    func flush() throws {
        try io.output.flush()
        try copy?.flush()
    }

    /// Takes what has come, up to `limit` frames altogether.
    func read(limit: Int) throws {
        for (index, capture) in captures.enumerated() where frames < limit {
            var failure: (any Error)?
            let count = capture.read(limit: limit == .max ? .max : limit - frames) {
                packet, bytes in
                guard failure == nil else { return }
                do {
                    try take(packet, index, bytes)
                } catch let error {
                    failure = error
                }
            }
            if let failure { throw failure }
            guard count >= 0 else {
                let name = capture.interface.name ?? ""
                throw ToolFailure(
                    .failure, code: "interfaceGone", "\(name): the interface has gone down")
            }
        }
    }

    private func take(
        _ packet: CapturedPacket, _ index: Int, _ bytes: borrowing Span<UInt8>
    ) throws {
        frames += 1
        var packet = packet
        packet.number = frames
        packet.interface = index
        try copy?.add(packet, captures[index].interface, bytes)
        guard prints else { return }
        dissector.dissect(packet, of: captures[index].interface, in: bytes, into: &frame)
        var name = names[index]
        if frame.systemInterface != 0 { name = self.name(of: frame.systemInterface) ?? name }
        try printer.print(frame, name, bytes)
    }

    private func name(of index: UInt32) -> [UInt8]? {
        if let known = systemNames[index] { return known }
        guard let name = LiveCapture.name(ofIndex: index) else { return nil }
        systemNames[index] = FrameText.quoted(name)
        return systemNames[index]
    }

    func finish(summary: Bool) throws -> ExitStatus {
        var (received, dropped): (UInt64, UInt64) = (0, 0)
        let now = SystemClock.timestamp
        for (index, capture) in captures.enumerated() {
            let counts = capture.statistics
            received += counts.received
            dropped += counts.dropped
            copy?.addStatistics(
                index, time: now.milliseconds * 1_000_000, received: counts.received,
                dropped: counts.dropped)
        }
        try copy?.finish()
        if dropped > 0 { io.errors.say("\(dropped) packets were dropped; try a larger -B") }
        if summary {
            try io.output.write(
                SummaryRecord(
                    timestamp: now, tool: "kos-capture",
                    counters: [
                        "frames": .number(Double(frames)),
                        "packets": .number(Double(printer.packetCount)),
                        "received": .number(Double(received)),
                        "dropped": .number(Double(dropped)),
                    ]))
        }
        return .yes
    }
}

import KosCapture
import KosCore
import KosPcap
import KosTool

/// A running capture: frames from several interfaces go to records, to a file, or both.
final class LiveSession {
    let io: ToolIO
    let captures: [LiveCapture]
    private let copy: CaptureCopy?
    private let prints: Bool
    private let condition: FrameFilter?
    private var fragments = FragmentTable()
    private(set) var printer: FramePrinter
    private var frame = CapturedFrame()
    private var names: [[UInt8]]
    private var systemNames: [UInt32: [UInt8]] = [:]
    private(set) var frames = 0

    init(
        _ io: ToolIO, _ captures: [LiveCapture], prints: Bool, condition: FrameFilter?,
        copy: CaptureCopy?, printer: FramePrinter
    ) {
        self.io = io
        self.captures = captures
        self.copy = copy
        self.prints = prints
        self.condition = condition
        self.printer = printer
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
        var packet = packet
        packet.number = frames + 1
        packet.interface = index
        let interface = captures[index].interface
        var isWhole = false
        if prints || condition != nil {
            isWhole = fragments.dissect(packet, of: interface, in: bytes, into: &frame)
            if let condition, !condition.matches(frame, interface: interface.name) { return }
        }
        frames += 1
        try copy?.add(packet, interface, bytes)
        guard prints else { return }
        var name = names[index]
        if frame.systemInterface != 0 { name = self.name(of: frame.systemInterface) ?? name }
        if isWhole {
            let datagram = fragments.datagram
            try printer.print(packet, frame, name, datagram.span) { (interface, datagram) }
        } else {
            try printer.print(packet, frame, name, bytes) { (interface, []) }
        }
    }

    private func name(of index: UInt32) -> [UInt8]? {
        if let known = systemNames[index] { return known }
        guard let name = LiveCapture.name(ofIndex: index) else { return nil }
        systemNames[index] = FrameText.quoted(name)
        return systemNames[index]
    }

    /// SIGHUP: the next file, and `-o FILE` anew.
    func reopen() throws {
        try copy?.startFile()
        do {
            try io.output.reopen()
        } catch let failure as ToolFailure {
            io.errors.say(failure.message)
        }
    }

    /// Ends the file and says how it was; returns how many packets were dropped.
    func finish(summary: Bool, statistics tellsStatistics: Bool) throws -> UInt64 {
        let counts = captures.map(\.statistics)
        let now = SystemClock.timestamp.milliseconds * 1_000_000
        for (index, count) in counts.enumerated() {
            copy?.addStatistics(
                index, time: now, received: count.received, dropped: count.dropped)
        }
        try copy?.finish()
        let dropped = counts.reduce(0) { $0 + $1.dropped }
        if tellsStatistics { try tellStatistics() }
        if dropped > 0 { io.errors.say("\(dropped) packets were dropped; try a larger -B") }
        if summary { try write(counts) }
        return dropped
    }
}

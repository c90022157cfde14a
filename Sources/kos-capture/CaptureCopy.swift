import KosCapture
import KosCore
import KosPcap
import KosTool

/// When a new file is begun: `10MB`, `1h`, or after a number of frames.
struct Rotation {
    var bytes: Int?
    var duration: Duration?
    var frames: Int?

    /// Nil for text that is none of these.
    init?(_ text: String) {
        let units = [("kB", 1000), ("MB", 1_000_000), ("GB", 1_000_000_000)]
        for (unit, factor) in units where text.hasSuffix(unit) {
            guard let number = Double(text.dropLast(2)), number > 0, number < 1e6 else {
                return nil
            }
            bytes = Int(number * Double(factor))
            return
        }
        if let number = Int(text) {
            guard number > 0 else { return nil }
            frames = number
        } else {
            guard let given = Duration(text: text), given > .zero else { return nil }
            duration = given
        }
    }
}

/// A capture that is being written: each interface is declared once in a file, before its packets.
final class CaptureCopy {
    private let sink: CaptureSink
    private let rotation: Rotation?
    private let format: CaptureFormat
    private var writer: CaptureWriter
    private var numbers: [CaptureInterface: Int] = [:]
    private var interfaces: [CaptureInterface] = []
    private var frames = 0
    private var started = SystemClock.now

    /// Names ending in `.pcap` are classic, all others pcapng.
    init(_ path: String, rotation: Rotation? = nil, keeps: Int? = nil) throws {
        self.rotation = rotation
        format = path.hasSuffix(".pcap") ? .pcap : .pcapng
        sink = try CaptureCopy.telling {
            try CaptureSink(path, rotates: rotation != nil, keeps: keeps)
        }
        writer = CaptureCopy.writer(format)
    }

    private static func writer(_ format: CaptureFormat) -> CaptureWriter {
        CaptureWriter(format: format, application: "kos-capture \(Version.toolkit)")
    }

    /// Runs `body` with its failures told as the tool's.
    private static func telling<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let failure as CaptureFile.Failure {
            throw ToolFailure(
                .failure, code: "writeFailed", failure.message, errno: failure.errno)
        }
    }

    /// The folder that files are made in.
    var folder: Int32? { sink.folderDescriptor }

    /// Whether later files can be made too.
    var canRotate: Bool { rotation == nil || sink.canRotate }

    func number(of interface: CaptureInterface) throws -> Int {
        var plain = interface
        plain.received = nil
        plain.dropped = nil
        if let known = numbers[plain] { return known }
        if format == .pcap, let first = interfaces.first, first.linkType != plain.linkType {
            throw ToolFailure.usage(
                "a classic pcap holds one link type", hint: "name the file .pcapng")
        }
        let number = writer.add(plain)
        numbers[plain] = number
        interfaces.append(plain)
        return number
    }

    func add(
        _ packet: CapturedPacket, _ interface: CaptureInterface, _ bytes: borrowing Span<UInt8>
    ) throws {
        if isFull { try startFile() }
        writer.add(packet, on: try number(of: interface), bytes)
        frames += 1
        if writer.bytes.count >= 256 * 1024 { try flush() }
    }

    private var isFull: Bool {
        guard let rotation, frames > 0 else { return false }
        if let limit = rotation.frames { return frames >= limit }
        if let limit = rotation.bytes { return sink.octetsWritten + writer.bytes.count >= limit }
        if let limit = rotation.duration { return SystemClock.now - started >= limit }
        return false
    }

    /// Ends the file and begins the next one, with the same interfaces.
    func startFile() throws {
        try flush()
        try CaptureCopy.telling { try sink.startFile() }
        writer = CaptureCopy.writer(format)
        for interface in interfaces { writer.add(interface) }
        frames = 0
        started = SystemClock.now
    }

    func addStatistics(_ interface: Int, time: Int64, received: UInt64, dropped: UInt64) {
        writer.addStatistics(
            interface: interface, time: time, received: received, dropped: dropped)
    }

    func flush() throws {
        guard !writer.bytes.isEmpty else { return }
        try CaptureCopy.telling { try sink.write(writer.bytes) }
        writer.removeAll()
    }

    func finish() throws { try flush() }
}

import KosCapture
import KosCore
import KosPcap
import KosTool

/// A capture that is being written: each interface is declared once in a file, before its packets.
final class CaptureCopy {
    private let sink: CaptureSink
    private let rotation: Rotation?
    let format: CaptureFormat
    /// Nil until it is known what the section is to say of itself.
    private var begun: CaptureWriter?
    var section: [CaptureOption]?
    private var numbers: [CaptureInterface: Int] = [:]
    private(set) var interfaces: [CaptureInterface] = []
    /// Numbers of the interfaces of the capture that is being copied, by its own.
    var mapping: [Int] = []
    var mappedSection = -1
    private var frames = 0
    private var started = SystemClock.now

    /// Names ending in `.pcap` are classic, all others pcapng.
    init(_ path: String, rotation: Rotation? = nil, keeps: Int? = nil) throws {
        self.rotation = rotation
        format = path.hasSuffix(".pcap") ? .pcap : .pcapng
        sink = try CaptureCopy.telling {
            try CaptureSink(path, rotates: rotation != nil, keeps: keeps)
        }
    }

    var writer: CaptureWriter {
        get {
            begun
                ?? CaptureWriter(
                    format: format, application: "kos-capture \(Version.toolkit)",
                    options: section ?? [])
        }
        _modify {
            var writer = self.writer
            begun = nil
            defer { begun = writer }
            yield &writer
        }
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
    /// The file that is being written, to be given to another user; nil for standard output.
    var file: Int32? { sink.fileDescriptor }

    /// Whether later files can be made too.
    var canRotate: Bool { rotation == nil || sink.canRotate }

    @discardableResult
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
        try add(packet, number: number(of: interface), [], bytes)
    }

    func add(
        _ packet: CapturedPacket, number: Int, _ options: [CaptureOption],
        _ bytes: borrowing Span<UInt8>
    ) throws {
        if isFull { try startFile() }
        writer.add(packet, on: number, options: options, bytes)
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
        begun = nil
        for interface in interfaces { _ = writer.add(interface) }
        frames = 0
        started = SystemClock.now
    }

    func addStatistics(_ interface: Int, time: Int64, received: UInt64?, dropped: UInt64?) {
        writer.addStatistics(
            interface: interface, time: time, received: received, dropped: dropped)
    }

    func flush() throws {
        guard !writer.bytes.isEmpty else { return }
        try CaptureCopy.telling { try sink.write(writer.bytes) }
        writer.removeAll()
    }

    func finish() throws {
        // A file without a packet has its head all the same.
        if begun == nil { begun = writer }
        try flush()
        try CaptureCopy.telling { try sink.finish() }
    }
}

import KosCapture
import KosCore
import KosPcap
import KosTool

/// Reads captures packet by packet: every frame taken apart, the filter applied.
final class FrameSource {
    let io: ToolIO
    var fragments = FragmentTable()
    private let filter: LinkFilters?
    var reader = CaptureReader()
    private var opened: [CaptureFile] = []
    /// The interfaces' names as JSON, of one section.
    var interfaceNames: [[UInt8]] = []
    var section = 0
    /// Which of the captures that are merged is read.
    var lane = 0
    private var frame = CapturedFrame()
    /// Frames that passed the filter.
    private(set) var matched = 0
    var status = ExitStatus.yes
    /// Set to end the reading.
    var isStopped = false
    /// Told of counters of an interface, and of custom blocks with their byte order.
    var onStatistics: ((CaptureInterface) throws -> Void)?
    var onCustom: ((borrowing Span<UInt8>, Bool) throws -> Void)?

    private let condition: FrameFilter?
    /// Octets of a capture that are read at most.
    let limit: Int

    init(_ io: ToolIO, _ options: FilterOptions) throws {
        self.io = io
        filter = options.filter.map { LinkFilters($0) }
        condition = try options.condition()
        limit = try options.limit() ?? .max
    }

    /// Hands out the frames of the capture at `path`, then says what was wrong with the file, if
    /// anything was.
    func each(
        of path: String,
        _ body: (CapturedPacket, CapturedFrame, [UInt8], borrowing Span<UInt8>) throws -> Void
    ) throws {
        try each(in: takeOpened(path), body)
    }

    /// Opens the captures, then gives up the right to open anything else.
    func confine(opening paths: [String], copyingTo copy: CaptureCopy? = nil) throws {
        opened = try paths.map { try FrameSource.open($0) }
        filter?.prepare()
        io.confine(writing: [copy?.folder])
    }

    func takeOpened(_ path: String) throws -> CaptureFile {
        guard let place = opened.firstIndex(where: { $0.path == path }) else {
            return try FrameSource.open(path)
        }
        return opened.remove(at: place)
    }

    /// Frames that are taken apart; without a condition nothing but packets is needed to copy them.
    func eachPacket(
        of path: String,
        _ body: (CapturedPacket, CaptureInterface, borrowing Span<UInt8>) throws
            -> Void
    ) throws {
        guard condition == nil else {
            return try each(of: path) { packet, _, _, _ in
                let window = reader.window
                try body(packet, reader.interfaces[packet.interface], window.span)
            }
        }
        try read(takeOpened(path)) { packet in
            let interface = reader.interfaces[packet.interface]
            if let filter, try !filter.passes(packet, interface, reader) { return }
            matched += 1
            let window = reader.window
            try body(packet, interface, window.span)
        }
    }

    func each(
        in file: CaptureFile,
        _ body: (CapturedPacket, CapturedFrame, [UInt8], borrowing Span<UInt8>) throws -> Void
    ) throws {
        try read(file) { try take($0, body) }
    }

    private func read(_ file: CaptureFile, _ body: (CapturedPacket) throws -> Void) throws {
        reader = CaptureReader()
        fragments = FragmentTable()
        interfaceNames = []
        while !isStopped {
            let isAtEnd = try !fill(&reader, from: file)
            let damage = try drain(body) ?? (isAtEnd ? reader.finish() : nil)
            if let damage { return try tell(damage, file.name) }
            if isAtEnd { return }
        }
    }

    /// Hands out what the window holds; the damage when there is no going on.
    private func drain(_ body: (CapturedPacket) throws -> Void) throws -> CaptureDamage? {
        while !isStopped {
            switch reader.next() {
            case .more: return nil
            case .damaged(let damage): return damage
            case .statistics(let number): try onStatistics?(reader.interfaces[number])
            case .custom(let body):
                let window = reader.window
                try onCustom?(window.span.extracting(body), reader.isBigEndian)
            case .packet(let packet):
                if reader.position > limit { return tooLong(reader) }
                try body(packet)
            }
        }
        return nil
    }

    func take(
        _ packet: CapturedPacket,
        _ body: (CapturedPacket, CapturedFrame, [UInt8], borrowing Span<UInt8>) throws -> Void
    ) throws {
        let interface = reader.interfaces[packet.interface]
        if let filter, try !filter.passes(packet, interface, reader) { return }
        let isWhole = fragments.dissect(
            packet, of: interface, in: reader.window.span, into: &frame)
        frame.capture = lane
        if let condition, !condition.matches(frame, interface: interface.name) { return }
        matched += 1
        let name = name(of: packet.interface)
        // The closures read `reader` themselves: hand out a borrowed copy of its window.
        let octets = isWhole ? fragments.datagram : reader.window
        try body(packet, frame, name, octets.span)
    }

    /// The interface's name as JSON.
    private func name(of number: Int) -> [UInt8] {
        if section != reader.sections {
            section = reader.sections
            interfaceNames = []
        }
        while interfaceNames.count < reader.interfaces.count, interfaceNames.count <= number {
            interfaceNames.append(
                FrameText.quoted(reader.interfaces[interfaceNames.count].name))
        }
        return number < interfaceNames.count ? interfaceNames[number] : Array("null".utf8)
    }
}

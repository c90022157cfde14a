import KosCapture
import KosCore
import KosPcap
import KosTool

struct TopologyVerb: Tool {
    static var formats: [String] {
        OutputFormat.all + GraphFormat.allCases.filter { $0 != .geojson }.map(\.rawValue)
    }
    static let configuration = CommandConfiguration(
        commandName: "topology", abstract: "Peers and links that a capture, or its records, show.")
    @OptionGroup var common: CommonOptions
    @OptionGroup var which: FilterOptions
    @OptionGroup var known: KeyOptions
    @Argument(help: "A capture, or frame and packet records; - is standard input.")
    var files: [String] = []

    mutating func run(_ io: ToolIO) throws -> ExitStatus {
        let source = try FrameSource(io, which)
        var topology = Topography(keys: try known.known())
        let opened = try (files.isEmpty ? ["-"] : files).map { try FrameSource.open($0) }
        try source.confine(opening: [])
        for file in opened {
            if files.isEmpty, file.isTerminal {
                throw ToolFailure.usage(
                    "standard input is a terminal", hint: "pipe a capture or records in")
            }
            if CaptureReader.isCapture(try file.peek(4)) {
                try source.each(in: file) { _, frame, _, bytes in topology.add(frame, bytes) }
                topology.learn(source.reader.names)
            } else {
                try read(file, io, &topology)
            }
        }
        topology.finish()
        let now = topology.lastSeen ?? 0
        let peers = topology.mesh.peerRecords(at: now, names: topology.names)
        let links = topology.mesh.linkRecords(at: now)
        if let format = io.format.flatMap({ GraphFormat(rawValue: $0) }) {
            try draw(peers, links, format, io)
        } else {
            for peer in peers { try io.output.write(peer) }
            for link in links { try io.output.write(link) }
        }
        return io.status(source.status.merged(with: peers.isEmpty ? .no : .yes))
    }

    /// The whole topology as one document.
    private func draw(
        _ peers: [PeerRecord], _ links: [LinkRecord], _ format: GraphFormat, _ io: ToolIO
    ) throws {
        var survey = Survey()
        for line in peers.map(\.line) + links.map(\.line) {
            _ = survey.take(line.span, 0..<line.count - 1)
        }
        try io.output.write(octets: GraphText(survey.topology, metric: .latency).text(format).span)
    }

    /// Records: frames and packets are consumed, what else there is goes through.
    private func read(_ file: CaptureFile, _ io: ToolIO, _ topology: inout Topography) throws {
        var lines = NDJSONReader(maxLine: common.maxLine, isStrict: common.strict)
        var json = JSONReader()
        var isAtEnd = false
        while true {
            while let event = isAtEnd ? lines.finish() : lines.next() {
                switch event {
                case .bad(let number, let error): try tell(error, number, file.name, io)
                case .line(let number, let range):
                    let buffer = lines.buffer
                    let line = buffer.span.extracting(range)
                    do throws(RecordError) {
                        let head = try RecordHead(line, using: &json)
                        io.goodLines += 1
                        let isConsumed =
                            head.type == "frame"
                            || head.type == "packet" && topology.add(packet: line)
                        if !isConsumed || common.keep {
                            pass(line, io, common.only && !common.keep)
                        }
                    } catch {
                        try tell(error, number, file.name, io)
                    }
                }
            }
            if isAtEnd { return }
            var failure: (any Error)?
            let count = lines.withFreeSpace(256 * 1024) { space in
                do {
                    return try file.read(into: space, isStopped: { Signals.isPending }) {
                        try io.output.flush()
                    }
                } catch let error {
                    failure = error
                    return 0
                }
            }
            if let failure { throw failure }
            isAtEnd = count <= 0
        }
    }

    private func pass(_ line: borrowing Span<UInt8>, _ io: ToolIO, _ isDropped: Bool) {
        // A document has no room for records.
        if !isDropped, io.format == nil { try? io.output.pass(line) }
    }

    private func tell(
        _ error: RecordError, _ number: Int, _ name: String, _ io: ToolIO
    ) throws {
        io.badLines += 1
        let place = "\(name):\(number): \(error.message)"
        let hint = error.hint.isEmpty ? nil : error.hint
        if common.strict {
            throw ToolFailure(.badInput, code: error.code.rawValue, place, hint: hint)
        }
        io.errors.say(place + (hint.map { "; \($0)" } ?? ""))
        try io.output.write(
            ErrorRecord(
                timestamp: SystemClock.timestamp, tool: io.tool, code: error.code.rawValue,
                message: error.message, hint: hint, isFatal: false, line: number))
    }
}

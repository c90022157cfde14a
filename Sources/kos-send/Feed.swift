import KosCore
import KosNet
import KosTool

/// What is to be sent, in its order: a text, a file, lines, or records; and what records on
/// standard input tell of the way (a route, peers).
final class Feed {
    static let maxPeers = 65_536

    let session: SendSession
    let io: ToolIO
    let content: ContentOptions
    let target: TargetOptions
    private var reader: NDJSONReader
    var source: OctetSource?
    var author: Author
    private(set) var isAtEnd = false
    var route: RouteRecord?
    var peers: [PeerRecord] = []
    var packets: [Packet] = []
    var payloads: [JSONValue] = []
    /// A text or file that is to be sent more than once: how often still.
    var copies: (payload: JSONValue, left: Int)?
    var express = Express()
    var pace: Pace
    var isPacing = false
    var host: NodeHost?
    var destination: String?
    /// Packets that wait for the very node at the address that they carry.
    var held: [String: [Packet]] = [:]
    var isDone: Bool {
        isAtEnd && packets.isEmpty && payloads.isEmpty && held.isEmpty && copies == nil
    }

    init(_ session: SendSession) throws {
        self.session = session
        io = session.io
        content = session.options.content
        target = session.options.target
        pace = Pace(session.options)
        reader = NDJSONReader(maxLine: io.common.maxLine, isStrict: io.common.strict)
        let now = SystemClock.now
        author = Author(
            signer: session.identity,
            epoch: SystemClock.timestamp + .nanoseconds(-now.nanoseconds), seed: SystemClock.seed)
    }

    var isProbing: Bool { session.options.probe || session.options.trace }
    /// Records are read where nothing else says what to send, or where to.
    private var readsInput: Bool {
        guard session.options.size == nil || isProbing else { return content.lines }
        return content.lines
            || content.readsRecords && (content.text == nil && !isProbing || target.to == nil)
    }
    /// Whether there is nothing to send, and nothing to come.
    var isEmpty: Bool {
        isAtEnd && !isProbing && packets.isEmpty && payloads.isEmpty && copies == nil
            && express.isEmpty
    }
    var needsTopology: Bool { target.endpoints.isEmpty && route == nil && held.isEmpty }

    // MARK: Before the node runs

    /// Reads what is there to be read before connecting: all of it for a single packet, else until
    /// the first packet.
    func readAhead() throws {
        try resume()
        if let text = content.text { try repeated(.string(text)) }
        if let size = session.options.size, content.isAbsent, !isProbing {
            try repeated(.string(String(repeating: "x", count: size)))
        }
        if let path = content.file ?? content.raw {
            let input = try io.input(path)
            try repeated(JSONValue(octets: try input.readAll(limit: LinkTraits.maxPacket / 2)))
        }
        guard readsInput else {
            isAtEnd = true
            return
        }
        let input = try io.input(nil)
        let isWhole = content.text != nil || isProbing
        while !isAtEnd, isWhole || packets.isEmpty && payloads.isEmpty && express.isEmpty {
            guard let chunk = try input.chunk() else {
                try take([])
                break
            }
            try take(chunk)
        }
    }

    // MARK: Reading

    func take(_ octets: [UInt8]) throws {
        if octets.isEmpty {
            isAtEnd = true
        } else {
            reader.append(octets.span)
        }
        while true {
            if takesExpress {
                io.goodLines += reader.takeRun {
                    express.takeRun($0, from: $1, maxLine: io.common.maxLine)
                }
            }
            guard let event = octets.isEmpty ? reader.finish() : reader.next() else { break }
            switch event {
            case .bad(let number, let error): try io.report(error, line: number, of: "stdin")
            case .line(let number, let range):
                if takesExpress, express.take(reader.buffer.span.extracting(range)) {
                    io.goodLines += 1
                    continue
                }
                let line = Array(reader.buffer[range])
                if content.lines {
                    accept(JSONValue(octets: line))
                } else {
                    try use(line, number)
                }
            }
        }
        try session.outbox.spool?.commit()
        if octets.isEmpty, host != nil { session.startDeadline() }
        try fill()
    }
}

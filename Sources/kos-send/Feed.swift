import KosCore
import KosNet
import KosTool

/// What is to be sent, in its order: a text, a file, lines, or records; and what records on
/// standard input tell of the way (a route, peers).
final class Feed {
    private let session: SendSession
    private let io: ToolIO
    private let content: ContentOptions
    private let target: TargetOptions
    private var reader: NDJSONReader
    private var source: OctetSource?
    private var author: Author
    private(set) var isAtEnd = false
    private var route: RouteRecord?
    private var peers: [PeerRecord] = []
    /// Packets in the order in which they came, until there is room to send them.
    private var packets: [Packet] = []
    private var payloads: [JSONValue] = []
    private var host: NodeHost?
    private var destination: String?
    /// Packets that wait for the very node at the address that they carry.
    private var held: [String: [Packet]] = [:]
    /// Whether nothing more comes, and nothing waits to be sent.
    var isDone: Bool { isAtEnd && packets.isEmpty && payloads.isEmpty && held.isEmpty }

    init(_ session: SendSession) throws {
        self.session = session
        io = session.io
        content = session.options.content
        target = session.options.target
        reader = NDJSONReader(maxLine: io.common.maxLine, isStrict: io.common.strict)
        let now = SystemClock.now
        author = Author(
            signer: session.identity,
            epoch: SystemClock.timestamp + .nanoseconds(-now.nanoseconds), seed: SystemClock.seed)
    }

    private var isProbing: Bool { session.options.probe || session.options.trace }
    /// Records are read where nothing else says what to send, or where to.
    private var readsInput: Bool {
        content.lines
            || content.readsRecords && (content.text == nil && !isProbing || target.to == nil)
    }
    private var targetEndpoint: Endpoint? { target.to.flatMap { Endpoint($0) } }
    /// Whether there is nothing to send, and nothing to come.
    var isEmpty: Bool { isAtEnd && !isProbing && packets.isEmpty && payloads.isEmpty }
    var needsTopology: Bool { targetEndpoint == nil && route == nil && held.isEmpty }

    // MARK: Before the node runs

    /// Reads what is there to be read before connecting: all of it for a single packet, else until
    /// the first packet.
    func readAhead() throws {
        if let text = content.text { payloads = [.string(text)] }
        if let path = content.file ?? content.raw {
            let input = try io.input(path)
            payloads = [JSONValue(octets: try input.readAll(limit: LinkTraits.maxPacket / 2))]
        }
        guard readsInput else {
            isAtEnd = true
            return
        }
        let input = try io.input(nil)
        let isWhole = content.text != nil || isProbing
        while !isAtEnd, isWhole || packets.isEmpty && payloads.isEmpty {
            guard let chunk = try input.chunk() else {
                try take([])
                break
            }
            try take(chunk)
        }
    }

    /// Where to connect.
    func endpoints() throws -> [Endpoint] {
        if let targetEndpoint { return [targetEndpoint] }
        if let first = route?.hops.first, target.connect.isEmpty {
            guard let endpoint = Endpoint(first.address) else {
                throw ToolFailure.usage(
                    "the route's first hop '\(first.address)' is no URI",
                    hint: "discover with addresses, or give --connect URI")
            }
            return [endpoint]
        }
        let given = target.connect.compactMap { Endpoint($0) }
        guard given.isEmpty else { return given }
        let told = peers.filter {
            target.to == nil || $0.nodeId.text == target.to || $0.metadata.name == target.to
        }
        return (told.isEmpty ? peers : told).flatMap(\.addresses).compactMap { Endpoint($0.uri) }
            + packets.compactMap(\.address)
    }

    /// `-n`: prints what would be sent.
    func show() throws -> ExitStatus {
        for payload in payloads {
            let to = route?.destination?.text ?? target.to ?? ""
            var packet = author.packet(
                to: to, type: Packet.Kind.data, payload: payload, at: SystemClock.now)
            packet.metadata.priority = target.priority
            packet.metadata.ttl = target.ttl
            packet.metadata.flags = target.ack ? [Packet.ackFlag] : []
            packet.options = target.options
            if let route { packet.route += route.hops.map { $0.nodeId?.text ?? $0.address } }
            try io.output.write(PacketRecord(packet.signed(by: session.identity)))
        }
        for packet in packets { try io.output.write(PacketRecord(packet)) }
        if let route { try io.output.write(route) }
        return payloads.isEmpty && packets.isEmpty ? .no : .yes
    }

    // MARK: While it runs

    func start(_ host: NodeHost, _ neighbour: NodeID) throws {
        self.host = host
        if !payloads.isEmpty || content.lines {
            destination = try destination(target.to, neighbour)
        }
        if !isAtEnd {
            let source = OctetSource(0, on: host.driver.loop) { [unowned self] octets in
                host.guarded { try take(octets) }
            }
            self.source = source
            source.start()
        }
        try fill()
    }

    /// Sends as much as the window allows, and reads no more than that.
    func fill() throws {
        guard let host else { return }
        while !session.outbox.isFull, !payloads.isEmpty {
            post(payloads.removeFirst(), host.driver)
        }
        while !session.outbox.isFull, !packets.isEmpty { send(packets.removeFirst(), host.driver) }
        source?.isPaused = packets.count + payloads.count > Outbox.window
    }

    /// A neighbour is there: packets that were for it alone go out.
    func arrived(_ peer: NodeID) {
        guard let host else { return }
        for packet in held.removeValue(forKey: peer.text) ?? [] {
            session.outbox.forward(packet, target.persistence, host.driver)
        }
    }

    /// Nobody can be reached at `endpoint`: what was for the node there alone has failed. Nil: the
    /// time is over, for whatever still waits.
    func failed(_ endpoint: Endpoint?, _ reason: String) throws {
        for (destination, packets) in held.sorted(by: { $0.key < $1.key }) {
            let lost = packets.filter { endpoint == nil || $0.address == endpoint }
            let kept = packets.filter { !(endpoint == nil || $0.address == endpoint) }
            held[destination] = kept.isEmpty ? nil : kept
            for packet in lost {
                try session.outbox.refuse(packet, code: "cannotConnect", reason)
            }
        }
    }

    /// The node that is meant by `text`: by its address, its id or its name.
    func destination(_ text: String?, _ neighbour: NodeID) throws -> String {
        if let route, let last = route.hops.last {
            return route.destination?.text ?? last.nodeId?.text ?? last.address
        }
        if targetEndpoint != nil { return neighbour.text }
        let name = text ?? peers.last?.nodeId.text
        guard let name else {
            throw ToolFailure.usage(
                "nobody to send to", hint: "give -T NODE, or a route on standard input")
        }
        let nodes = session.driver?.node.nodes(named: name) ?? []
        guard let node = nodes.first else {
            throw ToolFailure(
                .no, code: "unknownNode", "no node '\(name)' in this mesh",
                hint: "kos-discover --links lists them")
        }
        guard nodes.count == 1 else {
            throw ToolFailure.usage(
                "'\(name)' may mean \(nodes.count) nodes", hint: "give more of the id")
        }
        return node.text
    }

    private func post(_ payload: JSONValue, _ driver: NodeDriver) {
        var message = Message(to: destination ?? "", payload)
        message.priority = target.priority
        message.ttl = target.ttl
        message.options = target.options
        message.persistence = target.persistence
        if let route {
            message.route =
                [session.identity.node.text] + route.hops.map { $0.nodeId?.text ?? $0.address }
        }
        session.outbox.post(message, route: route, driver)
    }

    private func send(_ packet: Packet, _ driver: NodeDriver) {
        if let address = packet.address {
            let isThere =
                NodeID(packet.destination).map { driver.node.links.neighbours.contains($0) }
                ?? false
            if !isThere {
                held[packet.destination, default: []].append(packet)
                return driver.post(.connect(address))
            }
        }
        session.outbox.forward(packet, target.persistence, driver)
    }

    // MARK: Reading

    private func take(_ octets: [UInt8]) throws {
        if octets.isEmpty {
            isAtEnd = true
        } else {
            reader.append(octets.span)
        }
        while let event = octets.isEmpty ? reader.finish() : reader.next() {
            switch event {
            case .bad(let number, let error): try io.report(error, line: number, of: "stdin")
            case .line(let number, let range):
                let line = Array(reader.buffer[range])
                if content.lines {
                    payloads.append(JSONValue(octets: line))
                } else {
                    try use(line, number)
                }
            }
        }
        if octets.isEmpty, host != nil { session.startDeadline() }
        try fill()
    }

    private func use(_ line: [UInt8], _ number: Int) throws {
        var foreign = false
        do throws(RecordError) {
            let fields: RecordFields
            switch try RecordHead(line.span).type {
            case "packet":
                fields = try RecordFields(parsing: line.span)
                let record = try PacketDraft.complete(fields, author: &author, at: SystemClock.now)
                var packet = record.packet
                if target.ack, !packet.metadata.flags.contains(Packet.ackFlag),
                    packet.signature == nil
                {
                    packet.metadata.flags.append(Packet.ackFlag)
                }
                packets.append(packet)
            case "route": route = try RouteRecord(RecordFields(parsing: line.span))
            case "peer": peers.append(try PeerRecord(RecordFields(parsing: line.span)))
            case "link": break
            default: foreign = true
            }
        } catch {
            return try io.report(error, line: number, of: "stdin")
        }
        if foreign { try io.pass(line) } else { io.goodLines += 1 }
    }
}

extension Packet {
    /// Where the packet says that its destination is: `options.address`.
    var address: Endpoint? {
        guard let object = options["address"]?.object,
            let address = try? PeerAddress(RecordFields(object))
        else { return nil }
        return Endpoint(address.uri)
    }
}

/// One message on a TCP stream of memberlist, as it comes in: says when it is whole, since whoever
/// asks keeps the stream open for the answer.
package struct GossipStreamReader: Sendable {
    package enum Progress: Hashable, Sendable {
        case more, whole, malformed
    }
    /// Octets that a stream may come to.
    package static let maxOctets = 4 << 20
    /// Members that a push/pull may tell of.
    package static let maxNodes = 65536

    private enum Part: Hashable, Sendable {
        case start, items(Int), counted(Int)
    }

    package private(set) var octets: [UInt8] = []
    private var part = Part.start
    /// What is settled ends here.
    private var settled = 0
    private var userOctets = 0

    package init() {}

    package mutating func append(_ more: some Collection<UInt8>) -> Progress {
        guard octets.count + more.count <= GossipStreamReader.maxOctets else { return .malformed }
        octets += more
        do throws(MessagePackReader.Failure) {
            if part == .start { try begin() }
            while case .items(let count) = part, count > 0 {
                var reader = MessagePackReader(octets, from: settled)
                try reader.skip()
                settled = reader.offset
                part = .items(count - 1)
            }
            if case .items = part { part = .counted(settled + userOctets) }
            guard case .counted(let end) = part, octets.count >= end else { return .more }
            return .whole
        } catch {
            return error == .short ? .more : .malformed
        }
    }

    /// Reads up to where the length of the rest is known.
    private mutating func begin() throws(MessagePackReader.Failure) {
        var reader = MessagePackReader(octets)
        var kind = try reader.take(1).first
        if kind == GossipMessage.Kind.label {
            let length = try reader.take(1).first ?? 0
            _ = try reader.take(Int(length))
            kind = try reader.take(1).first
        }
        switch kind {
        case GossipMessage.Kind.encrypt:
            let length = try reader.take(4).reduce(0) { $0 << 8 | Int($1) }
            guard length <= GossipStreamReader.maxOctets else { throw .malformed }
            part = .counted(reader.offset + length)
        case GossipMessage.Kind.compress, GossipMessage.Kind.ping, GossipMessage.Kind.ack,
            GossipMessage.Kind.error:
            part = .items(1)
        case GossipMessage.Kind.pushPull:
            let header = try GossipPushPull.Header(&reader)
            userOctets = header.userOctets
            part = .items(header.nodes)
        case GossipMessage.Kind.user:
            part = .counted(try GossipPushPull.userLength(&reader) + reader.offset)
        default: throw .malformed
        }
        settled = reader.offset
    }
}

/// The whole state of a member, exchanged over TCP.
package struct GossipPushPull: Hashable, Sendable {
    package enum State: UInt8, Hashable, Sendable {
        case alive, suspect, dead, left
    }
    package struct Entry: Hashable, Sendable {
        package var node: GossipNode
        package var incarnation: UInt32
        package var state: State

        package init(node: GossipNode, incarnation: UInt32, state: State) {
            self.node = node
            self.incarnation = incarnation
            self.state = state
        }
    }
    struct Header {
        var nodes = 0
        var userOctets = 0
        var isJoin = false

        init(nodes: Int, userOctets: Int, isJoin: Bool) {
            self.nodes = nodes
            self.userOctets = userOctets
            self.isJoin = isJoin
        }

        init(_ reader: inout MessagePackReader) throws(MessagePackReader.Failure) {
            let count = try reader.map()
            guard count <= 16 else { throw .malformed }
            for _ in 0..<count {
                switch try reader.text() {
                case "Nodes": nodes = Int(clamping: try reader.integer())
                case "UserStateLen": userOctets = Int(clamping: try reader.integer())
                case "Join": isJoin = try reader.boolean()
                default: try reader.skip()
                }
            }
            guard nodes <= GossipStreamReader.maxNodes,
                userOctets <= GossipStreamReader.maxOctets
            else { throw .malformed }
        }

        func append(to octets: inout [UInt8]) {
            MessagePack.append(map: 3, to: &octets)
            MessagePack.append("Join", to: &octets)
            MessagePack.append(isJoin, to: &octets)
            MessagePack.append("Nodes", to: &octets)
            MessagePack.append(UInt64(clamping: nodes), to: &octets)
            MessagePack.append("UserStateLen", to: &octets)
            MessagePack.append(UInt64(clamping: userOctets), to: &octets)
        }
    }

    package var entries: [Entry]
    package var isJoin: Bool
    package var userState: [UInt8]
    /// Entries that could not be believed.
    package private(set) var bad = 0

    package init(entries: [Entry], isJoin: Bool, userState: [UInt8] = []) {
        self.entries = entries
        self.isJoin = isJoin
        self.userState = userState
    }

    /// The message with its type.
    package var encoded: [UInt8] {
        var octets = [GossipMessage.Kind.pushPull]
        octets.reserveCapacity(64 + entries.count * 96 + userState.count)
        Header(nodes: entries.count, userOctets: userState.count, isJoin: isJoin)
            .append(to: &octets)
        for entry in entries {
            entry.node.append(
                incarnation: entry.incarnation, state: entry.state.rawValue, to: &octets)
        }
        return octets + userState
    }

    /// Reads what stands behind the type; nil when it is cut short or wrong.
    package init?(_ message: [UInt8]) {
        var reader = MessagePackReader(message, from: 1)
        guard message.first == GossipMessage.Kind.pushPull, let header = try? Header(&reader) else {
            return nil
        }
        self.init(entries: [], isJoin: header.isJoin)
        entries.reserveCapacity(min(header.nodes, message.count / 16))
        for _ in 0..<header.nodes {
            guard let fields = try? GossipFields(&reader) else { return nil }
            if let node = fields.member, let code = UInt8(exactly: fields.state),
                let state = State(rawValue: code)
            {
                entries.append(Entry(node: node, incarnation: fields.incarnation, state: state))
            } else {
                bad += 1
            }
        }
        guard let user = try? reader.take(header.userOctets) else { return nil }
        userState = Array(user)
    }

    /// Length of a user message on a stream, from its header.
    static func userLength(
        _ reader: inout MessagePackReader
    ) throws(MessagePackReader.Failure) -> Int {
        var length = 0
        let count = try reader.map()
        guard count <= 16 else { throw .malformed }
        for _ in 0..<count {
            switch try reader.text() {
            case "UserMsgLen": length = Int(clamping: try reader.integer())
            default: try reader.skip()
            }
        }
        guard length <= GossipStreamReader.maxOctets else { throw .malformed }
        return length
    }
}

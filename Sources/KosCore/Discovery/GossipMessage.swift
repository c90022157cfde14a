/// The messages of hashicorp/memberlist: one octet of type, then a MessagePack map whose names are
/// Go's field names.
package enum GossipMessage: Hashable, Sendable {
    package struct Ping: Hashable, Sendable {
        package var sequence: UInt32
        /// Who is meant; others drop it.
        package var node: String
        /// Where the answer goes, when not to where the ping came from.
        package var source: ContactAddress?

        package init(sequence: UInt32, node: String, source: ContactAddress? = nil) {
            self.sequence = sequence
            self.node = node
            self.source = source
        }
    }
    package struct IndirectPing: Hashable, Sendable {
        package var sequence: UInt32
        package var target: ContactAddress
        package var node: String
        /// Whether a nack is wanted when the target is silent.
        package var wantsNack: Bool
        package var source: ContactAddress?

        package init(
            sequence: UInt32, target: ContactAddress, node: String, wantsNack: Bool,
            source: ContactAddress? = nil
        ) {
            self.sequence = sequence
            self.target = target
            self.node = node
            self.wantsNack = wantsNack
            self.source = source
        }
    }
    /// `suspect` and `dead`: what one node says of another one.
    package struct Accusation: Hashable, Sendable {
        package var incarnation: UInt32
        package var node: String
        /// The accuser; the node itself when it leaves.
        package var from: String

        package init(incarnation: UInt32, node: String, from: String) {
            self.incarnation = incarnation
            self.node = node
            self.from = from
        }
    }

    case ping(Ping)
    case indirectPing(IndirectPing)
    case ack(sequence: UInt32)
    case nack(sequence: UInt32)
    case suspect(Accusation)
    case alive(GossipNode, incarnation: UInt32)
    case dead(Accusation)
    case user([UInt8])

    package enum Kind {
        package static let ping: UInt8 = 0
        package static let indirectPing: UInt8 = 1
        package static let ack: UInt8 = 2
        package static let suspect: UInt8 = 3
        package static let alive: UInt8 = 4
        package static let dead: UInt8 = 5
        package static let pushPull: UInt8 = 6
        package static let compound: UInt8 = 7
        package static let user: UInt8 = 8
        package static let compress: UInt8 = 9
        package static let encrypt: UInt8 = 10
        package static let nack: UInt8 = 11
        package static let checksum: UInt8 = 12
        package static let error: UInt8 = 13
        package static let label: UInt8 = 244
    }
}

/// A member as it says of itself.
package struct GossipNode: Hashable, Sendable {
    /// Longest name and most octets of tags that are taken.
    package static let maxName = 128
    package static let maxMeta = 512
    /// Protocol versions: memberlist's least, most and current, then the delegate's (Serf's).
    package static let versions: [UInt8] = [1, 5, 2, 2, 5, 5]

    package var name: String
    package var address: ContactAddress
    package var meta: [UInt8]
    package var versions: [UInt8]

    package init(
        name: String, address: ContactAddress, meta: [UInt8] = [],
        versions: [UInt8] = GossipNode.versions
    ) {
        self.name = name
        self.address = address
        self.meta = meta
        self.versions = versions
    }

    /// Whether it can be believed at all: a name, an address, versions in order, tags of due size.
    package var isSound: Bool {
        (1...GossipNode.maxName).contains(name.utf8.count) && address.isUsable
            && meta.count <= GossipNode.maxMeta
            && (versions.isEmpty
                || versions.count == 6 && versions[0] > 0 && versions[1] > 0
                    && versions[0] <= versions[1] && versions[0] <= 5 && versions[1] >= 1)
            && name.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
    }

    /// The highest version that it understands.
    package var maxVersion: UInt8 { versions.count > 1 ? versions[1] : 1 }
}

// MARK: - Writing

extension GossipMessage {
    package var encoded: [UInt8] {
        var octets: [UInt8] = []
        switch self {
        case .ping(let ping):
            octets.append(Kind.ping)
            MessagePack.append(map: 2, to: &octets)
            MessagePack.append("Node", to: &octets)
            MessagePack.append(ping.node, to: &octets)
            GossipMessage.append("SeqNo", ping.sequence, to: &octets)
        case .indirectPing(let ping):
            octets.append(Kind.indirectPing)
            MessagePack.append(map: 5, to: &octets)
            MessagePack.append("Nack", to: &octets)
            MessagePack.append(ping.wantsNack, to: &octets)
            MessagePack.append("Node", to: &octets)
            MessagePack.append(ping.node, to: &octets)
            GossipMessage.append("Port", UInt32(ping.target.port), to: &octets)
            GossipMessage.append("SeqNo", ping.sequence, to: &octets)
            MessagePack.append("Target", to: &octets)
            MessagePack.append(raw: ping.target.ip.octets, to: &octets)
        case .ack(let sequence):
            octets.append(Kind.ack)
            MessagePack.append(map: 2, to: &octets)
            MessagePack.append("Payload", to: &octets)
            MessagePack.append(raw: [], to: &octets)
            GossipMessage.append("SeqNo", sequence, to: &octets)
        case .nack(let sequence):
            octets.append(Kind.nack)
            MessagePack.append(map: 1, to: &octets)
            GossipMessage.append("SeqNo", sequence, to: &octets)
        case .suspect(let word): GossipMessage.append(Kind.suspect, word, to: &octets)
        case .dead(let word): GossipMessage.append(Kind.dead, word, to: &octets)
        case .alive(let node, let incarnation):
            octets.append(Kind.alive)
            node.append(incarnation: incarnation, state: nil, to: &octets)
        case .user(let payload): octets = [Kind.user] + payload
        }
        return octets
    }

    private static func append(_ name: String, _ value: UInt32, to octets: inout [UInt8]) {
        MessagePack.append(name, to: &octets)
        MessagePack.append(UInt64(value), to: &octets)
    }

    private static func append(_ kind: UInt8, _ word: Accusation, to octets: inout [UInt8]) {
        octets.append(kind)
        MessagePack.append(map: 3, to: &octets)
        MessagePack.append("From", to: &octets)
        MessagePack.append(word.from, to: &octets)
        append("Incarnation", word.incarnation, to: &octets)
        MessagePack.append("Node", to: &octets)
        MessagePack.append(word.node, to: &octets)
    }
}

extension GossipNode {
    /// As in `alive`, or with a state as in a push/pull; names in order.
    func append(incarnation: UInt32, state: UInt8?, to octets: inout [UInt8]) {
        MessagePack.append(map: state == nil ? 6 : 7, to: &octets)
        MessagePack.append("Addr", to: &octets)
        MessagePack.append(raw: address.ip.octets, to: &octets)
        MessagePack.append("Incarnation", to: &octets)
        MessagePack.append(UInt64(incarnation), to: &octets)
        MessagePack.append("Meta", to: &octets)
        MessagePack.append(raw: meta, to: &octets)
        MessagePack.append(state == nil ? "Node" : "Name", to: &octets)
        MessagePack.append(name, to: &octets)
        MessagePack.append("Port", to: &octets)
        MessagePack.append(UInt64(address.port), to: &octets)
        if let state {
            MessagePack.append("State", to: &octets)
            MessagePack.append(UInt64(state), to: &octets)
        }
        MessagePack.append("Vsn", to: &octets)
        MessagePack.append(raw: versions, to: &octets)
    }
}

// MARK: - Reading

/// The members of the maps that memberlist writes, whichever message they are of.
struct GossipFields {
    var sequence: UInt32 = 0
    var incarnation: UInt32 = 0
    var node = ""
    var from = ""
    var address: ArraySlice<UInt8> = []
    var port: UInt16 = 0
    var meta: ArraySlice<UInt8> = []
    var versions: [UInt8] = []
    var state: UInt64 = 0
    var wantsNack = false
    var sourceAddress: ArraySlice<UInt8> = []
    var sourcePort: UInt16 = 0

    init(_ reader: inout MessagePackReader) throws(MessagePackReader.Failure) {
        let count = try reader.map()
        guard count <= 32 else { throw .malformed }
        for _ in 0..<count { try take(&reader) }
    }

    private mutating func take(_ reader: inout MessagePackReader) throws(MessagePackReader.Failure)
    {
        switch try reader.text() {
        case "SeqNo": sequence = try reader.word()
        case "Incarnation": incarnation = try reader.word()
        case "Node", "Name": node = try reader.text()
        case "From": from = try reader.text()
        case "Addr", "Target": address = try reader.raw()
        case "Port": port = try reader.port()
        case "Meta": meta = try reader.raw()
        case "Vsn": versions = try reader.bytes()
        case "State": state = try reader.integer()
        case "Nack": wantsNack = try reader.boolean()
        case "SourceAddr": sourceAddress = try reader.raw()
        case "SourcePort": sourcePort = try reader.port()
        default: try reader.skip()
        }
    }

    var accusation: GossipMessage.Accusation {
        GossipMessage.Accusation(incarnation: incarnation, node: node, from: from)
    }
    var contact: ContactAddress? {
        IPAddress(octets: address).map { ContactAddress(ip: $0, port: port) }
    }
    var source: ContactAddress? {
        guard let ip = IPAddress(octets: sourceAddress), sourcePort > 0 else { return nil }
        return ContactAddress(ip: ip, port: sourcePort)
    }
    var member: GossipNode? {
        guard let contact else { return nil }
        let node = GossipNode(
            name: node, address: contact, meta: Array(meta),
            versions: versions == GossipNode.versions ? GossipNode.versions : versions)
        return node.isSound ? node : nil
    }
}

extension GossipMessage {
    /// Reads one message that is no envelope; nil for what cannot be read.
    package init?(_ octets: ArraySlice<UInt8>) {
        guard let kind = octets.first else { return nil }
        guard kind != Kind.user else {
            self = .user(Array(octets.dropFirst()))
            return
        }
        var reader = MessagePackReader(Array(octets.dropFirst()))
        guard let fields = try? GossipFields(&reader) else { return nil }
        switch kind {
        case Kind.ping:
            self = .ping(
                Ping(sequence: fields.sequence, node: fields.node, source: fields.source))
        case Kind.indirectPing:
            guard let target = fields.contact, target.isUsable else { return nil }
            self = .indirectPing(
                IndirectPing(
                    sequence: fields.sequence, target: target, node: fields.node,
                    wantsNack: fields.wantsNack, source: fields.source))
        case Kind.ack: self = .ack(sequence: fields.sequence)
        case Kind.nack: self = .nack(sequence: fields.sequence)
        case Kind.suspect, Kind.dead:
            guard (1...GossipNode.maxName).contains(fields.node.utf8.count),
                fields.from.utf8.count <= GossipNode.maxName
            else { return nil }
            self = kind == Kind.dead ? .dead(fields.accusation) : .suspect(fields.accusation)
        case Kind.alive:
            guard let member = fields.member else { return nil }
            self = .alive(member, incarnation: fields.incarnation)
        default: return nil
        }
    }
}

/// What Serf puts into memberlist: tags in the meta data, intents and events in user messages,
/// Lamport times in the push/pull state.
package enum SerfMessage: Hashable, Sendable {
    case leave(time: UInt64, node: String)
    case join(time: UInt64, node: String)
    case event(SerfEvent)
    case query(SerfQuery)
    /// A kind that this node only passes on, or leaves alone.
    case other(UInt8)

    package enum Kind {
        package static let leave: UInt8 = 0
        package static let join: UInt8 = 1
        package static let pushPull: UInt8 = 2
        package static let event: UInt8 = 3
        package static let query: UInt8 = 4
        package static let answer: UInt8 = 5
    }

    package init?(_ octets: [UInt8]) {
        guard let kind = octets.first else { return nil }
        var reader = MessagePackReader(octets, from: 1)
        switch kind {
        case Kind.leave, Kind.join, Kind.event, Kind.query:
            guard let fields = try? SerfFields(&reader) else { return nil }
            switch kind {
            case Kind.leave: self = .leave(time: fields.time, node: fields.node)
            case Kind.join: self = .join(time: fields.time, node: fields.node)
            case Kind.event:
                guard fields.name.utf8.count + fields.payload.count <= SerfEvent.maxOctets else {
                    return nil
                }
                self = .event(
                    SerfEvent(time: fields.time, name: fields.name, payload: fields.payload))
            default:
                var query = SerfQuery(fields)
                query.octets = octets
                self = .query(query)
            }
        default: self = .other(kind)
        }
    }

    /// With the type octet, as a user message carries it.
    package var encoded: [UInt8] {
        switch self {
        case .leave(let time, let node): SerfMessage.intent(Kind.leave, time, node)
        case .join(let time, let node): SerfMessage.intent(Kind.join, time, node)
        case .event(let event): [Kind.event] + event.members
        case .query(let query): query.octets
        case .other(let kind): [kind]
        }
    }

    private static func intent(_ kind: UInt8, _ time: UInt64, _ node: String) -> [UInt8] {
        var octets = [kind]
        MessagePack.append(map: kind == Kind.leave ? 3 : 2, to: &octets)
        MessagePack.append("LTime", to: &octets)
        MessagePack.append(time, to: &octets)
        MessagePack.append("Node", to: &octets)
        MessagePack.append(node, to: &octets)
        if kind == Kind.leave {
            MessagePack.append("Prune", to: &octets)
            MessagePack.append(false, to: &octets)
        }
        return octets
    }
}

/// Something that a user of the cluster made known to all of it.
package struct SerfEvent: Hashable, Sendable {
    /// Name and payload together.
    package static let maxOctets = 9 << 10

    /// Lamport time of the events' clock.
    package var time: UInt64
    package var name: String
    package var payload: [UInt8]

    package init(time: UInt64, name: String, payload: [UInt8]) {
        self.time = time
        self.name = name
        self.payload = payload
    }

    /// The event as a reader of records sees it.
    package func record(at timestamp: Timestamp) -> UserEventRecord {
        UserEventRecord(timestamp: timestamp, name: name, payload: payload, lamportTime: time)
    }

    /// The map, without a type.
    var members: [UInt8] {
        var octets: [UInt8] = []
        MessagePack.append(map: 4, to: &octets)
        MessagePack.append("CC", to: &octets)
        MessagePack.append(false, to: &octets)
        MessagePack.append("LTime", to: &octets)
        MessagePack.append(time, to: &octets)
        MessagePack.append("Name", to: &octets)
        MessagePack.append(name, to: &octets)
        MessagePack.append("Payload", to: &octets)
        MessagePack.append(raw: payload, to: &octets)
        return octets
    }
}

/// A question to the cluster: passed on, and acknowledged when it asks for that.
package struct SerfQuery: Hashable, Sendable {
    package var time: UInt64
    package var id: UInt64
    package var name: String
    package var payload: [UInt8]
    package var asker: ContactAddress?
    package var wantsAcknowledgement: Bool
    /// Whether it is for some nodes only.
    package var isFiltered: Bool
    package var isRebroadcast: Bool
    /// As it came, with its type.
    package var octets: [UInt8]

    init(_ fields: SerfFields) {
        time = fields.time
        id = fields.id
        name = fields.name
        payload = fields.payload
        asker = IPAddress(octets: fields.address).map {
            ContactAddress(ip: $0, port: fields.port)
        }
        wantsAcknowledgement = fields.flags & 1 != 0
        isRebroadcast = fields.flags & 2 == 0
        isFiltered = fields.filters > 0
        octets = []
    }

    /// The acknowledgement as a user message carries it.
    package func acknowledgement(from node: String) -> [UInt8] {
        answer(from: node, flags: 1, [])
    }

    /// An answer as a user message carries it.
    package func answer(_ payload: [UInt8], from node: String) -> [UInt8] {
        answer(from: node, flags: 0, payload)
    }

    private func answer(from node: String, flags: UInt64, _ payload: [UInt8]) -> [UInt8] {
        var octets = [SerfMessage.Kind.answer]
        MessagePack.append(map: 5, to: &octets)
        MessagePack.append("Flags", to: &octets)
        MessagePack.append(flags, to: &octets)
        MessagePack.append("From", to: &octets)
        MessagePack.append(node, to: &octets)
        MessagePack.append("ID", to: &octets)
        MessagePack.append(id, to: &octets)
        MessagePack.append("LTime", to: &octets)
        MessagePack.append(time, to: &octets)
        MessagePack.append("Payload", to: &octets)
        MessagePack.append(raw: payload, to: &octets)
        return octets
    }
}

struct SerfFields {
    var time: UInt64 = 0
    var node = ""
    var name = ""
    var payload: [UInt8] = []
    var id: UInt64 = 0
    var address: ArraySlice<UInt8> = []
    var port: UInt16 = 0
    var flags: UInt64 = 0
    var filters = 0

    init(_ reader: inout MessagePackReader) throws(MessagePackReader.Failure) {
        let count = try reader.map()
        guard count <= 32 else { throw .malformed }
        for _ in 0..<count { try take(&reader) }
        guard node.utf8.count <= GossipNode.maxName else { throw .malformed }
    }

    private mutating func take(_ reader: inout MessagePackReader) throws(MessagePackReader.Failure)
    {
        switch try reader.text() {
        case "LTime": time = try reader.integer()
        case "Node": node = try reader.text()
        case "Name": name = try reader.text()
        case "Payload": payload = Array(try reader.raw())
        case "ID": id = try reader.integer()
        case "Addr": address = try reader.raw()
        case "Port": port = try reader.port()
        case "Flags": flags = try reader.integer()
        case "Filters":
            filters = try reader.array()
            guard filters <= 64 else { throw .malformed }
            for _ in 0..<filters { try reader.skip() }
        default: try reader.skip()
        }
    }
}

/// Serf's part of a push/pull.
package struct SerfState: Hashable, Sendable {
    package var time: UInt64
    package var eventTime: UInt64
    package var queryTime: UInt64
    /// Lamport time of each member's last intent.
    package var statusTimes: [String: UInt64]
    package var left: [String]

    package init(
        time: UInt64, eventTime: UInt64, queryTime: UInt64, statusTimes: [String: UInt64],
        left: [String]
    ) {
        self.time = time
        self.eventTime = eventTime
        self.queryTime = queryTime
        self.statusTimes = statusTimes
        self.left = left
    }

    package var encoded: [UInt8] {
        var octets = [SerfMessage.Kind.pushPull]
        MessagePack.append(map: 6, to: &octets)
        MessagePack.append("EventLTime", to: &octets)
        MessagePack.append(eventTime, to: &octets)
        MessagePack.append("Events", to: &octets)
        MessagePack.append(array: 0, to: &octets)
        MessagePack.append("LTime", to: &octets)
        MessagePack.append(time, to: &octets)
        MessagePack.append("LeftMembers", to: &octets)
        MessagePack.append(array: left.count, to: &octets)
        for name in left { MessagePack.append(name, to: &octets) }
        MessagePack.append("QueryLTime", to: &octets)
        MessagePack.append(queryTime, to: &octets)
        MessagePack.append("StatusLTimes", to: &octets)
        MessagePack.append(map: statusTimes.count, to: &octets)
        for (name, time) in statusTimes.sorted(by: { $0.key < $1.key }) {
            MessagePack.append(name, to: &octets)
            MessagePack.append(time, to: &octets)
        }
        return octets
    }

    package init?(_ octets: [UInt8]) {
        guard octets.first == SerfMessage.Kind.pushPull else { return nil }
        var reader = MessagePackReader(octets, from: 1)
        self.init(time: 0, eventTime: 0, queryTime: 0, statusTimes: [:], left: [])
        do throws(MessagePackReader.Failure) {
            let count = try reader.map()
            guard count <= 16 else { return nil }
            for _ in 0..<count { try take(&reader) }
        } catch {
            return nil
        }
    }

    private mutating func take(_ reader: inout MessagePackReader) throws(MessagePackReader.Failure)
    {
        switch try reader.text() {
        case "LTime": time = try reader.integer()
        case "EventLTime": eventTime = try reader.integer()
        case "QueryLTime": queryTime = try reader.integer()
        case "LeftMembers":
            let count = try reader.array()
            guard count <= GossipStreamReader.maxNodes else { throw .malformed }
            for _ in 0..<count { left.append(try reader.text()) }
        case "StatusLTimes":
            let count = try reader.map()
            guard count <= GossipStreamReader.maxNodes else { throw .malformed }
            for _ in 0..<count { statusTimes[try reader.text()] = try reader.integer() }
        default: try reader.skip()
        }
    }
}

/// Tags of a Serf member: 0xFF, then a map of text to text, in the meta data.
package enum SerfTags {
    private static let magic: UInt8 = 0xFF
    package static let maxTags = 64

    package static func meta(_ tags: [String: String]) -> [UInt8] {
        var octets = [magic]
        MessagePack.append(map: tags.count, to: &octets)
        for (name, value) in tags.sorted(by: { $0.key < $1.key }) {
            MessagePack.append(name, to: &octets)
            MessagePack.append(value, to: &octets)
        }
        return octets
    }

    /// Meta data without the magic octet is the role alone, as before Serf had tags. What cannot
    /// be read has no tags.
    package static func tags(of meta: [UInt8]) -> [String: String] {
        guard meta.first == magic else {
            let role = String(validating: meta, as: UTF8.self) ?? ""
            return role.isEmpty ? [:] : ["role": role]
        }
        var reader = MessagePackReader(meta, from: 1)
        var tags: [String: String] = [:]
        guard let count = try? reader.map(), count <= maxTags else { return [:] }
        for _ in 0..<count {
            guard let name = try? reader.text(), let value = try? reader.text() else { return [:] }
            tags[name] = value
        }
        return tags
    }
}

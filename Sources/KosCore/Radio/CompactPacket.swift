/// The short form of a packet for radio links: one CBOR array, with node ids cut to 16 octets.
///
/// `[version, id, timestamp, source, destination, payload, hops, ttl, priority, type, flags,
/// options, route, signature]`. The signature is over the whole packet, so that a receiver must
/// know the key behind a short id before it can check one: announcements bring it in full.
package enum CompactPacket {
    package static let version = 1
    /// Kinds that need no text.
    private static let kinds = ["data", "control", "routing", "discovery", "heartbeat", "reply"]

    /// `own` is the node whose announcements everybody around has heard: it alone is named by its
    /// short id where a signature has to be checked. So are destinations, which know themselves.
    package static func encode(
        _ packet: Packet, _ names: ShortNames, own: NodeID? = nil
    ) -> [UInt8] {
        let isOwn = packet.source == own && packet.metadata.type != "discovery"
        var bytes: [UInt8] = []
        CBOR.append(arrayOf: 14, to: &bytes)
        CBOR.append(Double(version), to: &bytes)
        if let id = CompactValue.octets(ofUUID: packet.id) {
            CBOR.append(octets: id, to: &bytes)
        } else {
            CBOR.append(text: packet.id, to: &bytes)
        }
        CBOR.append(Double(packet.timestamp.milliseconds), to: &bytes)
        append(packet.source.text, names, to: &bytes, isFull: !isOwn)
        append(packet.destination, names, to: &bytes, isFull: false)
        CompactValue.append(packet.payload, names, own: own, to: &bytes)
        CBOR.append(Double(packet.metadata.hops), to: &bytes)
        CBOR.append(Double(packet.metadata.ttl), to: &bytes)
        CBOR.append(Double(packet.metadata.priority), to: &bytes)
        if let kind = kinds.firstIndex(of: packet.metadata.type) {
            CBOR.append(Double(kind), to: &bytes)
        } else {
            CBOR.append(text: packet.metadata.type, to: &bytes)
        }
        CBOR.append(arrayOf: packet.metadata.flags.count, to: &bytes)
        for flag in packet.metadata.flags {
            CompactValue.append(.string(flag), names, own: own, to: &bytes)
        }
        CompactValue.append(.object(packet.options), names, own: own, to: &bytes)
        // A route that is only the source says nothing.
        let route = packet.route == [packet.source.text] ? [] : packet.route
        CBOR.append(arrayOf: route.count, to: &bytes)
        for node in route { append(node, names, to: &bytes, isFull: false) }
        if let signature = packet.signature.flatMap({ Base64.decode($0) }) {
            CBOR.append(octets: signature, to: &bytes)
        } else {
            bytes.append(0xF6)
        }
        return bytes
    }

    /// Octets of 16 for a node with a key, 32 for the key itself, text for every other id.
    private static func append(
        _ node: String, _ names: ShortNames, to bytes: inout [UInt8], isFull: Bool
    ) {
        if isFull, let key = NodeID(node)?.publicKey {
            CBOR.append(octets: key, to: &bytes)
        } else if let short = names.short(of: node) {
            CBOR.append(octets: short, to: &bytes)
        } else if let key = NodeID(node)?.publicKey {
            CBOR.append(octets: key, to: &bytes)
        } else {
            CBOR.append(text: node, to: &bytes)
        }
    }

    package static func decode(
        _ bytes: [UInt8], _ names: ShortNames
    ) throws(CBOR.Malformed) -> Packet {
        var reader = CBORReader(bytes, names: names)
        func bad() -> CBOR.Malformed { CBOR.Malformed(offset: reader.offset) }
        guard try reader.array() == 14, try reader.integer(in: 0...255) == version else {
            throw bad()
        }
        let id = try uuid(reader.item(), reader)
        let time = try reader.integer(in: 0...9_007_199_254_740_991)
        guard let source = NodeID(try node(&reader, names)) else { throw bad() }
        let destination = try node(&reader, names)
        let payload = try reader.value()
        var packet = Packet(
            id: PacketID.none, timestamp: Timestamp(milliseconds: Int64(time)), source: source,
            destination: destination, payload: payload)
        packet.id = id
        packet.metadata.hops = try reader.integer(in: 0...255)
        packet.metadata.ttl = try reader.integer(in: 0...255)
        packet.metadata.priority = try reader.integer(in: 0...7)
        switch try reader.value() {
        case .string(let kind) where kind.utf8.count <= 32: packet.metadata.type = kind
        case let value:
            guard let index = value.integer, kinds.indices.contains(index) else { throw bad() }
            packet.metadata.type = kinds[index]
        }
        for _ in 0..<(try reader.array()) {
            guard let flag = try reader.value().string else { throw bad() }
            packet.metadata.flags.append(flag)
        }
        guard let options = try reader.value().object else { throw bad() }
        packet.options = options
        var route: [String] = []
        for _ in 0..<(try reader.array()) { route.append(try node(&reader, names)) }
        if !route.isEmpty { packet.route = route }
        switch try reader.item() {
        case .octets(let signature): packet.signature = Base64.encode(signature)
        case .value(.null): packet.signature = nil
        case .value: throw bad()
        }
        guard reader.isAtEnd else { throw bad() }
        return packet
    }

    private static func node(
        _ reader: inout CBORReader, _ names: ShortNames
    ) throws(CBOR.Malformed) -> String {
        let offset = reader.offset
        switch try reader.item() {
        case .octets(let octets) where octets.count == 16:
            return names.full(of: octets) ?? ShortNames.text(of: octets)
        case .octets(let octets) where octets.count == 32:
            if let node = NodeID(publicKey: octets) { return node.text }
        case .value(.string(let text)) where (1...128).contains(text.utf8.count): return text
        default: break
        }
        throw CBOR.Malformed(offset: offset)
    }

    private static func uuid(
        _ item: CBORReader.Item, _ reader: CBORReader
    ) throws(CBOR.Malformed) -> String {
        switch item {
        case .octets(let octets) where octets.count == 16:
            return CompactValue.uuid(octets)
        case .value(.string(let text)) where (1...64).contains(text.utf8.count): return text
        default: throw CBOR.Malformed(offset: reader.offset)
        }
    }
}

extension PacketID {
    /// Stands until the id that was read is put in its place.
    fileprivate static var none: PacketID {
        var zeros = SplitMix64(seed: 0)
        return PacketID(at: Timestamp(milliseconds: 0), using: &zeros)
    }
}

/// Full names behind the short ones, learned from announcements; bounded, the oldest forgotten
/// first.
package struct ShortNames: Sendable {
    package static let capacity = 4096
    private var full: [[UInt8]: String] = [:]
    private var shorts: [String: [UInt8]] = [:]
    private var order: [[UInt8]] = []

    package init() {}

    /// `short`: the first 16 octets of SHA-256 of the node's public key.
    package mutating func learn(_ node: NodeID, short: [UInt8]) {
        guard short.count == 16, full[short] == nil else { return }
        if order.count >= ShortNames.capacity, let oldest = order.first {
            order.removeFirst()
            if let name = full.removeValue(forKey: oldest) { shorts[name] = nil }
        }
        full[short] = node.text
        shorts[node.text] = short
        order.append(short)
    }

    package func full(of short: [UInt8]) -> String? { full[short] }

    /// The short id of a node whose full one others may know as well.
    package func known(_ node: String) -> [UInt8]? { shorts[node] }

    /// Also for a name that is a short one itself: 32 lower-case hexadecimal digits.
    package func short(of node: String) -> [UInt8]? {
        if let known = shorts[node] { return known }
        guard node.utf8.count == 32, node == node.lowercased() else { return nil }
        return Hexadecimal.decode(node)
    }

    /// A short id as text, for a node that is not known yet.
    package static func text(of short: [UInt8]) -> String {
        String(decoding: Hexadecimal.encode(short), as: UTF8.self).lowercased()
    }
}

/// One message of the DHT's protocol (BEP 5, with BEP 32, 42, 43, 44 and 51).
package struct KRPC: Hashable, Sendable {
    package enum Query: Hashable, Sendable {
        case ping
        case findNode(DHTKey)
        case getPeers(DHTKey)
        case announcePeer(DHTKey, port: UInt16, isImplied: Bool, token: [UInt8])
        /// With the number of the item that the asker has already.
        case get(DHTKey, sequence: Int64?)
        case put(DHTItem, token: [UInt8], cas: Int64?)
        case sampleInfohashes(DHTKey)
        /// A method that is not known here; its target, where it has one.
        case other(String)
    }
    package struct Reply: Hashable, Sendable {
        package var nodes: [DHTNode] = []
        package var nodes6: [DHTNode] = []
        package var token: [UInt8]?
        package var peers: [ContactAddress] = []
        package var item: DHTItem?
        /// The number of an item that was not sent, as the asker has it.
        package var sequence: Int64?
        package var samples: [DHTKey] = []
        /// How many info hashes the node keeps (BEP 51).
        package var sampleCount: Int?
        package init() {}
    }
    package enum Body: Hashable, Sendable {
        case query(Query, from: DHTKey)
        case reply(Reply, from: DHTKey)
        case error(Int, String)
    }
    /// Codes that BEP 5 and BEP 44 name.
    package enum Code {
        package static let protocolError = 203
        package static let methodUnknown = 204
        package static let tooBig = 205
        package static let badSignature = 206
        package static let saltTooBig = 207
        package static let casMismatch = 301
        package static let sequenceTooLow = 302
    }
    package static let maxPeers = 64

    package var transaction: [UInt8]
    package var body: Body
    package var version: [UInt8]?
    /// The asker does not answer queries (BEP 43).
    package var isReadOnly = false
    /// The address under which the other side sees this one (BEP 42).
    package var ownAddress: ContactAddress?

    package init(transaction: [UInt8], body: Body) {
        self.transaction = transaction
        self.body = body
    }

    // MARK: Reading

    /// Nil when `octets` are no message; a reply is read without knowing what was asked.
    package init?(_ octets: [UInt8]) {
        guard octets.count <= 4096, let message = Bencode(octets), message.isDictionary,
            let transaction = message["t"]?.octets, transaction.count <= 32,
            let kind = message["y"]?.octets
        else { return nil }
        self.transaction = transaction
        switch kind {
        case [0x71]:
            guard let arguments = message["a"],
                let id = arguments["id"]?.octets.flatMap({ DHTKey($0) }),
                let name = message["q"]?.octets, let query = KRPC.query(name, arguments)
            else { return nil }
            body = .query(query, from: id)
        case [0x72]:
            guard let values = message["r"], let id = values["id"]?.octets.flatMap({ DHTKey($0) })
            else {
                return nil
            }
            body = .reply(KRPC.reply(values), from: id)
        case [0x65]:
            let parts = message["e"]?.list ?? []
            let text =
                parts.count > 1
                ? String(decoding: (parts[1].octets ?? []).prefix(200), as: UTF8.self) : ""
            body = .error(parts.first?.integer.flatMap { Int(exactly: $0) } ?? 0, text)
        default: return nil
        }
        version = message["v"]?.octets
        isReadOnly = message["ro"]?.integer == 1
        ownAddress = message["ip"]?.octets.flatMap { ContactAddress(compact: $0) }
    }

    private static func query(_ name: [UInt8], _ arguments: Bencode) -> Query? {
        func key(_ name: String) -> DHTKey? { arguments[name]?.octets.flatMap { DHTKey($0) } }
        switch String(decoding: name, as: UTF8.self) {
        case "ping": return .ping
        case "find_node": return key("target").map { .findNode($0) }
        case "get_peers": return key("info_hash").map { .getPeers($0) }
        case "announce_peer":
            guard let hash = key("info_hash"), let token = arguments["token"]?.octets else {
                return nil
            }
            let isImplied = arguments["implied_port"]?.integer ?? 0 != 0
            let port = arguments["port"]?.integer.flatMap { UInt16(exactly: $0) }
            guard let port = port ?? (isImplied ? 0 : nil), port > 0 || isImplied else {
                return nil
            }
            return .announcePeer(hash, port: port, isImplied: isImplied, token: token)
        case "get": return key("target").map { .get($0, sequence: arguments["seq"]?.integer) }
        case "put":
            guard let token = arguments["token"]?.octets, let item = KRPC.item(arguments) else {
                return nil
            }
            return .put(item, token: token, cas: arguments["cas"]?.integer)
        case "sample_infohashes": return key("target").map { .sampleInfohashes($0) }
        case let other: return .other(String(other.prefix(32)))
        }
    }

    /// A mutable item; the immutable ones of BEP 44 carry nothing that we look for.
    private static func item(_ values: Bencode) -> DHTItem? {
        guard let value = values["v"], let key = values["k"]?.octets,
            let sequence = values["seq"]?.integer,
            let signature = values["sig"]?.octets, key.count == 32
        else { return nil }
        return DHTItem(
            publicKey: key, salt: values["salt"]?.octets ?? [], sequence: sequence, value: value,
            signature: signature)
    }

    private static func reply(_ values: Bencode) -> Reply {
        var reply = Reply()
        reply.nodes = DHTNode.list(compact: values["nodes"]?.octets ?? [], isIPv6: false)
        reply.nodes6 = DHTNode.list(compact: values["nodes6"]?.octets ?? [], isIPv6: true)
        reply.token = values["token"]?.octets.flatMap { $0.count <= 64 ? $0 : nil }
        reply.peers = (values["values"]?.list ?? []).prefix(maxPeers).compactMap { value in
            value.octets.flatMap { ContactAddress(compact: $0) }.flatMap { $0.isUsable ? $0 : nil }
        }
        reply.item = item(values)
        reply.sequence = values["seq"]?.integer
        let samples = values["samples"]?.octets ?? []
        reply.samples = stride(from: 0, to: samples.count - samples.count % 20, by: 20).prefix(32)
            .compactMap { DHTKey(samples[$0..<$0 + 20]) }
        reply.sampleCount = values["num"]?.integer.flatMap { Int(exactly: $0) }
        return reply
    }

    // MARK: Writing

    package var encoded: [UInt8] {
        let (kind, name, content): (String, String, Bencode)
        var method: Bencode?
        switch body {
        case .query(let query, let id):
            let (name_, arguments) = KRPC.arguments(query, id)
            (kind, name, content) = ("q", "a", arguments)
            method = .text(name_)
        case .reply(let reply, let id): (kind, name, content) = ("r", "r", KRPC.values(reply, id))
        case .error(let code, let text):
            (kind, name, content) = ("e", "e", .list([.integer(Int64(code)), .text(text)]))
        }
        return Bencode.dictionary([
            name: content, "ip": ownAddress.map { .octets($0.compact) }, "q": method,
            "ro": isReadOnly ? .integer(1) : nil, "t": .octets(transaction),
            "v": version.map { .octets($0) }, "y": .text(kind),
        ]).encoded
    }

    private static func arguments(_ query: Query, _ id: DHTKey) -> (String, Bencode) {
        let me = Bencode.octets(id.octets)
        switch query {
        case .ping: return ("ping", .dictionary(["id": me]))
        case .findNode(let key):
            return ("find_node", .dictionary(["id": me, "target": .octets(key.octets)]))
        case .getPeers(let hash):
            return ("get_peers", .dictionary(["id": me, "info_hash": .octets(hash.octets)]))
        case .announcePeer(let hash, let port, let isImplied, let token):
            return (
                "announce_peer",
                .dictionary([
                    "id": me, "info_hash": .octets(hash.octets), "port": .integer(Int64(port)),
                    "implied_port": .integer(isImplied ? 1 : 0), "token": .octets(token),
                ])
            )
        case .get(let target, let sequence):
            return (
                "get",
                .dictionary([
                    "id": me, "target": .octets(target.octets),
                    "seq": sequence.map { .integer($0) },
                ])
            )
        case .put(let item, let token, let cas):
            return (
                "put",
                .dictionary([
                    "id": me, "token": .octets(token), "k": .octets(item.publicKey),
                    "salt": item.salt.isEmpty ? nil : .octets(item.salt),
                    "seq": .integer(item.sequence),
                    "sig": .octets(item.signature), "v": item.value,
                    "cas": cas.map { .integer($0) },
                ])
            )
        case .sampleInfohashes(let target):
            return ("sample_infohashes", .dictionary(["id": me, "target": .octets(target.octets)]))
        case .other(let name): return (name, .dictionary(["id": me]))
        }
    }

    private static func values(_ reply: Reply, _ id: DHTKey) -> Bencode {
        let peers = reply.peers.map { Bencode.octets($0.compact) }
        return .dictionary([
            "id": .octets(id.octets),
            "nodes": reply.nodes.isEmpty ? nil : .octets(reply.nodes.flatMap(\.compact)),
            "nodes6": reply.nodes6.isEmpty ? nil : .octets(reply.nodes6.flatMap(\.compact)),
            "token": reply.token.map { .octets($0) },
            "values": peers.isEmpty ? nil : .list(peers),
            "k": reply.item.map { .octets($0.publicKey) },
            "seq": (reply.item?.sequence ?? reply.sequence).map { .integer($0) },
            "sig": reply.item.map { .octets($0.signature) },
            "v": reply.item?.value,
            "samples": reply.sampleCount == nil ? nil : .octets(reply.samples.flatMap(\.octets)),
            "num": reply.sampleCount.map { .integer(Int64($0)) },
            "interval": reply.sampleCount == nil ? nil : .integer(60),
        ])
    }
}

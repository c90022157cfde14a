/// What a node tells of itself: in `nodeInfo` to a neighbour, in `linkState` to the mesh.
package struct NodeInfo: Hashable, Sendable {
    package enum Role: String, Sendable {
        /// Forwards for others.
        case relay
        /// Sends and receives for itself alone.
        case leaf
    }
    package static let maxAddresses = 16
    package static let maxCapabilities = 32

    package var name: String?
    package var role: Role
    package var capabilities: [String]
    package var addresses: [PeerAddress]
    /// Rises with every announcement; a lower one is stale.
    package var sequence: Int
    /// How often it is told anew, ms, where air time makes that seldom; nil for the usual time.
    package var refreshMs: Int?
    /// X25519 key to which payloads for this node may be sealed, 32 octets.
    package var sealingKey: [UInt8]?

    package init(
        name: String?, role: Role, capabilities: [String], addresses: [PeerAddress], sequence: Int,
        sealingKey: [UInt8]? = nil
    ) {
        self.sealingKey = sealingKey
        self.name = name
        self.role = role
        self.capabilities = capabilities
        self.addresses = addresses
        self.sequence = sequence
    }

    package init(_ fields: RecordFields) throws(RecordError) {
        name = try fields.optionalString("name")
        role = try fields.optionalCase("role", of: Role.self) ?? .leaf
        capabilities = try fields.strings("capabilities")
        addresses = []
        for address in try fields.objects("addresses") {
            addresses.append(try PeerAddress(address))
        }
        sequence = try fields.integer("sequence", in: 0...9_007_199_254_740_991)
        refreshMs = try fields.optionalInteger("refreshMs", in: 0...86_400_000)
        sealingKey = try fields.optionalString("sealingKey").flatMap { Base64.decode($0) }
        guard addresses.count <= NodeInfo.maxAddresses,
            capabilities.count <= NodeInfo.maxCapabilities,
            name?.utf8.count ?? 0 <= 256, sealingKey?.count ?? 32 == 32
        else { throw .member("nodeInfo", "names more than a node may have") }
    }

    /// The members, with `kind` first.
    package func object(kind: Packet.Control) -> JSONObject {
        var object: JSONObject = ["kind": .string(kind.rawValue)]
        if let name { object["name"] = .string(name) }
        object["role"] = .string(role.rawValue)
        object["capabilities"] = .array(capabilities.map { .string($0) })
        object["addresses"] = .array(
            addresses.map { address in
                var value: JSONObject = [
                    "type": .string(address.type.rawValue), "address": .string(address.address),
                ]
                if let port = address.port { value["port"] = .number(Double(port)) }
                return .object(value)
            })
        object["sequence"] = .number(Double(sequence))
        if let refreshMs { object["refreshMs"] = .number(Double(refreshMs)) }
        if let sealingKey { object["sealingKey"] = .string(Base64.encode(sealingKey)) }
        return object
    }
}

extension JSONObject {
    /// The node info that this payload is; nil when it is none.
    package var nodeInfo: NodeInfo? { try? NodeInfo(RecordFields(self)) }
}

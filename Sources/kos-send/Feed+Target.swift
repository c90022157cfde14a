import KosCore
import KosNet
import KosTool

/// Where it is to go, as options, routes and peers tell.
extension Feed {
    /// Where to connect.
    func endpoints() throws -> [Endpoint] {
        if !target.endpoints.isEmpty { return target.endpoints }
        if let first = route?.hops.first, target.connect.isEmpty {
            guard let endpoint = Endpoint(first.address) else {
                throw ToolFailure.usage(
                    "the route's first hop '\(first.address)' is no URI",
                    hint: "discover with addresses, or give --connect URI")
            }
            return [first.nodeId.map { endpoint.pinned(to: $0) } ?? endpoint]
        }
        let given = target.connect.compactMap { Endpoint($0) }
        guard given.isEmpty else { return given }
        let told = peers.filter {
            target.to == nil || $0.nodeId.text == target.to || $0.metadata.name == target.to
        }
        return (told.isEmpty ? peers : told).flatMap { peer in
            peer.addresses.compactMap { Endpoint($0.uri)?.pinned(to: peer.nodeId) }
        } + packets.compactMap(\.address)
    }

    /// The node that is meant by `text`: by its address, its id or its name.
    func destination(_ text: String?, _ neighbour: NodeID) throws -> String {
        if let route, let last = route.hops.last {
            return route.destination?.text ?? last.nodeId?.text ?? last.address
        }
        if !target.endpoints.isEmpty { return neighbour.text }
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
}

extension Packet {
    /// Where the packet says that its destination is: `options.address`.
    var address: Endpoint? {
        guard let object = options["address"]?.object,
            let address = try? PeerAddress(RecordFields(object))
        else { return nil }
        let endpoint = Endpoint(address.uri)
        return NodeID(destination).flatMap { endpoint?.pinned(to: $0) } ?? endpoint
    }
}

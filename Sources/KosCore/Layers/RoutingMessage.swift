/// A protocol's message on its way over one link of the mesh: what would stand in the IP header,
/// and the octets as the RFC has them.
struct RoutingMessage: Sendable {
    let datagram: Datagram

    init(_ datagram: Datagram) { self.datagram = datagram }

    /// Nil when a member is missing or makes no sense.
    init?(_ payload: JSONObject) {
        guard let kind = payload["kind"]?.string,
            let source = payload["source"]?.string.flatMap({ RouterAddress($0) }),
            let destination = payload["destination"]?.string.flatMap({ RouterAddress($0) }),
            let ttl = payload["ttl"]?.integer.flatMap({ UInt8(exactly: $0) }),
            let octets = payload["message"]?.string.flatMap({ Base64.decode($0) })
        else { return nil }
        datagram = Datagram(
            from: source, to: destination, ttl: ttl,
            content: kind == "dsr" ? .sourceRouted : .control, payload: octets)
    }

    func payload(_ kind: Packet.Control) -> JSONValue {
        .object([
            "kind": .string(kind.rawValue), "source": .string(datagram.source.description),
            "destination": .string(datagram.destination.description),
            "ttl": .number(Double(datagram.ttl)),
            "message": .string(Base64.encode(datagram.payload)),
        ])
    }
}

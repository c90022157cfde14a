/// One way to reach a peer: the seed's `{type, address, port}`, with the interface it was seen on.
package struct PeerAddress: Hashable, Sendable {
    package var type: TransportType
    package var address: String
    package var port: Int?
    package var interface: String?

    package init(type: TransportType, address: String, port: Int? = nil, interface: String? = nil) {
        self.type = type
        self.address = address
        self.port = port
        self.interface = interface
    }

    package static let fields: [Field] = [
        .required("type", .oneOf(TransportType.allCases.map(\.rawValue)), "transport"),
        .required("address", .string, "host, IP address or device address"),
        .optional("port", .integer(min: 0, max: 65535)),
        .optional("interface", .string, "network interface on which it was seen"),
    ]

    package init(_ fields: RecordFields) throws(RecordError) {
        type = try fields.oneCase("type", of: TransportType.self)
        address = try fields.string("address")
        port = try fields.optionalInteger("port", in: 0...65535)
        interface = try fields.optionalString("interface")
    }

    package func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("type", type.rawValue)
        writer.field("address", address)
        writer.optional("port", port)
        writer.optional("interface", interface)
        writer.endObject()
    }

    /// The address as a URI: `udp://10.0.0.1:47470`, `ws://[fe80::1%25eth0]:47470/`,
    /// `lora:!a1b2c3d4`, `bluetooth://AA:BB:CC:DD:EE:FF?psm=128`.
    package var uri: String {
        if type == .bluetooth {
            return Endpoint(transport: type, host: address, port: port ?? 0).description
        }
        guard let port, type != .lora else { return "\(type.rawValue):\(address)" }
        var host = address
        if host.utf8.contains(0x3A) {
            let isLinkLocal = host.lowercased().hasPrefix("fe80:")
            let scope =
                isLinkLocal && !host.utf8.contains(0x25) ? interface.map { "%25\($0)" } : nil
            host = "[\(host)\(scope ?? "")]"
        }
        let path = [.ws, .wss, .http, .https].contains(type) ? "/" : ""
        return "\(type.rawValue)://\(host):\(port)\(path)"
    }
}

extension Sequence where Element == PeerAddress {
    /// The first address at which a node can be asked who it is.
    package var streamEndpoint: Endpoint? {
        lazy.filter { [.tcp, .tls, .ws, .wss].contains($0.type) }.compactMap { Endpoint($0.uri) }
            .first
    }
}

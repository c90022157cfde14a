package import KosCore

/// `192.0.2.1:6881`, `[2001:db8::1]:6881`, `router.example.org:6881`.
package struct ContactOption: ExpressibleByArgument, Sendable {
    package let host: HostName
    package let port: UInt16

    package init?(argument: String) {
        guard let endpoint = Endpoint("udp://" + argument), !endpoint.host.isEmpty,
            argument.hasSuffix(":\(endpoint.port)"),
            let port = UInt16(exactly: endpoint.port), port > 0
        else { return nil }
        host = HostName(endpoint.host)
        self.port = port
    }

    package func contacts() throws -> [ContactAddress] { try host.contacts(port: port) }
}

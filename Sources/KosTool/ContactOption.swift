import ArgumentParser
package import KosCore

/// `192.0.2.1:6881`, `[2001:db8::1]:6881`.
package struct ContactOption: ExpressibleByArgument, Sendable {
    package let contact: ContactAddress
    package init?(argument: String) {
        guard let endpoint = Endpoint("udp://" + argument), let ip = IPAddress(endpoint.host),
            let port = UInt16(exactly: endpoint.port), port > 0
        else { return nil }
        contact = ContactAddress(ip: ip, port: port)
    }
}

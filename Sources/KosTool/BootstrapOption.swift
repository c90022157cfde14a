package import KosCore

/// Whom to ask first: one relay, those that a file lists, or those of a domain.
package enum BootstrapOption: ExpressibleByArgument, Hashable, Sendable {
    case relay(Endpoint)
    /// `file:PATH`: a URI or a peer record a line; what follows `#` is left out.
    case file(String)
    /// `dns:DOMAIN`: the SRV and TXT records of `_kos._tcp.DOMAIN`.
    case domain(String)

    package init?(argument: String) {
        if argument.hasPrefix("file:"), argument.utf8.count > 5 {
            self = .file(String(argument.dropFirst(5)))
        } else if argument.hasPrefix("dns:") {
            let domain = argument.dropFirst(4)
            let isName =
                (1...240).contains(domain.utf8.count)
                && domain.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != 0x2F }
            guard isName else { return nil }
            self = .domain(String(domain))
        } else {
            guard let endpoint = Endpoint(argument) else { return nil }
            self = .relay(endpoint)
        }
    }

    /// The relays that a file lists. Fails with the line that is none.
    package static func relays(inFile path: String) throws -> [Endpoint] {
        let octets = SmallFile.read(path, limit: 1 << 20)
        guard !octets.isEmpty else {
            throw ToolFailure(
                .usage, code: "bootstrapFile", "\(path): cannot be read, or is empty")
        }
        var endpoints: [Endpoint] = []
        for (index, line) in octets.split(separator: 0x0A, omittingEmptySubsequences: false)
            .enumerated()
        {
            let text = String(decoding: line, as: UTF8.self)
            let first = text.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace).first
            guard let first else { continue }
            if let endpoint = Endpoint(String(first)) {
                endpoints.append(endpoint)
            } else if let fields = try? RecordFields(parsing: Array(text.utf8).span),
                let peer = try? PeerRecord(fields)
            {
                endpoints += peer.addresses.streamEndpoint.map { [$0] } ?? []
            } else {
                throw ToolFailure(
                    .usage, code: "bootstrapFile",
                    "\(path):\(index + 1): neither a URI of a transport nor a peer record")
            }
        }
        return endpoints
    }
}

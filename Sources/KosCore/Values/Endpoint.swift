/// Where a node can be reached: one URI, parsed once.
///
/// `tcp://10.0.0.1:47470`, `ws://host:47470/path?peer=z6Mk…`, `udp://[fe80::1%25eth0]:47470`,
/// `lora:/dev/ttyUSB0?sf=9`, `bluetooth://AA:BB:CC:DD:EE:FF?psm=128`,
/// `webrtc+https://host:47470/path` (described over HTTP), `webrtc:z6Mk…` (described in packets).
package struct Endpoint: Hashable, Sendable {
    package static let defaultPort = 47470

    package let transport: TransportType
    /// Host name or IP address without brackets; the device for `lora` and `bluetooth`.
    package let host: String
    /// 0 lets the kernel choose, for listening. Of `bluetooth` the number of `BluetoothPort`.
    package let port: Int
    /// Starts with `/` where the transport is an HTTP one; else empty.
    package let path: String
    package let query: [String: String]
    /// Whether TLS is around the connection; for WebRTC, around what describes it.
    package let isSecure: Bool

    package init(
        transport: TransportType, host: String, port: Int = Endpoint.defaultPort,
        path: String = "", query: [String: String] = [:], isSecure: Bool? = nil
    ) {
        self.transport = transport
        self.isSecure = isSecure ?? transport.isSecure
        self.host = host
        self.port = port
        self.path = path.isEmpty && transport.isHTTP ? "/" : path
        self.query = query
    }

    /// Nil when `text` is no URI of a known transport, or its port is not one.
    package init?(_ text: String) {
        guard let colon = text.firstIndex(of: ":") else { return nil }
        // A simulated radio needs no more than its name: `sim:`, `sim:47471?sf=9`.
        guard text[..<colon].lowercased() != "sim" else {
            self.init("lora:" + text)
            return
        }
        guard let (transport, isSecure) = Endpoint.scheme(text[..<colon].lowercased()) else {
            return nil
        }
        var rest = text[text.index(after: colon)...]
        var query: [String: String] = [:]
        if let mark = rest.firstIndex(of: "?") {
            for pair in rest[rest.index(after: mark)...].split(separator: "&") {
                let parts = pair.split(
                    separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                query[String(parts[0])] = parts.count > 1 ? String(parts[1]) : ""
            }
            rest = rest[..<mark]
        }
        if transport == .webrtc, let node = NodeID(String(rest)), node.publicKey != nil {
            self.init(transport: .webrtc, host: node.text, port: 0, query: query)
            return
        }
        if rest.hasPrefix("//") { rest = rest.dropFirst(2) }
        guard transport != .lora, transport != .bluetooth else {
            guard !rest.isEmpty else { return nil }
            var port = 0
            if transport == .bluetooth {
                guard let number = Endpoint.bluetoothPort(&query) else { return nil }
                port = number
            }
            self.init(transport: transport, host: String(rest), port: port, query: query)
            return
        }
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        guard let (host, port) = Endpoint.authority(rest[..<slash]) else { return nil }
        self.init(
            transport: transport, host: host, port: port ?? transport.usualPort,
            path: String(rest[slash...]), query: query, isSecure: isSecure)
    }

    /// What a scheme stands for, and whether TLS belongs to it.
    private static func scheme(_ text: String) -> (TransportType, isSecure: Bool)? {
        switch text {
        case "webrtc+http": (.webrtc, false)
        case "webrtc+https": (.webrtc, true)
        default: TransportType(rawValue: text).map { ($0, $0.isSecure) }
        }
    }

    /// Takes `psm=128` or `channel=3` out of the query: 0 where neither is said, nil where it is no
    /// number of such a kind.
    private static func bluetoothPort(_ query: inout [String: String]) -> Int? {
        let given = ["psm", "channel"].filter { query[$0] != nil }
        guard let name = given.first else { return 0 }
        guard given.count == 1, let number = query.removeValue(forKey: name).flatMap({ Int($0) }),
            let port = BluetoothPort(number), port.name == name
        else { return nil }
        return number
    }

    /// `host`, `host:port`, `[v6]` or `[v6]:port`.
    private static func authority(_ text: Substring) -> (host: String, port: Int?)? {
        var host = text
        var digits: Substring?
        if host.hasPrefix("[") {
            guard let close = host.firstIndex(of: "]") else { return nil }
            let tail = host[host.index(after: close)...]
            host = host[host.index(after: host.startIndex)..<close]
            guard tail.isEmpty || tail.hasPrefix(":") else { return nil }
            digits = tail.isEmpty ? nil : tail.dropFirst()
        } else if let colon = host.lastIndex(of: ":") {
            digits = host[host.index(after: colon)...]
            host = host[..<colon]
            guard !host.contains(":") else { return nil }
        }
        guard let digits else { return (unescaped(String(host)), nil) }
        guard let number = Int(digits), (0...65535).contains(number) else { return nil }
        return (unescaped(String(host)), number)
    }

    /// RFC 6874: the scope of a link-local address is written `%25eth0`.
    private static func unescaped(_ host: String) -> String {
        guard let percent = host.firstRange(of: "%25") else { return host }
        return host[..<percent.lowerBound] + "%" + host[percent.upperBound...]
    }

    /// Node to which a connection is described in packets: `webrtc:z6Mk…`.
    package var describedTo: NodeID? {
        guard transport == .webrtc, port == 0, let node = NodeID(host), node.publicKey != nil
        else { return nil }
        return node
    }

    /// Node that must answer there: `?peer=z6Mk…`.
    package var pinnedPeer: NodeID? { describedTo ?? query["peer"].flatMap { NodeID($0) } }

    /// The endpoint as a peer's address.
    package var peerAddress: PeerAddress {
        PeerAddress(type: transport, address: host, port: port == 0 ? nil : port)
    }
}

extension Endpoint: CustomStringConvertible {
    package var description: String {
        guard transport != .lora else { return "lora:\(host)\(queryText)" }
        guard transport != .bluetooth else { return "bluetooth://\(host)\(queryText)" }
        guard describedTo == nil else { return "webrtc:\(host)\(queryText)" }
        let scheme =
            transport == .webrtc ? isSecure ? "webrtc+https" : "webrtc+http" : transport.rawValue
        let shown = host.contains(":") ? "[\(host.replacing("%", with: "%25"))]" : host
        return "\(scheme)://\(shown):\(port)\(path)\(queryText)"
    }

    private var queryText: String {
        var query = query
        if transport == .bluetooth, let port = BluetoothPort(port) {
            query[port.name] = String(port.number)
        }
        guard !query.isEmpty else { return "" }
        let pairs = query.sorted { $0.key < $1.key }.map {
            $0.value.isEmpty ? $0.key : "\($0.key)=\($0.value)"
        }
        return "?" + pairs.joined(separator: "&")
    }
}

extension TransportType {
    /// Whether an URI of this transport has a path.
    package var isHTTP: Bool {
        switch self {
        case .ws, .wss, .http, .https, .webrtc: true
        case .tcp, .tls, .udp, .lora, .bluetooth: false
        }
    }

    /// Port of an URI that names none.
    package var usualPort: Int { Endpoint.defaultPort }
}

/// Where an ICE agent may be reached (RFC 8445 §5.1), and how SDP writes it (RFC 8839 §5.1).
package struct ICECandidate: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable {
        case host
        case serverReflexive = "srflx"
        case peerReflexive = "prflx"
        case relayed = "relay"

        /// Type preference (RFC 8445 §5.1.2.2).
        var preference: UInt32 {
            switch self {
            case .host: 126
            case .peerReflexive: 110
            case .serverReflexive: 100
            case .relayed: 0
            }
        }
    }

    package let kind: Kind
    package let address: ContactAddress
    package let priority: UInt32
    package let foundation: String
    /// The local address behind a reflexive one.
    package let base: ContactAddress?

    package init(
        _ kind: Kind, _ address: ContactAddress, priority: UInt32, foundation: String,
        base: ContactAddress? = nil
    ) {
        self.kind = kind
        self.address = address
        self.priority = priority
        self.foundation = foundation
        self.base = base
    }

    /// A candidate of this agent; `rank` orders the addresses of a machine, 0 the first
    /// (RFC 8445 §5.1.2.1).
    package init(
        local kind: Kind, _ address: ContactAddress, rank: Int, base: ContactAddress? = nil
    ) {
        self.init(
            kind, address, priority: ICECandidate.priority(kind, rank: rank),
            foundation: "\(kind.preference)\(min(rank, 999))", base: base)
    }

    package static func priority(_ kind: Kind, rank: Int) -> UInt32 {
        let preference = 65535 - UInt32(min(max(rank, 0), 65535))
        return kind.preference << 24 | preference << 8 | 255
    }

    /// The value of an `a=candidate` line, with or without `candidate:` in front. Nil for other
    /// transports than UDP, other components than the first, and names in place of addresses.
    package init?(_ text: some StringProtocol) {
        var rest = text[...]
        if rest.hasPrefix("candidate:") { rest = rest.dropFirst("candidate:".count) }
        let words = rest.split(separator: " ", maxSplits: 40)
        guard words.count >= 8, words[1] == "1", words[2].lowercased() == "udp",
            words[0].utf8.count <= 32, let priority = UInt32(words[3]), priority > 0,
            let ip = IPAddress(words[4]), let port = UInt16(words[5]), words[6] == "typ",
            let kind = Kind(rawValue: String(words[7]))
        else { return nil }
        self.init(
            kind, ContactAddress(ip: ip, port: port), priority: priority,
            foundation: String(words[0]))
        guard address.isUsable else { return nil }
    }

    /// What follows `a=candidate:`.
    package var text: String {
        let line =
            "\(foundation) 1 udp \(priority) \(address.ip) \(address.port) typ \(kind.rawValue)"
        guard kind != .host else { return line }
        return line + (base.map { " raddr \($0.ip) rport \($0.port)" } ?? " raddr 0.0.0.0 rport 9")
    }
}

/// User fragment and password of one side of an ICE session (RFC 8445 §5.3).
package struct ICECredentials: Hashable, Sendable {
    package let fragment: String
    package let password: String

    /// Nil where either is shorter than it has to be, longer than it may be, or has a character
    /// that it may not have (RFC 8839 §5.4).
    package init?(fragment: String, password: String) {
        guard (4...256).contains(fragment.utf8.count), (22...256).contains(password.utf8.count),
            (fragment + password).utf8.allSatisfy(ICECredentials.isICECharacter)
        else { return nil }
        self.fragment = fragment
        self.password = password
    }

    /// New ones from 32 octets that nobody can foresee.
    package init(secret: [UInt8]) {
        let digits = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+/".utf8)
        let characters = (0..<32).map { index in
            let octet = index < secret.count ? secret[index] : 0
            return digits[Int(octet & 63)]
        }
        fragment = String(decoding: characters[..<8], as: UTF8.self)
        password = String(decoding: characters[8...], as: UTF8.self)
    }

    private static func isICECharacter(_ octet: UInt8) -> Bool {
        switch octet {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2B, 0x2F: true
        default: false
        }
    }

    var key: [UInt8] { Array(password.utf8) }
}

package import KosCore

/// The keys of gossip clusters, with which sealed memberlist packets of a capture are opened.
package struct GossipSecrets: Sendable {
    private struct NoCipher: PacketCipher {
        func seal(_ plain: [UInt8], key: [UInt8], authenticating: [UInt8]) -> [UInt8]? { nil }
        func open(_ sealed: [UInt8], key: [UInt8], authenticating: [UInt8]) -> [UInt8]? { nil }
    }
    private let keys: [[UInt8]]
    private let cipher: any PacketCipher

    package init(keys: [[UInt8]], cipher: any PacketCipher) {
        self.keys = keys
        self.cipher = cipher
    }

    /// Of a reader that has no keys: only what is not sealed can be read.
    static let none = GossipSecrets(keys: [], cipher: NoCipher())

    var isEmpty: Bool { keys.isEmpty }

    /// The messages of a packet under its own label, opened and decompressed; nil when it cannot be
    /// read.
    func messages(of packet: [UInt8]) -> [GossipMessage]? {
        var label = ""
        if packet.first == GossipMessage.Kind.label, packet.count > 2 {
            let name = packet.dropFirst(2).prefix(Int(packet[1]))
            label = String(decoding: name, as: UTF8.self)
        }
        guard let envelope = GossipEnvelope(label: label, keys: keys, cipher: cipher) else {
            return nil
        }
        var bad = 0
        return try? envelope.messages(of: packet, bad: &bad)
    }
}

extension GossipMessage {
    /// Its kind as records name it, and whom it is about.
    var told: (kind: String, node: String?) {
        switch self {
        case .ping(let ping): ("ping", ping.node)
        case .indirectPing(let ping): ("indirectPing", ping.node)
        case .ack: ("ack", nil)
        case .nack: ("nack", nil)
        case .suspect(let word): ("suspect", word.node)
        case .alive(let node, _): ("alive", node.name)
        case .dead(let word): ("dead", word.node)
        case .user: ("user", nil)
        }
    }
}

/// The keys of a node, as the core sees them: the adapter that holds them does the cryptography.
package protocol Signer: Sendable {
    var node: NodeID { get }
    /// Ed25519 (RFC 8032): 64 octets.
    func sign(_ message: [UInt8]) -> [UInt8]
    /// 32 octets about `context` that nobody else can foresee, the same each time that it is asked
    /// in one run: a message authentication code under a key that never leaves the process.
    func token(for context: [UInt8]) -> [UInt8]
}

/// Checks a signature against the key that a node id names.
package protocol Verifier: Sendable {
    /// False also for an id that names no key.
    func isValid(_ signature: [UInt8], of message: [UInt8], by node: NodeID) -> Bool
}

extension NodeID {
    /// Multicodec prefix of an Ed25519 public key.
    private static let prefix: [UInt8] = [0xED, 0x01]

    /// The name of a node that has this Ed25519 public key of 32 octets.
    package init?(publicKey: [UInt8]) {
        guard publicKey.count == 32 else { return nil }
        self.init("z" + Base58.encode(NodeID.prefix + publicKey))
    }

    /// The Ed25519 public key that the id names; nil for an id of another kind.
    package var publicKey: [UInt8]? {
        guard text.utf8.starts(with: "z6Mk".utf8), text.utf8.count <= 64,
            let octets = Base58.decode(text.dropFirst()), octets.count == 34,
            octets.starts(with: NodeID.prefix)
        else { return nil }
        return Array(octets.dropFirst(2))
    }
}

/// Whether a packet's signature holds.
package enum SignatureState: String, Hashable, Sendable {
    case ok, bad, missing
}

extension Packet {
    /// What is signed: `kos-packet-v1`, a newline, and RFC 8785's form of the packet without what
    /// relays change (`route`, `metadata.ttl`, `metadata.hops`) and without the signature itself.
    package static func signedOctets(of packet: JSONObject) -> [UInt8] {
        var object = packet
        // The pipe's own members are not part of the packet.
        for name in ["signature", "route", "type", "kos", "ref", "radio", "capture"] {
            object[name] = nil
        }
        if var metadata = object["metadata"]?.object {
            metadata["ttl"] = nil
            metadata["hops"] = nil
            object["metadata"] = .object(metadata)
        }
        return Array("kos-packet-v1\n".utf8) + CanonicalJSON.octets(of: .object(object))
    }

    /// The packet with a signature of `signer`, who must be its source.
    package func signed(by signer: some Signer) -> Packet {
        var packet = self
        packet.signature = Base64.encode(signer.sign(signedOctets))
        return packet
    }

    /// The same of a packet that was made here and has no other members.
    private var signedOctets: [UInt8] {
        let covered: JSONObject = [
            "id": .string(id), "version": .number(Double(version)),
            "timestamp": .number(Double(timestamp.milliseconds)), "source": .string(source.text),
            "destination": .string(destination), "payload": payload, "options": .object(options),
            "metadata": .object([
                "priority": .number(Double(metadata.priority)), "type": .string(metadata.type),
                "flags": .array(metadata.flags.map { .string($0) }),
            ]),
        ]
        return Array("kos-packet-v1\n".utf8) + CanonicalJSON.octets(of: .object(covered))
    }

    /// Checks the signature of a packet as it came from the wire, unknown members included.
    package static func signatureState(
        of packet: JSONObject, by verifier: some Verifier
    ) -> SignatureState {
        guard let text = packet["signature"]?.string else { return .missing }
        guard let signature = Base64.decode(text), signature.count == 64,
            let source = packet["source"]?.string.flatMap({ NodeID($0) }),
            verifier.isValid(signature, of: signedOctets(of: packet), by: source)
        else { return .bad }
        return .ok
    }
}

extension Endpoint {
    /// The endpoint, at which `node` and nobody else is to answer; as it is where it names a node
    /// already, or `node` has no key to prove itself by.
    package func pinned(to node: NodeID) -> Endpoint {
        guard query["peer"] == nil, node.publicKey != nil else { return self }
        var query = query
        query["peer"] = node.text
        return Endpoint(transport: transport, host: host, port: port, path: path, query: query)
    }
}

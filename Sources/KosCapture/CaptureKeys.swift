package import KosCore

/// What is known of the nodes' keys: read from files, learned from announcements in the capture.
///
/// A node id that names its key is a key known; a short id, as radio links have it, is known once
/// the full one was seen somewhere.
package struct CaptureKeys: Sendable {
    /// What can be said of a packet's signature.
    package enum Finding: String, Hashable, Sendable, CaseIterable {
        case ok, bad
        /// It is signed, and the key of its source is not known.
        case unknown
        case missing
    }

    private let verifier: any Verifier
    private let shorten: @Sendable (NodeID) -> [UInt8]?
    /// Full names behind the short ones of radio links.
    package private(set) var names = ShortNames()
    private var taught: Set<String> = []
    /// Signatures judged are remembered, since each hop repeats them.
    private var judged: [[UInt8]: Finding] = [:]
    package static let maxJudged = 8192
    package private(set) var counts: [Finding: Int] = [:]

    /// `shorten` gives the 16 octets of a node's short id; nil for an id without a key.
    package init(verifier: any Verifier, shorten: @escaping @Sendable (NodeID) -> [UInt8]?) {
        self.verifier = verifier
        self.shorten = shorten
    }

    /// Knows `node` from now on. False for an id that names no key.
    @discardableResult
    package mutating func learn(_ node: NodeID) -> Bool {
        guard node.publicKey != nil else { return false }
        guard taught.count < ShortNames.capacity, taught.insert(node.text).inserted,
            let short = shorten(node)
        else { return true }
        names.learn(node, short: short)
        return true
    }

    /// Judges a packet, and counts the finding.
    package mutating func judge(
        _ head: PacketHead, _ octets: borrowing Span<UInt8>
    ) -> Finding {
        let finding = found(head, octets)
        counts[finding, default: 0] += 1
        return finding
    }

    private mutating func found(
        _ head: PacketHead, _ octets: borrowing Span<UInt8>
    ) -> Finding {
        guard head.isSigned, let packet = try? JSONObject(parsing: octets) else { return .missing }
        // The same packet on its next hop differs in route, hops and ttl only, which are not
        // signed. Whole texts are compared: a hash could be met on purpose.
        let message = Packet.signedOctets(of: packet)
        let name = message + Array((packet["signature"]?.string ?? "").utf8)
        if let known = judged[name] { return known }
        let finding = judge(packet, message, head.source)
        if finding != .unknown {
            if judged.count >= CaptureKeys.maxJudged { judged.removeAll(keepingCapacity: true) }
            judged[name] = finding
        }
        return finding
    }

    private mutating func judge(
        _ packet: JSONObject, _ message: [UInt8], _ source: String
    ) -> Finding {
        guard let text = packet["signature"]?.string else { return .missing }
        guard let node = NodeID(source), node.publicKey != nil else { return .unknown }
        guard let signature = Base64.decode(text), signature.count == 64,
            verifier.isValid(signature, of: message, by: node)
        else { return .bad }
        learn(node)
        return .ok
    }
}

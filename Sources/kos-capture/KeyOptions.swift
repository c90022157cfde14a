import KosCapture
import KosCore
import KosCrypto
import KosTool

/// Whose signatures can be checked, and which sealed packets can be opened.
struct KeyOptions: ParsableArguments {
    @Flag(name: .long, help: "Check the signatures of kOS packets (--decode does so always).")
    var verify = false
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Nodes whose keys are known: ids one a line, or peer records.", valueName: "file"),
        completion: .file)
    var keys: String?
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Keys of gossip clusters: Serf's key ring, or one in base64 a line.",
            valueName: "file"), completion: .file)
    var gossipKeyring: String?

    private static let maxFile = 16 << 20

    /// What is known of the nodes' keys; nil when nobody asked for signatures.
    func known(always: Bool = false) throws -> CaptureKeys? {
        guard always || verify || keys != nil else { return nil }
        var known = CaptureKeys(verifier: SignatureVerifier()) { ShortID.octets(of: $0) }
        guard let keys else { return known }
        let octets = SmallFile.read(keys, limit: KeyOptions.maxFile)
        guard !octets.isEmpty else {
            throw ToolFailure(.failure, code: "cannotOpen", "\(keys): cannot be read, or is empty")
        }
        for (index, line) in octets.split(separator: 0x0A, omittingEmptySubsequences: false)
            .enumerated()
        {
            let text = String(decoding: line, as: UTF8.self).filter { !$0.isWhitespace }
            guard !text.isEmpty, !text.hasPrefix("#") else { continue }
            var name = text.hasPrefix("did:key:") ? String(text.dropFirst(8)) : text
            if text.hasPrefix("{") {
                let record = try? JSONObject(parsing: Array(line).span)
                name = record?["nodeId"]?.string ?? ""
            }
            guard let node = NodeID(name), known.learn(node) else {
                throw ToolFailure(
                    .badInput, code: "badKey",
                    "\(keys):\(index + 1): no node id that names a key (z6Mk…)")
            }
        }
        return known
    }

    func secrets() throws -> GossipSecrets? {
        guard let gossipKeyring else { return nil }
        let octets = SmallFile.read(gossipKeyring, limit: 16_384)
        guard let ring = GossipKeyring.keys(octets) else {
            throw ToolFailure(
                .failure, code: "keyring",
                "\(gossipKeyring): is no key ring: 1 to 32 keys of 16, 24 or 32 octets in base64")
        }
        return GossipSecrets(keys: ring, cipher: GossipCipher())
    }
}

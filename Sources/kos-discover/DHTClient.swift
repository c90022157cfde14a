import KosCore
import KosCrypto
import KosNet
import KosTool

/// A node of the DHT on a socket of its own, driven by whoever polls.
final class DHTClient {
    /// Salt of the item in which a node's announcement lies (BEP 44).
    static let salt = Array("kos".utf8)
    private static let tableFile = "dht.nodes"

    let socket: DatagramSocket
    private let io: ToolIO
    private var engine: Kademlia
    private var outputs: [Kademlia.Output] = []
    private var nextLookup = 0
    private(set) var ownAddress: ContactAddress?

    /// `isReadOnly`: for a node that is soon gone, which nobody is to remember (BEP 43).
    init(_ options: DHTOptions, _ io: ToolIO, isReadOnly: Bool) throws {
        self.io = io
        let named = try options.contacts()
        do throws(DatagramSocket.Failure) {
            socket = try DatagramSocket(
                address: options.dhtAddress?.address, isIPv6: named.first?.ip.isIPv6 ?? false,
                port: options.dhtPort)
        } catch {
            throw ToolFailure(.failure, code: "cannotBind", "dht: \(error.message)")
        }
        var settings = Kademlia.Settings()
        settings.isIPv6 = socket.isIPv6
        settings.isReadOnly = isReadOnly
        let ports = Kademlia.Ports(sha1: Digest.sha1, verifier: Authenticity.verifier)
        let now = SystemClock.now
        engine = Kademlia(
            own: nil, settings: settings, ports: ports, seed: SystemClock.seed, at: now)
        let routers = named.filter { $0.ip.isIPv6 == settings.isIPv6 }
        engine.handle(.restore(savedTable()), at: now, into: &outputs)
        engine.handle(.bootstrap(routers), at: now, into: &outputs)
        send()
    }

    /// Whether there is a node to begin with: one that was named, or one of an earlier run.
    static func canBegin(_ options: DHTOptions, _ io: ToolIO) -> Bool {
        guard options.dhtNode.isEmpty else { return true }
        let path = (try? io.directories.file(tableFile, in: .state)) ?? ""
        return !SmallFile.read(path, limit: 1).isEmpty
    }

    var nextDeadline: Instant? { engine.nextDeadline }
    var nodeCount: Int { engine.nodeCount }

    /// Starts a lookup; its outputs carry the number that is returned.
    func look(_ goal: Kademlia.Goal) -> Int {
        nextLookup += 1
        engine.handle(.look(nextLookup, goal), at: SystemClock.now, into: &outputs)
        send()
        return nextLookup
    }

    /// Reads what has come and does what is due; returns what concerns the lookups.
    func run() -> [Kademlia.Output] {
        for _ in 0..<256 {
            guard let (octets, sender) = socket.receive() else { break }
            engine.handle(.datagram(octets, from: sender), at: SystemClock.now, into: &outputs)
        }
        engine.advance(to: SystemClock.now, into: &outputs)
        return send()
    }

    @discardableResult
    private func send() -> [Kademlia.Output] {
        var rest: [Kademlia.Output] = []
        for output in outputs {
            switch output {
            case .send(let octets, let address): socket.send(octets, to: address)
            case .ownAddress(let address): ownAddress = ownAddress ?? address
            default: rest.append(output)
            }
        }
        outputs = []
        return rest
    }

    // MARK: The table between runs

    private func savedTable() -> [DHTNode] {
        guard let path = try? io.directories.file(DHTClient.tableFile, in: .state) else {
            return []
        }
        return DHTNode.list(compact: SmallFile.read(path, limit: 32 * 38), isIPv6: socket.isIPv6)
    }

    /// Keeps the nodes that answered for the next run.
    func save() {
        let nodes = engine.goodNodes.prefix(32).flatMap(\.compact)
        guard !nodes.isEmpty,
            let path = try? io.directories.prepared(DHTClient.tableFile, in: .state)
        else {
            return
        }
        if !SmallFile.write(nodes, to: path) { io.errors.note("dht: cannot write \(path)") }
    }

    /// Tells with `-v` what was not believed.
    func tellDrops() {
        for (drop, count) in engine.drops.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            io.errors.note("dht: \(count) messages left out: \(drop.rawValue)")
        }
    }
}

// The Mainline DHT in virtual time: 10,000 nodes, a fifth of them replaced every ten minutes, one
// hour. One line of JSON. Arguments: nodes, minutes, seed.
import Glibc
import KosCore
import KosSimulation

struct NoKeys: Verifier {
    func isValid(_ signature: [UInt8], of message: [UInt8], by node: NodeID) -> Bool { false }
}

/// Not SHA-1: places are all that is wanted of it here.
func place(_ octets: [UInt8]) -> [UInt8] {
    var random = SplitMix64(
        seed: octets.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 })
    return DHTKey.random(using: &random).octets
}

func cpu() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

struct World {
    struct Parcel { let to: Int, from: Int, octets: [UInt8] }
    var nodes: [Kademlia] = []
    var isAlive: [Bool] = []
    var living: [Int] = []
    var wakes: [Instant?] = []
    var queue = EventHeap()
    var parcels: [Parcel] = []
    var free: [Int] = []
    var now = Instant.zero
    var random: SplitMix64
    var found: [Int: Bool] = [:]
    var asked: [Int: Int] = [:]
    var wanted: [Int: ContactAddress] = [:]
    var messages = 0
    var started = 0

    init(seed: UInt64) { random = SplitMix64(seed: seed) }

    /// One node in each /24.
    static func address(_ index: Int) -> ContactAddress {
        ContactAddress(
            ip: IPAddress(ipv4: UInt32(truncatingIfNeeded: 11 << 24 + index << 8 | 1)), port: 6881)
    }
    static func index(_ address: ContactAddress) -> Int {
        let octets = address.ip.octets
        return (Int(octets[0]) - 11) << 16 | Int(octets[1]) << 8 | Int(octets[2])
    }

    mutating func add() {
        let index = nodes.count
        let key = DHTIdentity.key(at: World.address(index).ip, using: &random)
        nodes.append(
            Kademlia(
                own: key, settings: Kademlia.Settings(),
                ports: Kademlia.Ports(sha1: place, verifier: NoKeys()), seed: random.next(),
                at: now))
        isAlive.append(true)
        wakes.append(nil)
        let routers = (0..<min(3, living.count)).compactMap { _ in
            living.randomElement(using: &random).map { World.address($0) }
        }
        living.append(index)
        feed(index, .bootstrap(routers))
    }

    mutating func replaceOne() {
        let place = Int.random(in: 0..<living.count, using: &random)
        isAlive[living[place]] = false
        living.swapAt(place, living.count - 1)
        living.removeLast()
        add()
    }

    mutating func feed(_ index: Int, _ input: Kademlia.Input) {
        var outputs: [Kademlia.Output] = []
        nodes[index].handle(input, at: now, into: &outputs)
        act(index, outputs)
    }

    mutating func act(_ index: Int, _ outputs: [Kademlia.Output]) {
        for output in outputs {
            switch output {
            case .send(let octets, let address):
                messages += 1
                let parcel = Parcel(to: World.index(address), from: index, octets: octets)
                let slot = free.popLast() ?? parcels.count
                if slot == parcels.count { parcels.append(parcel) } else { parcels[slot] = parcel }
                let delay = Int64.random(in: 20_000_000...120_000_000, using: &random)
                queue.push(now + .nanoseconds(delay), kind: 1, index: UInt32(slot))
            case .peers(let id, let peers):
                if let address = wanted[id], peers.contains(address) { found[id] = true }
            case .finished(let id, let outcome): asked[id] = outcome.asked
            case .item, .ownAddress: continue
            }
        }
        guard let due = nodes[index].nextDeadline, wakes[index].map({ due < $0 }) ?? true else {
            return
        }
        wakes[index] = due
        queue.push(due, kind: 0, index: UInt32(index))
    }

    mutating func run(for time: Duration) {
        let end = now + time
        while let event = queue.pop(until: end) {
            now = max(now, event.time)
            let index = Int(event.index)
            if event.kind == 1 {
                let parcel = parcels[index]
                free.append(index)
                guard parcel.to < nodes.count, isAlive[parcel.to] else { continue }
                feed(parcel.to, .datagram(parcel.octets, from: World.address(parcel.from)))
            } else if wakes[index] == event.time {
                wakes[index] = nil
                guard isAlive[index] else { continue }
                var outputs: [Kademlia.Output] = []
                nodes[index].advance(to: now, into: &outputs)
                act(index, outputs)
            }
        }
        now = end
    }

    /// A living node announces, another one looks for it a little later.
    mutating func announce(_ id: Int) -> (hash: DHTKey, address: ContactAddress)? {
        guard let node = living.randomElement(using: &random) else { return nil }
        let hash = DHTKey.random(using: &random)
        feed(node, .look(id, .announce(hash, port: 47470)))
        return (hash, ContactAddress(ip: World.address(node).ip, port: 47470))
    }

    mutating func look(_ id: Int, _ hash: DHTKey, for address: ContactAddress) {
        guard let node = living.randomElement(using: &random) else { return }
        wanted[id] = address
        started += 1
        feed(node, .look(id, .peers(hash)))
    }
}

@main struct DHTBench {
    static func main() {
        let arguments = CommandLine.arguments.dropFirst().map { Int($0) ?? 0 }
        guard arguments.count == 3 else { return }
        let count = arguments[0]
        let start = cpu()
        var world = World(seed: UInt64(arguments[2]))
        for _ in 0..<count {
            world.add()
            world.run(for: .milliseconds(5))
        }
        world.run(for: .seconds(60))
        let built = cpu()
        let before = world.messages
        var rounds: [[(hash: DHTKey, address: ContactAddress)]] = []
        var id = 1
        // A fifth in ten minutes; each ten seconds eight announcements, and lookups of those of
        // half a minute ago.
        for _ in 0..<arguments[1] * 6 {
            for _ in 0..<max(1, count / 300) {
                world.replaceOne()
                world.run(for: .milliseconds(10_000 / max(1, count / 300)))
            }
            if rounds.count == 3 {
                for (hash, address) in rounds.removeFirst() {
                    world.look(id, hash, for: address)
                    id += 1
                }
            }
            rounds.append(
                (0..<8).compactMap { _ in
                    id += 1
                    return world.announce(id - 1)
                })
        }
        world.run(for: .seconds(30))
        let asked = world.wanted.keys.compactMap { world.asked[$0] }.sorted()
        let median = asked.isEmpty ? 0 : asked[asked.count / 2]
        var log = 0.0
        while Double(count) > Double(1 << Int(log)) { log += 1 }
        print(
            "{\"benchmark\":\"dht\",\"nodes\":\(count),\"virtualMinutes\":\(arguments[1]),"
                + "\"lookups\":\(world.started),"
                + "\"succeeded\":\(Double(world.found.count) / Double(max(1, world.started))),"
                + "\"unfinished\":\(world.wanted.keys.count { world.asked[$0] == nil }),"
                + "\"medianQueries\":\(median),\"threeLog2\":\(3 * log),"
                + "\"messagesPerNodePerSecond\":"
                + "\(Double(world.messages - before) / Double(count * arguments[1] * 60)),"
                + "\"buildCpuSeconds\":\(built - start),\"cpuSeconds\":\(cpu() - start)}")
    }
}

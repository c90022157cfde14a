import Glibc
package import KosCore

/// A node that speaks OLSR or AODV on the interfaces of this machine, in the RFC's own format, and
/// sets the kernel's routes by it; driven by whoever polls.
package final class ManetNode {
    package struct Settings: Sendable {
        package var interfaces: [NetworkInterface] = []
        /// By which others know the node.
        package var address = RouterAddress.none
        package var table: UInt32 = 254
        package var priority: UInt32 = 20
        package var setsRoutes = true
        /// The kernel's word that a link has gone counts at once.
        package var heedsLinkLayer = true
        package var willingness: UInt8 = 3
        /// Networks behind this node that OLSR tells of (HNA).
        package var networks: [OLSRMessage.Network] = []
        /// Destinations that AODV asks for when the kernel has no route.
        package var wanted: OLSRMessage.Network?
        package init() {}
    }

    package enum Event: Sendable {
        case up(RouteEntry, length: Int, interface: String?)
        case down(RouterAddress, length: Int)
        case discovered(RouterAddress, hops: Int, after: Duration)
        case unreachable(RouterAddress)
        case rejected(RoutingError, from: RouterAddress)
        case refused(Int32)
    }

    private static let maxWaiting = 256
    private static let usePeriod = Duration.milliseconds(500)

    package let name: RoutingProtocolName
    private let settings: Settings
    private var engine: any RoutingProtocolEngine
    private let hasOneAddress: Bool
    private var sockets: [ProtocolSocket] = []
    private let routes: RouteSocket
    private var tunnel: TunnelDevice?
    private var taps: [PacketTap] = []
    /// The interface on which each neighbour was last heard.
    private var homes: [RouterAddress: Int32] = [:]
    private var installed: Set<RouterAddress> = []
    private var networks: [OLSRMessage.Network: RouteEntry] = [:]
    private var waiting: [RouterAddress: [[UInt8]]] = [:]
    private var waitingCount = 0
    private var asked: Set<RouterAddress> = []
    private var used: [UInt64: Instant] = [:]
    private var outputs: [RoutingOutput] = []
    private var events: [Event] = []

    package init(
        _ name: RoutingProtocolName, _ settings: Settings, clock: Timestamp, seed: UInt64,
        at now: Instant
    ) throws(SocketFailure) {
        self.name = name
        self.settings = settings
        let addresses = settings.interfaces.map(\.address)
        hasOneAddress =
            name == .aodv || Set(addresses).count < addresses.count
            || addresses.first != settings.address
        let own = hasOneAddress ? [settings.address] : addresses
        if name == .aodv {
            var aodv = AODVSettings()
            aodv.firstSequence = UInt32(truncatingIfNeeded: clock.milliseconds / 1000)
            engine = AODV(address: settings.address, settings: aodv, seed: seed, at: now)
        } else {
            var olsr = OLSRSettings()
            olsr.heedsLinkLayer = settings.heedsLinkLayer
            olsr.willingness = settings.willingness
            olsr.networks = settings.networks
            olsr.reportsRoutes = true
            engine = OLSR(interfaces: own, settings: olsr, seed: seed, at: now)
        }
        routes = try RouteSocket(table: settings.table)
        let port = name == .aodv ? AODVMessage.port : OLSRPacket.port
        for interface in settings.interfaces {
            sockets.append(
                try ProtocolSocket(
                    interface, port: port,
                    source: hasOneAddress ? settings.address : interface.address))
            if name == .aodv { taps.append(try PacketTap(interface)) }
        }
        if name == .aodv, settings.setsRoutes, let wanted = settings.wanted {
            let device = try TunnelDevice(named: "kos%d")
            routes.set(
                wanted.address, length: wanted.length, by: nil, over: device.index,
                from: settings.address, priority: 9999)
            tunnel = device
        }
    }

    package var nextDeadline: Instant? { engine.nextDeadline }
    package var routeCount: Int { installed.count }

    package var descriptors: [Int32] {
        sockets.flatMap(\.descriptors) + [routes.descriptor] + taps.map(\.descriptor)
            + (tunnel.map { [$0.descriptor] } ?? [])
    }

    /// Reads what has come and does what is due; returns what is worth telling.
    package func run(at now: Instant) -> [Event] {
        readRoutes(at: now)
        for socket in sockets {
            for _ in 0..<256 {
                guard var frame = socket.receive() else { break }
                frame.interface = hasOneAddress ? 0 : index(of: socket)
                if homes.count < 4096 || homes[frame.sender] != nil {
                    homes[frame.sender] = socket.interface.index
                }
                tell(.received(frame), at: now)
            }
        }
        readTaps(at: now)
        readTunnel(at: now)
        engine.advance(to: now, into: &outputs)
        act()
        if let olsr = engine as? OLSR { follow(olsr.networkRoutes()) }
        defer { events = [] }
        return events
    }

    /// Takes the routes away that were set.
    package func close() {
        for destination in installed { routes.remove(destination, priority: settings.priority) }
        for network in networks.keys {
            routes.remove(network.address, length: network.length, priority: settings.priority)
        }
        (installed, networks) = ([], [:])
    }

    private func index(of socket: ProtocolSocket) -> Int {
        sockets.firstIndex { $0 === socket } ?? 0
    }

    private func tell(_ input: RoutingInput, at now: Instant) {
        engine.handle(input, at: now, into: &outputs)
        act()
    }

    private func act() {
        while !outputs.isEmpty {
            let batch = outputs
            outputs = []
            for output in batch { act(on: output) }
        }
    }

    private func act(on output: RoutingOutput) {
        switch output {
        case .transmit(let frame): transmit(frame)
        case .install(let entry): install(entry)
        case .withdraw(let destination):
            guard installed.remove(destination) != nil else { return }
            if settings.setsRoutes { routes.remove(destination, priority: settings.priority) }
            events.append(.down(destination, length: 32))
        case .discovered(let node, let hops, let wait):
            asked.remove(node)
            events.append(.discovered(node, hops: hops, after: wait))
        case .undiscovered(let node):
            asked.remove(node)
            waitingCount -= waiting.removeValue(forKey: node)?.count ?? 0
            events.append(.unreachable(node))
        case .rejected(let error, let sender): events.append(.rejected(error, from: sender))
        case .deliver, .dropped: break
        }
    }

    private func transmit(_ frame: HopFrame) {
        guard frame.datagram.content == .control else { return }
        let (octets, ttl) = (frame.datagram.payload, frame.datagram.ttl)
        if !frame.isBroadcast {
            for socket in sockets where socket.interface.index == homes[frame.receiver] {
                socket.send(octets, to: frame.receiver, ttl: ttl)
            }
            return
        }
        for (number, socket) in sockets.enumerated()
        where hasOneAddress || number == frame.interface {
            socket.send(octets, to: .broadcast, ttl: ttl)
        }
    }

    // MARK: the kernel's routes

    private func install(_ entry: RouteEntry) {
        let home = homes[entry.nextHop]
        installed.insert(entry.destination)
        if settings.setsRoutes, let home {
            routes.set(
                entry.destination, by: entry.nextHop, over: home, from: settings.address,
                priority: settings.priority)
        }
        let interface = settings.interfaces.first { $0.index == home }?.name
        events.append(.up(entry, length: 32, interface: interface))
        asked.remove(entry.destination)
        guard let packets = waiting.removeValue(forKey: entry.destination) else { return }
        waitingCount -= packets.count
        for packet in packets { tunnel?.send(packet, to: entry.destination) }
    }

    /// Networks behind other nodes, as they are told of now.
    private func follow(_ found: [OLSRMessage.Network: RouteEntry]) {
        guard found != networks else { return }
        for (network, entry) in found where networks[network] != entry {
            if settings.setsRoutes, let home = homes[entry.nextHop] {
                routes.set(
                    network.address, length: network.length, by: entry.nextHop, over: home,
                    from: settings.address, priority: settings.priority)
            }
            let route = RouteEntry(to: network.address, by: entry.nextHop, hops: entry.hops)
            let interface = settings.interfaces.first { $0.index == homes[entry.nextHop] }?.name
            events.append(.up(route, length: Int(network.length), interface: interface))
        }
        for network in networks.keys where found[network] == nil {
            if settings.setsRoutes {
                routes.remove(
                    network.address, length: network.length, priority: settings.priority)
            }
            events.append(.down(network.address, length: Int(network.length)))
        }
        networks = found
    }

    private func readRoutes(at now: Instant) {
        let (news, refusals) = routes.receive()
        for number in refusals { events.append(.refused(number)) }
        guard settings.heedsLinkLayer else { return }
        for event in news {
            switch event {
            case .interfaceDown(let index):
                for (neighbour, home) in homes.sorted(by: { $0.key < $1.key }) where home == index {
                    homes[neighbour] = nil
                    tell(.neighbourDown(neighbour), at: now)
                }
            case .neighbourFailed(let neighbour, let index):
                guard homes[neighbour] == index else { continue }
                tell(.neighbourDown(neighbour), at: now)
            }
        }
    }

    // MARK: packets of users, for AODV

    private func isOwn(_ address: RouterAddress) -> Bool {
        address == settings.address || settings.interfaces.contains { $0.address == address }
    }

    /// Routes in use live longer.
    private func readTaps(at now: Instant) {
        for tap in taps {
            for _ in 0..<4096 {
                guard let head = tap.receive() else { break }
                guard head.port != AODVMessage.port, head.destination != .broadcast,
                    head.isOutgoing || isOwn(head.destination)
                else { continue }
                let key = UInt64(head.source.bits) << 32 | UInt64(head.destination.bits)
                if let last = used[key], now - last < ManetNode.usePeriod { continue }
                if used.count >= 4096 { used = [:] }
                used[key] = now
                let previous = isOwn(head.source) ? nil : engine.nextHop(to: head.source)
                tell(
                    .forwarded(
                        source: head.source, destination: head.destination,
                        previousHop: previous,
                        nextHop: engine.nextHop(to: head.destination) ?? head.destination),
                    at: now)
            }
        }
    }

    /// Packets without a route: own ones wait while it is asked for, those of others are an error.
    private func readTunnel(at now: Instant) {
        for _ in 0..<256 {
            guard let (packet, source, destination) = tunnel?.receive() else { return }
            guard isOwn(source) || source == .none else {
                let previous = engine.nextHop(to: source) ?? .broadcast
                tell(.unroutable(destination: destination, previousHop: previous), at: now)
                continue
            }
            guard waitingCount < ManetNode.maxWaiting else { continue }
            waiting[destination, default: []].append(packet)
            waitingCount += 1
            guard asked.insert(destination).inserted else { continue }
            tell(.wanted(destination), at: now)
        }
    }
}

extension OLSRMessage.Network {
    /// Length of the prefix.
    package var length: UInt8 { UInt8(mask.bits.nonzeroBitCount) }
}

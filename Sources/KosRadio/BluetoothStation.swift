import CBluetooth
import Glibc
package import KosCore

/// Where to call, or where to listen.
package struct BluetoothPlace: Sendable {
    /// `hci0` or the address of an adapter of this machine; nil for any.
    package var adapter: String?
    /// The device to call; nil for listening.
    package var device: BluetoothAddress?
    /// Nil for what there is: Low Energy first, then what the service record names.
    package var port: BluetoothPort?
    /// Whether only the service record is gone by, where there is no port.
    var isRecordOnly = false

    /// Nil for what is no address of a device.
    package init?(calling endpoint: Endpoint) {
        guard let device = BluetoothAddress(endpoint.host) else { return nil }
        self.device = device
        adapter = endpoint.query["adapter"]
        port = BluetoothPort(endpoint.port)
    }

    /// Nil for what is no adapter.
    package init?(listening endpoint: Endpoint) {
        let host = endpoint.host
        guard host == "any" || host.hasPrefix("hci") || BluetoothAddress(host) != nil else {
            return nil
        }
        adapter = host == "any" ? nil : host
        port = BluetoothPort(endpoint.port)
    }

    package init(adapter: String?, device: BluetoothAddress? = nil, port: BluetoothPort? = nil) {
        self.adapter = adapter
        self.device = device
        self.port = port
    }
}

/// The Bluetooth of one node, on one thread: who listens and is called, the channels as links, the
/// advertisement and the service record.
final class BluetoothStation {
    enum Event {
        /// Where the node listens now; as many as there are kinds of ports.
        case listening(Int, BluetoothAddress, [BluetoothPort])
        case opened(Int, Peer, request: Int)
        case lines(Int, [UInt8])
        case taken(Int, Int)
        case closed(Int)
        case failed(Int, String)
        case note(String)
    }
    struct Peer {
        let device: BluetoothAddress
        let port: BluetoothPort
        let isOutgoing: Bool
    }
    private enum Role {
        case listener(request: Int)
        case calling(BluetoothCall, port: BluetoothPort)
        case link(BluetoothLink)
        /// Somebody asks for service records, or the listener for those.
        case directory, asker
        case asking(BluetoothCall, ServiceQuery)
    }

    private let setup: Carriers
    private let hub: BluetoothHub
    private var management: ManagementSocket?
    private var roles: [Int: Role] = [:]
    private var directory = ServiceDirectory()
    private var beacons: [Int: BluetoothBeacon] = [:]
    private var registrations: [ServiceRegistration] = []
    private var random: SplitMix64
    private var events: [Event] = []
    /// Channels that are to end, and when at the latest.
    private var endings: [Int: Instant] = [:]

    init(_ setup: Carriers) {
        self.setup = setup
        hub = BluetoothHub(now: setup.now)
        random = SplitMix64(seed: setup.seed)
    }

    private func socket() throws(BluetoothFailure) -> ManagementSocket {
        if let management { return management }
        let made = try ManagementSocket(now: setup.now)
        management = made
        return made
    }

    // MARK: What is asked of it

    func call(_ request: Int, _ place: BluetoothPlace) {
        do throws(BluetoothFailure) {
            guard let device = place.device else { return }
            let management = try socket()
            let adapter = try BluetoothAdapter.choose(place.adapter, management)
            var call = BluetoothCall(request: request, device: device, adapter: adapter)
            if let port = place.port {
                call.ports = [port]
            } else {
                call.asksRecords = !device.isRandom
                if place.isRecordOnly { call.ports = [] }
            }
            if call.ports.contains(where: \.isLowEnergy) {
                // Needs no right where it is on already, as it is wherever bluetoothd runs.
                try? adapter.enable(.lowEnergy, with: .setLowEnergy(true), management)
            }
            proceed(call, "the device has no such service")
        } catch {
            events.append(.failed(request, error.description))
        }
    }

    /// Tries the next way, or gives up.
    private func proceed(_ call: BluetoothCall, _ reason: String) {
        var call = call
        var reason = reason
        while true {
            do throws(BluetoothFailure) {
                if let port = call.ports.first {
                    call.ports.removeFirst()
                    let number = try hub.connect(
                        call.device, port, from: call.adapter.address)
                    roles[number] = .calling(call, port: port)
                    return
                }
                guard call.asksRecords else { break }
                call.asksRecords = false
                let number = try hub.connect(
                    call.device, ServiceDiscovery.port, from: call.adapter.address)
                let query = ServiceQuery(
                    service: ServiceAdvertisement.service,
                    transaction: UInt16(truncatingIfNeeded: random.next()))
                roles[number] = .asking(call, query)
                return
            } catch {
                reason = error.reason
            }
        }
        events.append(.failed(call.request, reason))
    }

    /// Listens on the port, or on one of each kind; is seen by those who look for nodes.
    func listen(_ request: Int, _ place: BluetoothPlace) {
        do throws(BluetoothFailure) {
            let management = try socket()
            let adapter = try BluetoothAdapter.choose(place.adapter, management)
            let wanted =
                place.port.map { [$0] } ?? [.usual, .usualClassic, .serial(channel: 0)]
            var bound: [BluetoothPort] = []
            for port in wanted {
                do throws(BluetoothFailure) {
                    if port.isLowEnergy {
                        try adapter.enable(.lowEnergy, with: .setLowEnergy(true), management)
                    }
                    let (number, actual) = try hub.listen(port, on: adapter.address)
                    roles[number] = .listener(request: request)
                    bound.append(actual)
                } catch {
                    guard wanted.count > 1 else { throw error }
                    events.append(.note("not on \(port): \(error.reason)"))
                }
            }
            guard !bound.isEmpty else { throw .socket(EADDRINUSE) }
            try show(request, bound, on: adapter, management)
            events.append(.listening(request, adapter.address, bound))
        } catch {
            events.append(.failed(request, error.description))
        }
    }

    private func show(
        _ request: Int, _ ports: [BluetoothPort], on adapter: BluetoothAdapter,
        _ management: ManagementSocket
    ) throws(BluetoothFailure) {
        let psm = ports.lazy.compactMap { port -> UInt16? in
            if case .lowEnergy(let psm) = port { psm } else { nil }
        }.first
        let service = psm.flatMap { psm in
            setup.short(setup.own).map {
                ServiceAdvertisement(isRelay: setup.isRelay, psm: psm, id: $0)
            }
        }
        let beacon = BluetoothBeacon(
            adapter, service, name: setup.name, isClassic: ports.contains { !$0.isLowEnergy })
        try beacon.start(management, at: setup.now())
        beacons[request] = beacon
        publish(ports.filter { !$0.isLowEnergy }, on: adapter)
    }

    /// Makes service records known: through a daemon that takes them, else by answering oneself.
    private func publish(_ ports: [BluetoothPort], on adapter: BluetoothAdapter) {
        let first = UInt32(0x0001_0001) + UInt32(directory.records.count)
        let records = ports.enumerated().compactMap { place, port in
            ServiceRecord(
                handle: first + UInt32(place), name: setup.name ?? "kos", at: port)
        }
        guard !records.isEmpty else { return }
        if directory.records.isEmpty {
            do throws(BluetoothFailure) {
                let (number, _) = try hub.listen(ServiceDiscovery.port, on: adapter.address)
                roles[number] = .directory
            } catch {
                // Port 1 is a daemon's.
                for record in records {
                    if let registration = ServiceRegistration(record, on: adapter.address) {
                        registrations.append(registration)
                    } else {
                        events.append(
                            .note("no service record (\(error.reason)): run bluetoothd -C"))
                    }
                }
                return
            }
        }
        directory.records += records
    }

    func say(_ lines: [UInt8], to number: Int) {
        use(number) { $0.handle(.lines(lines), at: $1, into: &$2) }
    }

    /// Ends a channel; what is on its way has a moment to arrive.
    func close(_ number: Int) {
        if case .link(let link) = roles[number], link.waiting > 0 {
            endings[number] = setup.now() + .seconds(5)
        } else if roles.removeValue(forKey: number) != nil {
            hub.end(number)
        }
    }

    /// Whether something is on its way.
    var isBusy: Bool {
        roles.values.contains { role in
            if case .link(let link) = role { link.waiting > 0 } else { false }
        }
    }

    /// Takes back what was shown to others.
    func stop() {
        guard let management else { return }
        for beacon in beacons.values { beacon.stop(management) }
        beacons = [:]
    }

    // MARK: Running

    var nextDeadline: Instant? {
        var earliest = hub.nextDeadline ?? .distantFuture
        for role in roles.values {
            if case .link(let link) = role, let due = link.nextDeadline {
                earliest = min(earliest, due)
            }
        }
        for beacon in beacons.values { earliest = min(earliest, beacon.renewal) }
        for ending in endings.values { earliest = min(earliest, ending) }
        return earliest == .distantFuture ? nil : earliest
    }

    /// Waits until something happens or `limit` is over, acts on it, and tells.
    func turn<Command>(_ thread: CommandThread<Command>, until limit: Instant?) -> [Event] {
        let interests = hub.interests
        var entries = interests.map(\.entry)
        let deadline = [limit, nextDeadline].compactMap { $0 }.min()
        let left = deadline.map { ($0 - setup.now()).nanoseconds } ?? .max
        let wait = events.isEmpty ? min(60_000, max(0, (left / 1_000_000) + 1)) : 0
        thread.wait(&entries, milliseconds: left <= 0 ? 0 : Int32(wait))
        let ready = zip(interests, entries.dropFirst()).map { ($0.number, $1.revents) }
        for event in hub.serve(ready) { take(event) }
        advance()
        defer { events = [] }
        return events
    }

    private func advance() {
        let time = setup.now()
        for (number, role) in roles {
            guard case .link(let link) = role, let due = link.nextDeadline, due <= time else {
                continue
            }
            use(number) { $0.advance(to: $1, into: &$2) }
        }
        for (number, end) in endings {
            if case .link(let link) = roles[number], link.waiting > 0, end > time { continue }
            endings[number] = nil
            if roles.removeValue(forKey: number) != nil { hub.end(number) }
        }
        guard let management else { return }
        for beacon in beacons.values { beacon.advance(to: time, management) }
        _ = management.take()
    }

    private func take(_ event: BluetoothHub.Event) {
        switch event {
        case .accepted(let number, let device, let listener):
            switch roles[listener] {
            case .listener(let request):
                open(number, device, isOutgoing: false, request: request)
            case .directory: roles[number] = .asker
            default: hub.end(number)
            }
        case .connected(let number):
            switch roles[number] {
            case .calling(let call, _):
                open(number, call.device, isOutgoing: true, request: call.request)
            case .asking(_, let query): hub.write(query.request, to: number)
            default: hub.end(number)
            }
        case .failed(let number, let reason), .lost(let number, let reason):
            end(number, reason)
        case .unit(let number, let octets): take(octets, on: number)
        }
    }

    private func end(_ number: Int, _ reason: String) {
        switch roles.removeValue(forKey: number) {
        case .calling(let call, _), .asking(let call, _): proceed(call, reason)
        case .link: events.append(.closed(number))
        case .listener, .directory, .asker, nil: break
        }
    }

    private func open(
        _ number: Int, _ device: BluetoothAddress, isOutgoing: Bool, request: Int
    ) {
        guard let port = hub.port(of: number) else { return }
        roles[number] = .link(
            BluetoothLink(
                own: setup.own, mtu: hub.mtu(of: number), seed: random.next(), short: setup.short))
        events.append(
            .opened(
                number, Peer(device: device, port: port, isOutgoing: isOutgoing), request: request))
    }

    private func take(_ octets: [UInt8], on number: Int) {
        switch roles[number] {
        case .link: use(number) { $0.handle(.unit(octets), at: $1, into: &$2) }
        case .asker:
            hub.write(directory.answer(to: octets, limit: max(48, hub.mtu(of: number))), to: number)
        case .asking(var call, var query):
            switch query.take(octets) {
            case .ask(let next):
                roles[number] = .asking(call, query)
                hub.write(next, to: number)
            case .records(let records):
                call.ports = records.compactMap(\.port).sorted { $0.number > $1.number }
                finish(number, call)
            case .failed: finish(number, call)
            }
        case .listener, .calling, .directory, nil: break
        }
    }

    private func finish(_ number: Int, _ call: BluetoothCall) {
        roles[number] = nil
        hub.end(number)
        proceed(call, "the device has no such service")
    }

    /// Lets a link do something, and acts on what it says.
    private func use(
        _ number: Int,
        _ body: (inout BluetoothLink, Instant, inout [BluetoothLink.Output]) -> Void
    ) {
        guard case .link(var link) = roles[number] else { return }
        // The table must not hold a second copy while it is changed.
        roles[number] = .asker
        var outputs: [BluetoothLink.Output] = []
        body(&link, setup.now(), &outputs)
        roles[number] = .link(link)
        for output in outputs {
            switch output {
            case .unit(let octets):
                // What finds no room is not confirmed, and comes again.
                hub.write(octets, to: number)
            case .lines(let lines): events.append(.lines(number, lines))
            case .taken(let octets): events.append(.taken(number, octets))
            case .dropped(let drop): events.append(.note("dropped: \(drop)"))
            }
        }
    }
}

/// A device that is being called, and the ways that are left.
struct BluetoothCall {
    let request: Int
    let device: BluetoothAddress
    let adapter: BluetoothAdapter
    var ports: [BluetoothPort] = [.usual]
    /// Whether the service record may still be asked for.
    var asksRecords = false
}

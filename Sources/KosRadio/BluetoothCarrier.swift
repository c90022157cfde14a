package import KosCore
import Synchronization

/// Bluetooth as a transport of a mesh node: every channel is a link.
package final class BluetoothCarrier: Carrier {
    fileprivate enum Command: Sendable {
        case call(Endpoint, BluetoothPlace, @Sendable (CarrierEvent) -> Void)
        case listen(Endpoint, BluetoothPlace, @Sendable (CarrierEvent) -> Void)
        case write(Int, [UInt8])
        case close(Int)
    }
    private let setup: Carriers
    private let thread = Mutex<CommandThread<Command>?>(nil)
    private let gate = Gate()

    package init(_ setup: Carriers) { self.setup = setup }

    package func open(
        _ endpoint: Endpoint, tell: @escaping @Sendable (CarrierEvent) -> Void
    ) {
        guard let place = BluetoothPlace(calling: endpoint) else {
            return tell(.failed("\(endpoint.host) is no address of a device (AA:BB:CC:DD:EE:FF)"))
        }
        post(.call(endpoint, place, gate.guarded(tell)), tell)
    }

    package func listen(
        _ endpoint: Endpoint, tell: @escaping @Sendable (CarrierEvent) -> Void
    ) {
        guard let place = BluetoothPlace(listening: endpoint) else {
            return tell(.failed("\(endpoint.host) is no adapter (hci0, its address, any)"))
        }
        post(.listen(endpoint, place, gate.guarded(tell)), tell)
    }

    package func write(_ octets: [UInt8], to place: Int) {
        _ = thread.withLock { $0?.post(.write(place, octets)) }
    }

    package func close(_ place: Int) { _ = thread.withLock { $0?.post(.close(place)) } }

    package func stop() {
        gate.shut()
        let running = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        running?.stop()
    }

    private func post(_ command: Command, _ tell: (CarrierEvent) -> Void) {
        let isTaken = thread.withLock { thread in
            if thread == nil, let made = CommandThread<Command>() {
                let setup = setup
                guard made.start({ BluetoothCarrierRun(setup).run($0) }) else { return false }
                thread = made
            }
            return thread?.post(command) ?? false
        }
        if !isTaken { tell(.failed("no descriptors or threads left")) }
    }
}

/// Who listens to the carrier does so until it is stopped.
private final class Gate: Sendable {
    private let isShut = Mutex(false)

    func shut() { isShut.withLock { $0 = true } }

    func guarded(
        _ tell: @escaping @Sendable (CarrierEvent) -> Void
    ) -> @Sendable (CarrierEvent) -> Void {
        { [self] event in if !isShut.withLock({ $0 }) { tell(event) } }
    }
}

/// What the carrier's thread does.
private final class BluetoothCarrierRun {
    private struct Request {
        let endpoint: Endpoint
        let tell: @Sendable (CarrierEvent) -> Void
    }
    private let setup: Carriers
    private let station: BluetoothStation
    private var requests: [Int: Request] = [:]
    private var lastRequest = 0
    /// The request from which each channel comes.
    private var origins: [Int: Int] = [:]
    /// Channels that end when what was given to them is on its way, at the latest then.
    private var endings: Instant?

    init(_ setup: Carriers) {
        self.setup = setup
        station = BluetoothStation(setup)
    }

    func run(_ thread: CommandThread<BluetoothCarrier.Command>) {
        while true {
            let (commands, isStopping) = thread.take()
            for command in commands { obey(command) }
            if isStopping {
                endings = endings ?? setup.now() + .seconds(2)
                if !station.isBusy || endings.map({ $0 <= setup.now() }) ?? true { break }
            }
            for event in station.turn(thread, until: endings) { take(event) }
        }
        station.stop()
    }

    private func obey(_ command: BluetoothCarrier.Command) {
        switch command {
        case .call(let endpoint, let place, let tell):
            station.call(remember(endpoint, tell), place)
        case .listen(let endpoint, let place, let tell):
            station.listen(remember(endpoint, tell), place)
        case .write(let number, let octets): station.say(octets, to: number)
        case .close(let number):
            guard let request = origins.removeValue(forKey: number) else { return }
            station.close(number)
            requests[request]?.tell(.closed(number))
            forget(request)
        }
    }

    private func remember(
        _ endpoint: Endpoint, _ tell: @escaping @Sendable (CarrierEvent) -> Void
    ) -> Int {
        lastRequest += 1
        requests[lastRequest] = Request(endpoint: endpoint, tell: tell)
        return lastRequest
    }

    /// A call is over with its channel; what listens goes on.
    private func forget(_ request: Int) {
        if requests[request].map({ BluetoothAddress($0.endpoint.host) != nil }) == true,
            !listeners.contains(request)
        {
            requests[request] = nil
        }
    }
    private var listeners: Set<Int> = []

    private func take(_ event: BluetoothStation.Event) {
        switch event {
        case .listening(let request, let adapter, let ports):
            listeners.insert(request)
            let bound = ports.map { port in
                Endpoint(
                    transport: .bluetooth, host: adapter.description, port: port.number)
            }
            requests[request]?.tell(.bound(bound))
            requests[request]?.tell(.ready)
        case .opened(let number, let peer, let request):
            guard let asked = requests[request] else { return station.close(number) }
            origins[number] = request
            let remote =
                peer.isOutgoing
                ? asked.endpoint
                : Endpoint(transport: .bluetooth, host: peer.device.description, port: 0)
            if peer.isOutgoing { asked.tell(.ready) }
            asked.tell(
                .opened(
                    number,
                    LinkTraits(
                        transport: .bluetooth, remote: remote, isOutgoing: peer.isOutgoing)))
        case .lines(let number, let lines): tell(number, .octets(number, lines))
        case .taken(let number, let octets): tell(number, .taken(number, octets))
        case .closed(let number):
            guard let request = origins.removeValue(forKey: number) else { return }
            requests[request]?.tell(.closed(number))
            forget(request)
        case .failed(let request, let reason):
            requests.removeValue(forKey: request)?.tell(.failed(reason))
        case .note(let text): for request in requests.values { request.tell(.note(text)) }
        }
    }

    private func tell(_ number: Int, _ event: CarrierEvent) {
        if let request = origins[number] { requests[request]?.tell(event) }
    }
}

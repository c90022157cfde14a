package import KosCore
import Synchronization

/// LoRa radios as links of a mesh node.
package final class RadioCarrier: Carrier {
    /// What every radio of the node has in common.
    package struct Setup: Sendable {
        package var own: NodeID
        package var ledger: LedgerFile?
        /// The 16 octets that stand for a node.
        package var short: @Sendable (NodeID) -> [UInt8]?
        /// Whether a modem that is absent is waited for, and packets of others are repeated.
        package var isRelay: Bool
        package var seed: UInt64
        package var now: @Sendable () -> Instant

        package init(
            own: NodeID, isRelay: Bool, seed: UInt64,
            short: @escaping @Sendable (NodeID) -> [UInt8]?,
            now: @escaping @Sendable () -> Instant
        ) {
            self.own = own
            ledger = .ofUser
            self.short = short
            self.isRelay = isRelay
            self.seed = seed
            self.now = now
        }
    }
    private struct Radio: Sendable {
        let endpoint: Endpoint
        let thread: RadioThread<RadioLinksUser>
    }
    private let setup: Setup
    /// By the number that the thousands of its places have.
    private let radios = Mutex<[Int: Radio]>([:])
    private let count = Mutex(0)
    fileprivate static let stride = 1 << 20

    package init(_ setup: Setup) { self.setup = setup }

    package func open(
        _ endpoint: Endpoint, tell: @escaping @Sendable (CarrierEvent) -> Void
    ) {
        do {
            let plan = try plan(endpoint)
            let number = count.withLock { count in
                count += 1
                return count
            }
            let user = RadioLinksUser(
                try links(plan, endpoint), own: setup.own, first: number * RadioCarrier.stride,
                short: setup.short
            ) { [weak self] event in
                if case .failed = event {
                    self?.radios.withLock { _ = $0.removeValue(forKey: number) }
                }
                tell(event)
            }
            guard let thread = RadioThread(plan, user) else {
                return tell(.failed("no descriptors or threads left"))
            }
            radios.withLock { $0[number] = Radio(endpoint: endpoint, thread: thread) }
        } catch {
            tell(.failed("\(error.setting) \(error.got) is not legal; legal: \(error.legal)"))
        }
    }

    private func plan(_ endpoint: Endpoint) throws(LoRaSettingError) -> StationPlan {
        guard let ledger = setup.ledger else {
            throw LoRaSettingError(
                "home directory", got: "that is missing", legal: "one to keep the ledger in")
        }
        let defaults = RadioAddress.Defaults(modulation: try LoRaModulation())
        let address = try RadioAddress(endpoint.description, defaults)
        var plan = StationPlan(address, ledger: ledger, seed: setup.seed, now: setup.now)
        plan.reconnects = setup.isRelay
        plan.forwards = setup.isRelay
        plan.own = setup.own
        return plan
    }

    private func links(
        _ plan: StationPlan, _ endpoint: Endpoint
    ) throws(LoRaSettingError) -> RadioLinks {
        let settings = plan.address.settings
        let band = try (plan.address.region ?? .eu868).subBand(
            frequencyHz: settings.frequencyHz, bandwidthHz: settings.modulation.bandwidthHz,
            powerDbm: Double(settings.powerDbm))
        return RadioLinks(
            own: setup.own, endpoint: endpoint, modulation: settings.modulation,
            duty: band.dutyCycle, seed: setup.seed, at: setup.now())
    }

    package func write(_ octets: [UInt8], to place: Int) {
        radio(of: place)?.post(.line(place % RadioCarrier.stride, octets))
    }

    package func close(_ place: Int) {
        radio(of: place)?.post(.close(place % RadioCarrier.stride))
    }

    package func stop() {
        let all = radios.withLock { radios in
            defer { radios = [:] }
            return radios.values.map(\.thread)
        }
        for thread in all { thread.stop() }
    }

    private func radio(of place: Int) -> RadioThread<RadioLinksUser>? {
        radios.withLock { $0[place / RadioCarrier.stride]?.thread }
    }
}

/// Runs the links of one radio on its thread.
struct RadioLinksUser: RadioUser {
    private var links: RadioLinks
    private let own: NodeID
    private let first: Int
    private let short: @Sendable (NodeID) -> [UInt8]?
    private let tell: @Sendable (CarrierEvent) -> Void
    private var outputs: [RadioLinks.Output] = []
    private var hasBeenReady = false

    init(
        _ links: RadioLinks, own: NodeID, first: Int,
        short: @escaping @Sendable (NodeID) -> [UInt8]?,
        tell: @escaping @Sendable (CarrierEvent) -> Void
    ) {
        self.links = links
        self.own = own
        self.first = first
        self.short = short
        self.tell = tell
    }

    var nextDeadline: Instant? { links.nextDeadline }

    mutating func obey(_ command: RadioLinks.Input, with radio: LoRaStation, at now: Instant) {
        links.handle(command, at: now, into: &outputs)
        perform(radio)
    }

    mutating func advance(to now: Instant, with radio: LoRaStation) {
        links.advance(to: now, into: &outputs)
        perform(radio)
    }

    mutating func take(_ event: LoRaStation.Event, from radio: LoRaStation, at now: Instant) {
        switch event {
        case .ready:
            know(own, radio)
            if hasBeenReady { tell(.note("the modem is back")) }
            hasBeenReady = true
            tell(.ready)
            obey(.up, with: radio, at: now)
        case .lost(let reason, let wait):
            obey(.down, with: radio, at: now)
            guard let wait else { return }
            tell(.note("\(reason); again in \(Int(wait.seconds * 1000)) ms"))
        case .packet(let packet, let frame): obey(.heard(packet, frame), with: radio, at: now)
        case .note("duplicate"): break
        case .note(let text): tell(.note(text))
        case .waits(let ms): tell(.note("waits \(ms) ms for legal air time"))
        case .failed(_, _, let message, _): tell(.note(message))
        case .status, .heard, .foreign, .finished: break
        }
    }

    mutating func ended(_ reason: String?) {
        if let reason { tell(.failed(reason)) }
    }

    private mutating func perform(_ radio: LoRaStation) {
        let todo = outputs
        outputs = []
        for output in todo {
            switch output {
            case .opened(let place, let traits): tell(.opened(first + place, traits))
            case .closed(let place): tell(.closed(first + place))
            case .octets(let place, let octets): tell(.octets(first + place, octets))
            case .send(let packet): radio.send(packet)
            case .know(let node): know(node, radio)
            }
        }
        radio.neighbours = links.neighbourNames
    }

    private func know(_ node: NodeID, _ radio: LoRaStation) {
        if let short = short(node) { radio.names.learn(node, short: short) }
    }
}

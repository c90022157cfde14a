import KosCore
import NIOCore

/// The connections of a carrier, as conduits of a driver: what the carrier tells on its own thread
/// is told again on the driver's loop.
final class CarriedLinks {
    private let driver: NodeDriver
    private let endpoint: Endpoint
    private let carrier: any Carrier
    private var ready: EventLoopPromise<[Endpoint]>?
    private var bound: [Endpoint]
    private var conduits: [Int: CarriedConduit] = [:]

    private init(
        _ driver: NodeDriver, _ endpoint: Endpoint, _ carrier: any Carrier,
        _ ready: EventLoopPromise<[Endpoint]>
    ) {
        bound = [endpoint]
        self.driver = driver
        self.endpoint = endpoint
        self.carrier = carrier
        self.ready = ready
    }

    static func open(
        _ endpoint: Endpoint, _ carrier: any Carrier, driver: NodeDriver
    ) -> EventLoopFuture<Void> {
        let (tell, ready) = begin(endpoint, carrier, driver)
        carrier.open(endpoint, tell: tell)
        return ready.map { _ in }
    }

    /// The endpoints at which it listens then.
    static func listen(
        _ endpoint: Endpoint, _ carrier: any Carrier, driver: NodeDriver
    ) -> EventLoopFuture<[Endpoint]> {
        let (tell, ready) = begin(endpoint, carrier, driver)
        carrier.listen(endpoint, tell: tell)
        return ready
    }

    private static func begin(
        _ endpoint: Endpoint, _ carrier: any Carrier, _ driver: NodeDriver
    ) -> (@Sendable (CarrierEvent) -> Void, EventLoopFuture<[Endpoint]>) {
        let loop = driver.loop
        let ready = loop.makePromise(of: [Endpoint].self)
        let links = NIOLoopBound(
            CarriedLinks(driver, endpoint, carrier, ready), eventLoop: loop)
        return ({ event in loop.execute { links.value.take(event) } }, ready.futureResult)
    }

    private func take(_ event: CarrierEvent) {
        switch event {
        case .bound(let endpoints): bound = endpoints
        case .ready: settle(.success(bound))
        case .failed(let reason):
            settle(.failure(Transports.Failure(reason)))
            for (_, conduit) in conduits.sorted(by: { $0.key < $1.key }) { forget(conduit) }
            conduits = [:]
        case .opened(let place, let traits):
            let conduit = CarriedConduit(carrier, place, isBounded: traits.air == nil)
            conduits[place] = conduit
            conduit.link = driver.opened(conduit, traits)
        case .octets(let place, let octets):
            if let link = conduits[place]?.link { driver.received(octets, on: link) }
        case .taken(let place, let count):
            guard let conduit = conduits[place], let link = conduit.link else { return }
            if conduit.taken(count) { driver.writable(link) }
        case .closed(let place):
            if let conduit = conduits.removeValue(forKey: place) { forget(conduit) }
        case .note(let text): driver.carrierNote(endpoint, text)
        }
    }

    private func settle(_ result: Result<[Endpoint], any Error>) {
        ready?.completeWith(result)
        ready = nil
    }

    private func forget(_ conduit: CarriedConduit) {
        if let link = conduit.link { driver.closed(link) }
    }
}

/// One connection of a carrier.
final class CarriedConduit: Conduit {
    private let carrier: any Carrier
    private let place: Int
    /// Whether the carrier tells what it has taken.
    private let isBounded: Bool
    var link: LinkID?
    private(set) var isWritable = true
    let isDirty = false
    private(set) var waitingOctets = 0

    init(_ carrier: any Carrier, _ place: Int, isBounded: Bool) {
        self.carrier = carrier
        self.place = place
        self.isBounded = isBounded
    }

    func write(_ octets: [UInt8]) {
        carrier.write(octets, to: place)
        guard isBounded else { return }
        waitingOctets += octets.count
        if waitingOctets > NodeDriver.watermark.high { isWritable = false }
    }

    /// True when there is room again.
    func taken(_ count: Int) -> Bool {
        waitingOctets = max(0, waitingOctets - count)
        guard !isWritable, waitingOctets <= NodeDriver.watermark.low else { return false }
        isWritable = true
        return true
    }

    func flush() {}
    func close() { carrier.close(place) }
}

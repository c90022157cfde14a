import KosCore
import NIOCore

/// The connections of a carrier, as conduits of a driver: what the carrier tells on its own thread
/// is told again on the driver's loop.
final class CarriedLinks {
    private let driver: NodeDriver
    private let endpoint: Endpoint
    private let carrier: any Carrier
    private var ready: EventLoopPromise<Void>?
    private var conduits: [Int: CarriedConduit] = [:]

    private init(
        _ driver: NodeDriver, _ endpoint: Endpoint, _ carrier: any Carrier,
        _ ready: EventLoopPromise<Void>
    ) {
        self.driver = driver
        self.endpoint = endpoint
        self.carrier = carrier
        self.ready = ready
    }

    static func open(
        _ endpoint: Endpoint, _ carrier: any Carrier, driver: NodeDriver
    ) -> EventLoopFuture<Void> {
        let loop = driver.loop
        let ready = loop.makePromise(of: Void.self)
        let links = NIOLoopBound(
            CarriedLinks(driver, endpoint, carrier, ready), eventLoop: loop)
        carrier.open(endpoint) { event in
            loop.execute { links.value.take(event) }
        }
        return ready.futureResult
    }

    private func take(_ event: CarrierEvent) {
        switch event {
        case .ready: settle(.success(()))
        case .failed(let reason):
            settle(.failure(Transports.Failure(reason)))
            for (_, conduit) in conduits.sorted(by: { $0.key < $1.key }) { forget(conduit) }
            conduits = [:]
        case .opened(let place, let traits):
            let conduit = CarriedConduit(carrier, place)
            conduits[place] = conduit
            conduit.link = driver.opened(conduit, traits)
        case .octets(let place, let octets):
            if let link = conduits[place]?.link { driver.received(octets, on: link) }
        case .closed(let place):
            if let conduit = conduits.removeValue(forKey: place) { forget(conduit) }
        case .note(let text): driver.carrierNote(endpoint, text)
        }
    }

    private func settle(_ result: Result<Void, any Error>) {
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
    var link: LinkID?
    let isWritable = true
    let isDirty = false
    let waitingOctets = 0

    init(_ carrier: any Carrier, _ place: Int) {
        self.carrier = carrier
        self.place = place
    }

    func write(_ octets: [UInt8]) { carrier.write(octets, to: place) }
    func flush() {}
    func close() { carrier.close(place) }
}

package import KosCore

/// Announcements on one radio, run on a thread of its own.
package final class BeaconRadio: Sendable {
    package enum Event: Sendable {
        case ready
        /// An announcement of somebody; its signature is not checked yet.
        case sighted(Packet, NodeInfo, ReceivedFrame)
        /// An announcement of this node has left, in so many octets.
        case sent(octets: Int)
        case notSent(String)
        /// The law lets an announcement go in so many ms.
        case waits(Int64)
        case note(String)
        case failed(String)
    }
    private let thread: RadioThread<BeaconUser>
    /// How long those who were asked may take to answer.
    package let patience: Duration

    /// Nil without descriptors or threads.
    package init?(
        _ plan: StationPlan, _ settings: RadioBeacon.Settings, author: Author,
        short: @escaping @Sendable (NodeID) -> [UInt8]?,
        tell: @escaping @Sendable (Event) -> Void
    ) throws(LoRaSettingError) {
        let address = plan.address
        let band = try (address.region ?? .eu868).subBand(
            frequencyHz: address.settings.frequencyHz,
            bandwidthHz: address.settings.modulation.bandwidthHz,
            powerDbm: Double(address.settings.powerDbm))
        let beacon = RadioBeacon(
            settings, author: author, modulation: address.settings.modulation,
            duty: band.dutyCycle)
        patience = beacon.patience
        let user = BeaconUser(beacon: beacon, short: short, tell: tell)
        guard let thread = RadioThread(plan, user) else { return nil }
        self.thread = thread
    }

    package func stop() { thread.stop() }
}

private struct BeaconUser: RadioUser {
    var beacon: RadioBeacon
    let short: @Sendable (NodeID) -> [UInt8]?
    let tell: @Sendable (BeaconRadio.Event) -> Void
    private var outputs: [RadioBeacon.Output] = []

    init(
        beacon: RadioBeacon, short: @escaping @Sendable (NodeID) -> [UInt8]?,
        tell: @escaping @Sendable (BeaconRadio.Event) -> Void
    ) {
        self.beacon = beacon
        self.short = short
        self.tell = tell
    }

    var nextDeadline: Instant? { beacon.nextDeadline }

    /// There is nothing to command.
    mutating func obey(_ command: Never, with radio: LoRaStation, at now: Instant) {}

    mutating func advance(to now: Instant, with radio: LoRaStation) {
        beacon.advance(to: now, into: &outputs)
        perform(radio)
    }

    mutating func take(_ event: LoRaStation.Event, from radio: LoRaStation, at now: Instant) {
        switch event {
        case .ready:
            tell(.ready)
            beacon.handle(.up, at: now, into: &outputs)
        case .lost(let reason, let wait):
            beacon.handle(.down, at: now, into: &outputs)
            if let wait { tell(.note("\(reason); again in \(Int(wait.seconds * 1000)) ms")) }
        case .packet(let packet, let frame):
            beacon.handle(.heard(packet, frame), at: now, into: &outputs)
        case .finished: tell(.sent(octets: radio.octetsSent))
        case .failed(_, _, let message, _): tell(.notSent(message))
        case .note(let text): tell(.note(text))
        case .waits(let ms): tell(.waits(ms))
        case .heard, .foreign, .status: break
        }
        perform(radio)
    }

    mutating func ended(_ reason: String?) {
        if let reason { tell(.failed(reason)) }
    }

    private mutating func perform(_ radio: LoRaStation) {
        let todo = outputs
        outputs = []
        for output in todo {
            switch output {
            case .send(let packet): radio.send(packet)
            case .sighted(let packet, let info, let frame):
                if let octets = short(packet.source) {
                    radio.names.learn(packet.source, short: octets)
                }
                tell(.sighted(packet, info, frame))
            }
        }
    }
}

/// A radio without hardware: frames go as datagrams to every other simulated radio of the channel,
/// and each receiver decides by a channel model what it hears.
///
/// Modelled: free-space or steeper loss over the distance, sensitivity of the spreading factor,
/// time on air, deafness while sending, collisions, and the capture effect (6 dB).
package struct SimulatedModem: Modem {
    /// Where the radio stands, and how the air is.
    package struct Site: Hashable, Sendable {
        /// m.
        package var x = 0.0
        package var y = 0.0
        package var pathLossExponent = 2.7
        /// The chance that a frame is lost for no reason.
        package var loss = 0.0

        package init() {}
    }
    private struct Arrival: Sendable {
        let frame: ReceivedFrame
        let end: Instant
        let rssi: Double
        var isLost: Bool
        let serial: UInt64
    }
    private enum Timer: Hashable, Sendable { case sent, clear, arrival(UInt64) }

    private static let magic = Array("kos-sim1".utf8)
    private static let headerBytes = 8 + 8 + 4 + 4 + 1 + 1 + 1 + 1 + 8 + 8
    private static let captureDb = 6.0
    private static let maxArrivals = 64

    package let settings: LoRaSettings
    package let site: Site
    package let modulation: LoRaModulation
    private let id: UInt64
    private var random: SplitMix64
    private var timers = Timers<Timer>()
    private var queue: [OutgoingFrame] = []
    private var flying: OutgoingFrame?
    private var arrivals: [Arrival] = []
    private var serial: UInt64 = 0
    private var isOpen = false

    package let mtu = 255
    package var queueLength: Int { queue.count + (flying == nil ? 0 : 1) }
    package var nextDeadline: Instant? { timers.next }

    package init(_ settings: LoRaSettings, site: Site, seed: UInt64) {
        self.settings = settings
        self.site = site
        modulation = settings.modulation
        random = SplitMix64(seed: seed)
        id = random.next()
    }

    package func airtime(of payloadBytes: Int) -> Int64 {
        TimeOnAir(clamping: payloadBytes, modulation).microseconds
    }

    package mutating func handle(
        _ input: ModemInput, at now: Instant, into outputs: inout [ModemOutput]
    ) {
        switch input {
        case .opened:
            isOpen = true
            var info = ModemInfo()
            info.model = "simulated"
            info.isVerified = true
            outputs.append(.ready(info))
        case .datagram(let bytes, _): hear(bytes, at: now)
        case .send(let frame):
            guard (1...mtu).contains(frame.payload.count) else {
                let fault = ModemFault(.tooLong, "\(frame.payload.count) octets, 1 to \(mtu) fit")
                return outputs.append(.failed(frame.id, fault))
            }
            guard queue.count < ModemLimits.queue else {
                return outputs.append(
                    .failed(frame.id, ModemFault(.queueFull, "the queue is full")))
            }
            queue.append(frame)
            transmit(at: now, into: &outputs)
        case .stop: isOpen = false
        case .bytes: break
        }
    }

    package mutating func advance(to now: Instant, into outputs: inout [ModemOutput]) {
        while let timer = timers.popDue(at: now) {
            switch timer {
            case .sent:
                if let frame = flying { outputs.append(.sent(frame.id)) }
                flying = nil
                transmit(at: now, into: &outputs)
            case .clear: transmit(at: now, into: &outputs)
            case .arrival(let serial):
                guard let index = arrivals.firstIndex(where: { $0.serial == serial }) else {
                    continue
                }
                let arrival = arrivals.remove(at: index)
                if !arrival.isLost { outputs.append(.received(arrival.frame)) }
            }
        }
    }

    // MARK: The channel

    private mutating func transmit(at now: Instant, into outputs: inout [ModemOutput]) {
        guard isOpen, flying == nil, !queue.isEmpty, timers.deadline(of: .clear) == nil else {
            return
        }
        if let end = arrivals.map(\.end).max(), end > now {
            // Listens before it talks, and waits a few slots behind what it hears.
            let slots = Int.random(in: 1...8, using: &random)
            let slot = Duration.microseconds(Int64(modulation.symbolMilliseconds * 12_000))
            return timers.set(.clear, at: end + slot * slots)
        }
        let frame = queue.removeFirst()
        flying = frame
        // Who speaks hears nothing.
        for index in arrivals.indices { arrivals[index].isLost = true }
        outputs.append(.write(datagram(frame.payload)))
        timers.set(.sent, at: now + .microseconds(airtime(of: frame.payload.count)))
    }

    private mutating func hear(_ bytes: [UInt8], at now: Instant) {
        guard bytes.count > SimulatedModem.headerBytes, bytes.starts(with: SimulatedModem.magic)
        else { return }
        var reader = bytes[SimulatedModem.magic.count...]
        func take(_ count: Int) -> UInt64 {
            let value = reader.prefix(count).reduce(0) { $0 << 8 | UInt64($1) }
            reader = reader.dropFirst(count)
            return value
        }
        let sender = take(8)
        let frequency = Int(take(4))
        let bandwidth = Int(take(4))
        let factor = Int(take(1))
        _ = take(1)
        let sync = UInt8(take(1))
        let power = Double(Int8(bitPattern: UInt8(take(1))))
        let (x, y) = (Double(bitPattern: take(8)), Double(bitPattern: take(8)))
        guard sender != id, isOpen, x.isFinite, y.isFinite else { return }
        let payload = Array(reader)
        let isSameChannel = frequency == settings.frequencyHz && bandwidth == modulation.bandwidthHz
        guard isSameChannel, factor == modulation.spreadingFactor else { return }
        var budget = LinkBudget(
            modulation: modulation, frequencyHz: frequency, powerDbm: power)
        budget.pathLossExponent = site.pathLossExponent
        let distance = ((x - site.x) * (x - site.x) + (y - site.y) * (y - site.y)).squareRoot()
        let rssi = budget.receivedDbm(meters: distance)
        let isTooWeak = rssi < budget.sensitivityDbm
        let snr = min(12, rssi - budget.noiseFloorDbm)
        var frame = ReceivedFrame(payload: payload, rssiDbm: rssi.rounded(), snrDb: quarter(snr))
        frame.frequencyHz = frequency
        let isUnlucky = site.loss > 0 && random.unit() < site.loss
        let isLost = flying != nil || sync != settings.syncWord || isUnlucky || isTooWeak
        let airtime = Duration.microseconds(airtime(of: payload.count))
        arrive(frame, rssi: rssi, isLost: isLost, until: now + airtime, at: now)
    }

    private func quarter(_ value: Double) -> Double { (value * 4).rounded() / 4 }

    /// Of two frames that overlap the stronger survives if it is 6 dB stronger, else neither.
    private mutating func arrive(
        _ frame: ReceivedFrame, rssi: Double, isLost: Bool, until end: Instant, at now: Instant
    ) {
        guard arrivals.count < SimulatedModem.maxArrivals else { return }
        var isLost = isLost
        for index in arrivals.indices where arrivals[index].end > now {
            if arrivals[index].rssi < rssi + SimulatedModem.captureDb {
                arrivals[index].isLost = true
            }
            if rssi < arrivals[index].rssi + SimulatedModem.captureDb { isLost = true }
        }
        serial &+= 1
        arrivals.append(Arrival(frame: frame, end: end, rssi: rssi, isLost: isLost, serial: serial))
        timers.set(.arrival(serial), at: end)
    }

    private func datagram(_ payload: [UInt8]) -> [UInt8] {
        var bytes = SimulatedModem.magic
        func append(_ value: UInt64, _ count: Int) {
            for shift in (0..<count).reversed() {
                bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * shift)))
            }
        }
        append(id, 8)
        append(UInt64(truncatingIfNeeded: settings.frequencyHz), 4)
        append(UInt64(truncatingIfNeeded: modulation.bandwidthHz), 4)
        append(UInt64(truncatingIfNeeded: modulation.spreadingFactor), 1)
        append(UInt64(truncatingIfNeeded: modulation.codingRate), 1)
        append(UInt64(settings.syncWord), 1)
        append(UInt64(UInt8(truncatingIfNeeded: settings.powerDbm)), 1)
        append(site.x.bitPattern, 8)
        append(site.y.bitPattern, 8)
        return bytes + payload
    }
}

/// Announcements over the air without a mesh node behind them: for programs that look who is
/// there, or tell for a while that they are.
package struct RadioBeacon: Engine {
    package struct Settings: Sendable {
        package var info: NodeInfo
        /// Asks those who hear it to announce themselves.
        package var asks = false
        /// Announces itself when somebody asks.
        package var answers = false
        /// Announces itself again and again.
        package var repeats = false

        package init(_ info: NodeInfo) { self.info = info }
    }
    package enum Input: Sendable {
        case up, down
        case heard(Packet, ReceivedFrame)
    }
    package enum Output: Sendable {
        case send(Packet)
        /// Somebody has announced itself; the signature is not checked yet.
        case sighted(Packet, NodeInfo, ReceivedFrame)
    }
    private enum Timer: Hashable { case announce }

    /// The share of the legal air time that announcements may take.
    private static let share = 0.2
    /// Octets of a usual announcement.
    private static let usualOctets = 200

    package let interval: Duration
    /// What one announcement takes on the air.
    package let airtime: Duration
    private let settings: Settings
    private var author: Author
    private var timers = Timers<Timer>()
    private var announcedAt: Instant?

    package init(
        _ settings: Settings, author: Author, modulation: LoRaModulation, duty: Double
    ) {
        self.settings = settings
        self.author = author
        airtime = RadioBeacon.airtime(modulation)
        interval = RadioBeacon.interval(modulation, duty: duty)
    }

    package static func airtime(_ modulation: LoRaModulation) -> Duration {
        .microseconds(TimeOnAir(clamping: usualOctets, modulation).microseconds)
    }

    /// From one announcement to the next, with what a node tells of its links, which takes twice
    /// as long: a minute at least, so that all of it stays within its share of the legal air time.
    package static func interval(_ modulation: LoRaModulation, duty: Double) -> Duration {
        max(.seconds(60), pause(airtime(modulation) * 3, duty: duty))
    }

    /// How long what takes `airtime` keeps the share used up; two hours at most.
    package static func pause(_ airtime: Duration, duty: Double) -> Duration {
        let seconds = airtime.seconds / (share * min(1, max(0.0001, duty)))
        return min(.seconds(7200), .seconds(Int64(seconds)))
    }

    package var nextDeadline: Instant? { timers.next }
    /// How long those who were asked may take to answer.
    package var patience: Duration { airtime * 10 + .seconds(1) }

    package mutating func handle(_ input: Input, at now: Instant, into outputs: inout [Output]) {
        switch input {
        case .up:
            // Started by the same cron line, two nodes would speak at once.
            if settings.asks || settings.answers { timers.set(.announce, at: now + dice(airtime)) }
        case .down: timers.cancel(.announce)
        case .heard(let packet, let frame):
            guard packet.metadata.type == Packet.Kind.discovery, packet.control == .nodeInfo,
                packet.source != author.node, let payload = packet.payload.object,
                let info = try? NodeInfo(RecordFields(payload))
            else { return }
            outputs.append(.sighted(packet, info, frame))
            guard settings.answers, payload["wantsAnswer"]?.boolean == true else { return }
            let earliest = max(now, (announcedAt ?? now) + airtime * 4) + dice(airtime * 4)
            if timers.deadline(of: .announce).map({ $0 > earliest }) ?? true {
                timers.set(.announce, at: earliest)
            }
        }
    }

    package mutating func advance(to now: Instant, into outputs: inout [Output]) {
        while timers.popDue(at: now) != nil {
            var info = settings.info
            info.sequence = Int(author.timestamp(at: now).milliseconds)
            if settings.repeats { info.refreshMs = Int(interval.nanoseconds / 1_000_000) * 4 }
            var payload = info.object(kind: .nodeInfo)
            payload["wantsAnswer"] = .boolean(settings.asks && announcedAt == nil)
            var packet = author.packet(
                to: Packet.broadcast, type: Packet.Kind.discovery, payload: .object(payload),
                at: now)
            packet.metadata.hops = 1
            packet.metadata.ttl = 0
            packet.metadata.priority = 0
            announcedAt = now
            outputs.append(.send(packet.signed(by: author.signer)))
            guard settings.repeats else { continue }
            timers.set(.announce, at: now + interval * 0.75 + dice(interval * 0.5))
        }
    }

    private mutating func dice(_ span: Duration) -> Duration {
        .nanoseconds(span.nanoseconds / 1024 * Int64(author.roll() % 1024))
    }
}

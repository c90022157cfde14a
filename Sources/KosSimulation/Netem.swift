package import KosCore

/// How a link treats what crosses it, one direction: the parameters of tc-netem(8) as a value.
///
/// A `Netem` only describes; `NetemLink` applies it and holds the state that goes with it.
package struct Netem: Hashable, Sendable {
    /// Time that every frame takes, and how far it strays from that, uniformly to both sides.
    package var latency: Duration
    package var jitter: Duration
    /// Share of frames that are lost, each by itself; in 0 ... 1.
    package var loss: Double
    /// Losses that come in runs, on top of `loss`.
    package var bursts: Bursts?
    /// Share of frames that arrive twice; in 0 ... 1.
    package var duplication: Double
    /// Share of frames that overtake: they arrive without the latency; in 0 ... 1.
    package var reordering: Double
    /// Bits a second that the link can carry; nil for no limit.
    package var rate: Int64?
    /// Octets that may wait for a link with a rate, and frames that may be under way on any link.
    package var queueOctets: Int
    package var queueFrames: Int
    /// Whether jitter may change the order, as it does on a datagram path but not on a stream.
    package var keepsOrder: Bool

    /// Gilbert's and Elliott's two-state channel: it turns bad with `enter` and good again with
    /// `leave`, drawn once a frame, and loses `loss` of the frames while bad. Mean run: 1 / `leave`
    /// frames.
    package struct Bursts: Hashable, Sendable {
        package var enter: Double
        package var leave: Double
        package var loss: Double

        package init(enter: Double, leave: Double, loss: Double = 1) {
            self.enter = enter
            self.leave = leave
            self.loss = loss
        }
    }

    package init(
        latency: Duration = .milliseconds(1), jitter: Duration = .zero, loss: Double = 0,
        bursts: Bursts? = nil, duplication: Double = 0, reordering: Double = 0, rate: Int64? = nil,
        queueOctets: Int = 1 << 20, queueFrames: Int = 1000, keepsOrder: Bool = true
    ) {
        self.latency = latency
        self.jitter = jitter
        self.loss = loss
        self.bursts = bursts
        self.duplication = duplication
        self.reordering = reordering
        self.rate = rate
        self.queueOctets = queueOctets
        self.queueFrames = queueFrames
        self.keepsOrder = keepsOrder
    }

    /// One millisecond, nothing lost.
    package static let ideal = Netem()
}

/// One direction of a link under a `Netem`: decides when, and whether, a frame arrives.
///
/// Its dice are its own, so that a change on one link leaves the fortune of every other as it was.
package struct NetemLink: Sendable {
    package enum Passage: Hashable, Sendable {
        case arrives(Instant)
        case arrivesTwice(Instant, Instant)
        case lost
        case queueFull
    }

    package var netem: Netem {
        didSet { adopt() }
    }
    private var random: SplitMix64
    private var latency: Int64 = 0
    private var jitter: Int64 = 0
    private var isBad = false
    private var freeAt = Instant.zero
    private var lastArrival = Instant.zero
    /// Frames that have left and not arrived.
    package private(set) var framesUnderWay = 0

    package init(_ netem: Netem, seed: UInt64) {
        self.netem = netem
        random = SplitMix64(seed: seed)
        adopt()
    }

    /// A frame of `octets` enters at `now`.
    package mutating func send(octets: Int, at now: Instant) -> Passage {
        if isLost() { return .lost }
        guard framesUnderWay < netem.queueFrames, let departure = depart(octets: octets, at: now)
        else { return .queueFull }
        let first = arrival(departure)
        framesUnderWay += 1
        guard draw(netem.duplication) else { return .arrives(first) }
        framesUnderWay += 1
        return .arrivesTwice(first, arrival(departure))
    }

    /// A frame that was under way has come out at the other end, or was taken away.
    package mutating func release() { framesUnderWay = max(0, framesUnderWay - 1) }

    private mutating func adopt() {
        // Held as integers: a `Duration` is 128 bits wide and this is the simulator's hottest path.
        latency = max(0, netem.latency.nanoseconds)
        jitter = max(0, netem.jitter.nanoseconds)
    }

    private mutating func draw(_ share: Double) -> Bool { share > 0 && random.unit() < share }

    private mutating func isLost() -> Bool {
        if let bursts = netem.bursts {
            if isBad {
                isBad = !draw(bursts.leave)
            } else {
                isBad = draw(bursts.enter)
            }
            if isBad, draw(bursts.loss) { return true }
        }
        return draw(netem.loss)
    }

    /// When the last bit is on the link; nil when too much waits before it.
    private mutating func depart(octets: Int, at now: Instant) -> Instant? {
        guard let rate = netem.rate, rate > 0 else { return now }
        let start = max(now, freeAt)
        let waiting = Double((start - now).nanoseconds) / 8e9 * Double(rate)
        guard waiting + Double(octets) <= Double(netem.queueOctets) else { return nil }
        freeAt = Instant(
            nanoseconds: start.nanoseconds &+ Int64(Double(octets) * 8e9 / Double(rate)))
        return freeAt
    }

    private mutating func arrival(_ departure: Instant) -> Instant {
        if draw(netem.reordering) { return departure }
        var delay = latency
        if jitter > 0 {
            delay = max(0, delay &+ Int64.random(in: -jitter...jitter, using: &random))
        }
        var instant = Instant(nanoseconds: departure.nanoseconds &+ delay)
        if netem.keepsOrder {
            instant = max(instant, lastArrival)
            lastArrival = instant
        }
        return instant
    }
}

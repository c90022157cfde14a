/// Packets between two addresses over datagrams that may be lost, doubled or reordered: fragments
/// that are repeated until they are confirmed, within a window that follows what the network takes
/// (RFC 6298 for the wait, additive increase and multiplicative decrease for the window); and
/// before the other address is proven, never more than three times what came from it (RFC 9000
/// §8.1).
package struct DatagramLink: Sendable {
    package enum Output: Hashable, Sendable {
        case datagram([UInt8])
        /// Whole packets, a newline behind each.
        case lines([UInt8])
        case dropped(DatagramDrop)
    }
    package enum DatagramDrop: Hashable, Sendable {
        /// Longer than a datagram, for an end that takes no fragments.
        case tooLong
        /// More than the address has earned, or frames from one that is not proven.
        case unproven
        case malformed
        /// So many octets of packets that were never confirmed.
        case lost(Int)
    }

    /// What the medium asks for.
    package struct Settings: Sendable {
        /// Octets of the largest datagram.
        package var mtu = DatagramLink.mtu
        /// The least and the most that an acknowledgement is waited for.
        package var minWait = Duration.milliseconds(25)
        package var maxWait = Duration.milliseconds(500)
        /// Fragments in flight at least: where the medium itself loses much, less would only
        /// starve; and at most.
        package var minWindow = 32.0
        package var maxWindow = 512.0
        package init() {}
    }
    /// Octets of the largest UDP datagram.
    package static let mtu = 1200
    /// Octets that may wait before the link says that it is busy, and below which it is not.
    private static let high = 256 << 10
    private static let low = 64 << 10
    private static let acknowledgementWait = Duration.milliseconds(1)
    /// Repeats without anything new confirmed after which a packet is given up.
    private static let patience = 48
    /// Fragments confirmed behind one that is not, which is lost then and not only late.
    private static let reordering: UInt64 = 8
    /// Transfers of which each acknowledgement tells again, for the one before may be lost.
    private static let retold = 32

    private struct Sending: Sendable {
        var body: FragmentedBody
        var repeats = 0
    }
    private struct Flight: Sendable {
        let transfer: UInt32
        let index: Int
        let sentAt: Instant
        let number: UInt64
        let isRepeat: Bool
    }

    private let settings: Settings
    private var room: Int { settings.mtu - DatagramFrame.fragmentHeader }
    /// Whether this end chose the address; it may send what it likes.
    private let isOutgoing: Bool
    /// The other end is a node at its own address.
    package private(set) var isProven = false
    private var takesFragments = false
    private var credit = 0

    private var sending: [UInt32: Sending] = [:]
    private var queue: [(transfer: UInt32, index: Int)] = []
    private var head = 0
    private var flights: [Flight] = []
    private var nextTransfer: UInt32
    private var nextNumber: UInt64 = 0
    private var window: Double
    /// Whether something was confirmed since the last wait that ran out.
    private var hasNews = false
    private var smoothed: Duration?
    private var variation = Duration.zero
    private var backoff = 0
    /// Octets of packets that are not confirmed yet.
    package private(set) var waiting = 0
    /// Changes are told by the layer that holds the link.
    package private(set) var isBusy = false

    private var receiver: FragmentReceiver
    private var confirming: [UInt32: Int] = [:]
    private var confirmAt: Instant?
    private var confirmed: [(transfer: UInt32, count: Int)] = []

    package init(isOutgoing: Bool, first: UInt32, settings: Settings = Settings()) {
        self.isOutgoing = isOutgoing
        self.settings = settings
        window = settings.minWindow
        nextTransfer = first
        var limits = FragmentReceiver.Limits()
        limits.transfers = 256
        limits.octets = 4 << 20
        limits.done = 16384
        receiver = FragmentReceiver(lifetime: .seconds(30), limits: limits)
    }

    package var nextDeadline: Instant? {
        Instant.earlier(confirmAt, flights.first.map { $0.sentAt + wait })
    }

    package mutating func prove(takesFragments: Bool) {
        isProven = true
        self.takesFragments = takesFragments
    }

    // MARK: Sending

    /// A packet that is sent once, as it is.
    package mutating func say(_ packet: [UInt8], into outputs: inout [Output]) {
        guard packet.count <= settings.mtu else { return outputs.append(.dropped(.tooLong)) }
        if !isProven, !isOutgoing {
            guard packet.count <= credit else { return outputs.append(.dropped(.unproven)) }
            credit -= packet.count
        }
        outputs.append(.datagram(packet))
    }

    /// Packets, a newline behind each.
    package mutating func send(_ lines: [UInt8], at now: Instant, into outputs: inout [Output]) {
        guard isProven, takesFragments else {
            Lines.forEach(of: lines) { say(Array(lines[$0]), into: &outputs) }
            return
        }
        var start = 0
        var end = 0
        // As many whole packets together as fill a datagram.
        Lines.forEach(of: lines) { line in
            if end > start, line.upperBound + 5 - start > room {
                enqueue(Array(lines[start..<end]), into: &outputs)
                start = end
            }
            end = min(lines.count, line.upperBound + 1)
        }
        if end > start { enqueue(Array(lines[start..<end]), into: &outputs) }
        pump(at: now, into: &outputs)
    }

    /// A body that is no lines: it arrives as it is.
    package mutating func send(
        body: [UInt8], at now: Instant, into outputs: inout [Output]
    ) {
        enqueue(body, into: &outputs)
        pump(at: now, into: &outputs)
    }

    private mutating func enqueue(_ lines: [UInt8], into outputs: inout [Output]) {
        guard
            let body = FragmentedBody(
                lines, room: room, limit: DatagramFrame.maxFragments)
        else { return outputs.append(.dropped(.tooLong)) }
        let transfer = nextTransfer
        nextTransfer &+= 1
        sending[transfer] = Sending(body: body)
        waiting += body.octets
        for index in 0..<body.count { queue.append((transfer, index)) }
        if waiting > DatagramLink.high { isBusy = true }
    }

    private mutating func pump(at now: Instant, into outputs: inout [Output]) {
        while Double(flights.count) < window, head < queue.count {
            let (transfer, index) = queue[head]
            head += 1
            guard let entry = sending[transfer], !entry.body.confirmed.contains(index) else {
                continue
            }
            nextNumber += 1
            flights.append(
                Flight(
                    transfer: transfer, index: index, sentAt: now, number: nextNumber,
                    isRepeat: entry.repeats > 0))
            let frame = DatagramFrame.fragment(
                transfer: transfer, index: index, count: entry.body.count,
                entry.body.fragment(index))
            outputs.append(.datagram(frame.octets))
        }
        if head > 256, head * 2 > queue.count {
            queue.removeFirst(head)
            head = 0
        }
    }

    private var wait: Duration {
        let base = smoothed.map { $0 + max(variation * 4, .milliseconds(5)) } ?? .milliseconds(200)
        return min(
            settings.maxWait, max(settings.minWait, base) * (1 << min(4, backoff)))
    }

    private mutating func measure(_ trip: Duration) {
        guard let old = smoothed else {
            smoothed = trip
            variation = trip / 2
            return
        }
        let difference = trip > old ? trip - old : old - trip
        variation = variation * 3 / 4 + difference / 4
        smoothed = old * 7 / 8 + trip / 8
    }

    private mutating func confirm(
        _ entries: [(UInt32, FragmentSet)], at now: Instant, into outputs: inout [Output]
    ) {
        var highest: UInt64 = 0
        var news = 0
        for (transfer, received) in entries {
            guard let fresh = sending[transfer]?.body.confirm(received), !fresh.isEmpty else {
                continue
            }
            news += fresh.count
            sending[transfer]?.repeats = 0
            guard let body = sending[transfer]?.body, body.confirmed.isComplete else { continue }
            waiting -= body.octets
            sending[transfer] = nil
        }
        guard news > 0 else { return }
        backoff = 0
        hasNews = true
        window = min(settings.maxWindow, window + Double(news) / window)
        var sample: Duration?
        flights.removeAll { flight in
            let isOpen = sending[flight.transfer].map {
                !$0.body.confirmed.contains(flight.index)
            }
            if isOpen == true { return false }
            highest = max(highest, flight.number)
            if !flight.isRepeat { sample = now - flight.sentAt }
            return true
        }
        if let sample { measure(sample) }
        if highest > DatagramLink.reordering {
            repeatFlights(into: &outputs) { $0.number + DatagramLink.reordering < highest }
        }
        if waiting < DatagramLink.low { isBusy = false }
        pump(at: now, into: &outputs)
    }

    /// Puts the flights that are lost in front of the queue; whether there were any.
    @discardableResult
    private mutating func repeatFlights(
        into outputs: inout [Output], _ isLost: (Flight) -> Bool
    ) -> Bool {
        let lost = flights.filter(isLost)
        guard !lost.isEmpty else { return false }
        flights.removeAll(where: isLost)
        var given = 0
        for transfer in Set(lost.map(\.transfer)).sorted() {
            sending[transfer]?.repeats += 1
            guard let entry = sending[transfer], entry.repeats > DatagramLink.patience else {
                continue
            }
            sending[transfer] = nil
            waiting -= entry.body.octets
            given += entry.body.octets
        }
        if given > 0 { outputs.append(.dropped(.lost(given))) }
        let again = lost.filter { sending[$0.transfer] != nil }.map {
            (transfer: $0.transfer, index: $0.index)
        }
        queue.replaceSubrange(..<head, with: again)
        head = 0
        return true
    }

    // MARK: Receiving

    package mutating func receive(
        _ datagram: [UInt8], at now: Instant, into outputs: inout [Output]
    ) {
        credit = min(1 << 20, credit + 3 * datagram.count)
        guard DatagramFrame.isFrame(datagram) else {
            guard datagram.count <= 65_536, !datagram.isEmpty else { return }
            // Between tokens a newline is white space; inside a string it is no JSON anyway.
            var line = datagram
            while let place = line.span.firstOffset(of: 0x0A, from: 0) { line[place] = 0x20 }
            line.append(0x0A)
            return outputs.append(.lines(line))
        }
        guard isProven else { return outputs.append(.dropped(.unproven)) }
        switch DatagramFrame(datagram) {
        case .fragment(let transfer, let index, let count, let data):
            let body = receiver.take(
                transfer: transfer, index: index, count: count, data: Array(data), at: now)
            if confirmAt == nil { confirmAt = now + DatagramLink.acknowledgementWait }
            confirming[transfer] = count
            if confirming.count >= 32 { acknowledge(into: &outputs) }
            if let body { outputs.append(.lines(body)) }
        case .acknowledgement(let entries): confirm(entries, at: now, into: &outputs)
        case nil: outputs.append(.dropped(.malformed))
        }
    }

    private mutating func acknowledge(into outputs: inout [Output]) {
        confirmAt = nil
        var entries: [(UInt32, FragmentSet)] = []
        var octets = DatagramFrame.acknowledgementHeader
        let fresh = confirming.sorted { $0.key < $1.key }.map {
            (transfer: $0.key, count: $0.value)
        }
        let old = confirmed.filter { confirming[$0.transfer] == nil }
        confirmed = Array((old + fresh).suffix(DatagramLink.retold))
        for (transfer, count) in fresh + old {
            guard let received = receiver.received(transfer, count) else { continue }
            let length = 6 + (count + 7) / 8
            if octets + length > settings.mtu {
                outputs.append(.datagram(DatagramFrame.acknowledgement(entries).octets))
                entries = []
                octets = DatagramFrame.acknowledgementHeader
            }
            entries.append((transfer, received))
            octets += length
        }
        confirming.removeAll(keepingCapacity: true)
        guard !entries.isEmpty else { return }
        outputs.append(.datagram(DatagramFrame.acknowledgement(entries).octets))
    }

    package mutating func advance(to now: Instant, into outputs: inout [Output]) {
        if let due = confirmAt, due <= now { acknowledge(into: &outputs) }
        guard let first = flights.first, first.sentAt + wait <= now else { return }
        let limit = wait
        if repeatFlights(into: &outputs, { $0.sentAt + limit <= now }) {
            if !hasNews {
                backoff += 1
                window = max(settings.minWindow, window / 2)
            }
            hasNews = false
        }
        if waiting < DatagramLink.low { isBusy = false }
        pump(at: now, into: &outputs)
    }
}

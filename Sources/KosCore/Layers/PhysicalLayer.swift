/// What crosses the border between the node and its sockets.
package enum Burst: Sendable, Hashable {
    /// A connection opened; nothing is known of who is there.
    case opened(LinkID, LinkTraits)
    /// A connection is gone.
    case closed(LinkID)
    /// Octets: a chunk of a stream, or one message.
    case octets(LinkID, [UInt8])
    /// Messages that came together, each as it was sent.
    case datagrams(LinkID, [[UInt8]])
    /// Close this connection.
    case close(LinkID, DropReason)
    /// What was written last waits to be sent: hold the rest back.
    case busy(LinkID)
    /// There is room again.
    case ready(LinkID)
    /// Read from this connection, or leave what comes where it is.
    case read(LinkID, Bool)
}

/// Frame ↔ octets of the medium: parts packets by newlines on a stream; on datagrams fragments,
/// repeats and confirms them.
///
/// Above this layer packets are lines, each with a newline behind it, as many in a run as came
/// together.
package struct PhysicalLayer: ProtocolLayer {
    package typealias Upper = Frame
    package typealias Lower = Burst

    private enum Timer: Hashable {
        /// Something is due on a datagram link.
        case datagrams(LinkID)
        /// Look for lines that do not come to their end.
        case sweep
    }
    private struct Stream: Sendable {
        /// The beginning of a line whose end has not come, and since when.
        var partial: [UInt8] = []
        var since = Instant.zero
    }
    /// A line comes to its end within this time, and a second more for each 1024 octets.
    static let lineTime = Duration.seconds(50)
    private static let sweep = Duration.seconds(5)

    private var streams: [LinkID: Stream] = [:]
    private var datagrams: [LinkID: DatagramLink] = [:]
    private var timers = Timers<Timer>()
    private var random: SplitMix64
    private var outputs: [DatagramLink.Output] = []

    package init(seed: UInt64) { random = SplitMix64(seed: seed) }

    package var nextDeadline: Instant? { timers.next }

    package mutating func processOutbound(
        _ unit: Frame, at now: Instant, into flow: inout Flow<Frame, Burst>
    ) {
        switch unit {
        case .close(let link, let reason): flow.down.append(.close(link, reason))
        case .read(let link, let isWanted): flow.down.append(.read(link, isWanted))
        case .lines(let link, let run):
            if streams[link] != nil {
                flow.down.append(.octets(link, run))
            } else {
                use(link, at: now, into: &flow) { $0.send(run, at: now, into: &$1) }
            }
        case .word(let link, let line):
            let packet = line.last == 0x0A ? Array(line.dropLast()) : line
            use(link, at: now, into: &flow) { $0.say(packet, into: &$1) }
        case .proven(let link, let takesFragments):
            datagrams[link]?.prove(takesFragments: takesFragments)
        case .opened, .closed, .busy, .ready: break
        }
    }

    package mutating func processInbound(
        _ unit: Burst, at now: Instant, into flow: inout Flow<Frame, Burst>
    ) {
        switch unit {
        case .opened(let link, let traits):
            if traits.isStream {
                streams[link] = Stream()
            } else {
                datagrams[link] = DatagramLink(
                    isOutgoing: traits.isOutgoing,
                    first: UInt32.random(in: 0...UInt32.max, using: &random))
            }
            flow.up.append(.opened(link, traits))
        case .closed(let link):
            timers.cancel(.datagrams(link))
            let isKnown =
                streams.removeValue(forKey: link) != nil
                || datagrams.removeValue(forKey: link) != nil
            if isKnown { flow.up.append(.closed(link)) }
        case .octets(let link, let octets):
            if streams[link] != nil {
                receive(octets, on: link, at: now, into: &flow)
            } else {
                use(link, at: now, into: &flow) { $0.receive(octets, at: now, into: &$1) }
            }
        case .datagrams(let link, let datagrams):
            use(link, at: now, into: &flow) {
                for datagram in datagrams { $0.receive(datagram, at: now, into: &$1) }
            }
        case .busy(let link): flow.up.append(.busy(link))
        case .ready(let link):
            // What its own window holds back is no less in the way than a socket that is full.
            if datagrams[link]?.isBusy != true { flow.up.append(.ready(link)) }
        case .close, .read: break
        }
    }

    package mutating func advance(to now: Instant, into flow: inout Flow<Frame, Burst>) {
        while let timer = timers.popDue(at: now) {
            switch timer {
            case .datagrams(let link):
                use(link, at: now, into: &flow) { $0.advance(to: now, into: &$1) }
            case .sweep: sweep(at: now, into: &flow)
            }
        }
    }

    // MARK: Datagrams

    /// Lets a datagram link do something, and acts on what it says.
    private mutating func use(
        _ link: LinkID, at now: Instant, into flow: inout Flow<Frame, Burst>,
        _ body: (inout DatagramLink, inout [DatagramLink.Output]) -> Void
    ) {
        guard var datagram = datagrams[link] else { return }
        let wasBusy = datagram.isBusy
        let deadline = datagram.nextDeadline
        datagrams[link] = nil
        body(&datagram, &outputs)
        var lines: [UInt8] = []
        for output in outputs {
            switch output {
            case .datagram(let octets): flow.down.append(.octets(link, octets))
            case .lines(let run): lines += run
            case .dropped(.tooLong): drop(.tooLong, link, into: &flow)
            case .dropped(.unproven): drop(.unproven, link, into: &flow)
            case .dropped(.malformed): drop(.malformed, link, into: &flow)
            case .dropped(.lost): drop(.linkLost, link, into: &flow)
            }
        }
        outputs.removeAll(keepingCapacity: true)
        if !lines.isEmpty { flow.up.append(.lines(link, lines)) }
        if datagram.isBusy != wasBusy { flow.up.append(wasBusy ? .ready(link) : .busy(link)) }
        let next = datagram.nextDeadline
        datagrams[link] = datagram
        guard next != deadline || timers.deadline(of: .datagrams(link)) == nil else { return }
        if let next {
            timers.set(.datagrams(link), at: next)
        } else {
            timers.cancel(.datagrams(link))
        }
    }

    private func drop(_ reason: DropReason, _ link: LinkID, into flow: inout Flow<Frame, Burst>) {
        flow.notices.append(.dropped(reason, packet: "", from: "link \(link.number)"))
    }

    // MARK: Streams

    private mutating func receive(
        _ octets: [UInt8], on link: LinkID, at now: Instant, into flow: inout Flow<Frame, Burst>
    ) {
        guard let last = octets.lastIndex(of: 0x0A) else {
            return hold(octets[...], on: link, at: now, into: &flow)
        }
        let partial = streams[link]?.partial ?? []
        var run = octets
        if !partial.isEmpty || last < octets.count - 1 {
            run = []
            run.reserveCapacity(partial.count + last + 1)
            run += partial
            run.append(octets.span, 0..<last + 1)
            if !partial.isEmpty { streams[link]?.partial = [] }
        }
        flow.up.append(.lines(link, run))
        if last + 1 < octets.count { hold(octets[(last + 1)...], on: link, at: now, into: &flow) }
    }

    /// Keeps the beginning of a line; one that grows past the limit ends the connection.
    private mutating func hold(
        _ octets: ArraySlice<UInt8>, on link: LinkID, at now: Instant,
        into flow: inout Flow<Frame, Burst>
    ) {
        let held = streams[link]?.partial.count ?? 0
        guard held + octets.count <= LinkTraits.maxPacket else {
            streams[link]?.partial = []
            drop(.tooLong, link, into: &flow)
            return flow.down.append(.close(link, .tooLong))
        }
        if held == 0 {
            streams[link]?.since = now
            if timers.deadline(of: .sweep) == nil {
                timers.set(.sweep, at: now + PhysicalLayer.sweep)
            }
        }
        streams[link]?.partial += octets
    }

    /// Closes connections whose line does not come to its end.
    private mutating func sweep(at now: Instant, into flow: inout Flow<Frame, Burst>) {
        var isWaiting = false
        for (link, stream) in streams.sorted(by: { $0.key < $1.key })
        where !stream.partial.isEmpty {
            let allowed = PhysicalLayer.lineTime + .seconds(stream.partial.count / 1024)
            if now - stream.since > allowed {
                streams[link]?.partial = []
                drop(.idle, link, into: &flow)
                flow.down.append(.close(link, .idle))
            } else {
                isWaiting = true
            }
        }
        if isWaiting { timers.set(.sweep, at: now + PhysicalLayer.sweep) }
    }
}

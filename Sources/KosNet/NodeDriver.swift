package import KosCore
package import NIOCore
import NIOPosix

/// Runs a `MeshNode` on one event loop: sockets in, sockets out, alarms, and the node's other
/// outputs to whoever asked. Everything here happens on that loop; nothing hops.
package final class NodeDriver {
    /// Octets that a connection takes before the node is told to hold the rest back.
    static let watermark = ChannelOptions.Types.WriteBufferWaterMark(
        low: 64 * 1024, high: 256 * 1024)
    /// Octets that are read at a time: little for those who say little, much under load. What is
    /// read together waits, or is dropped, together, so that it is far below a queue's length.
    static let readBuffer = AdaptiveRecvByteBufferAllocator(
        minimum: 512, initial: 1024, maximum: 64 * 1024)

    package let loop: any EventLoop
    package private(set) var node: MeshNode
    /// Told of every output that is not for a socket.
    package var observer: (MeshNode.Output, Instant) -> Void = { _, _ in }
    /// Told before what the node has to say goes out: the moment to hand on and to write down what
    /// it acknowledges.
    package var committing: () -> Void = {}
    /// Told when the node has settled after something happened: the moment to flush.
    package var settled: () -> Void = {}
    /// Connections that could not be made, with the reason, for the tool to tell of.
    package var dialFailed: (Endpoint, String) -> Void = { _, _ in }

    /// Told of messages that break the rules of their transport.
    package var refused: (String, Endpoint) -> Void = { _, _ in }
    /// Told how far a connection that is being made has come.
    package var phase: (Endpoint, DialPhase) -> Void = { _, _ in }
    package var dialing = DialSettings()
    /// What endpoints with TLS show and ask; nil where there are none.
    package var tls: TLSCredentials?
    /// Connections of each address.
    package var callers = AddressCount()
    /// Send back what comes, as it comes, and leave the node out of it: for conformance tests.
    package var isEcho = false
    /// Told when a connection whose messages were sent back is over.
    package var echoEnded: () -> Void = {}

    /// What `GET /metrics` on the WebSocket port answers; nothing is there while it is nil.
    package var exposition: (() -> String)?

    /// Transports that other adapters bring.
    package var carriers: [TransportType: any Carrier] = [:]
    /// WebRTC, where it is built in.
    package var sessions: (any SessionTransport)?
    /// Told of what a carrier has to say.
    package var carrierNote: (Endpoint, String) -> Void = { _, _ in }
    /// Links over HTTP, which outlive their requests.
    let web = HTTPLinks()

    private let now: () -> Instant
    private var conduits: [LinkID: any Conduit] = [:]
    /// Those that were written to since the last flush.
    private var written: [any Conduit] = []
    /// What was written last, as the sockets take it.
    var lines = SharedOctets()
    var frames = SharedOctets()
    private var lastLink = 0
    private var alarm = Alarm()
    private var isBusy = false
    private var inputs: [MeshNode.Input] = []
    private var outputs: [MeshNode.Output] = []
    /// Connections of which the node knows that they take nothing.
    private var busy: Set<LinkID> = []
    package private(set) var listeners: [any Channel] = []

    package init(_ node: MeshNode, on loop: any EventLoop, now: @escaping () -> Instant) {
        self.node = node
        self.loop = loop
        self.now = now
        setAlarm()
    }

    /// Hands the node an input, and acts on what it says.
    package func post(_ input: MeshNode.Input) {
        inputs.append(input)
        guard !isBusy else { return }
        isBusy = true
        var next = 0
        while next < inputs.count {
            let time = now()
            node.handle(inputs[next], at: time, into: &outputs)
            next += 1
            perform(at: time)
        }
        inputs.removeAll(keepingCapacity: true)
        finish()
    }

    /// What was delivered since the last call.
    package func takeDelivered() -> [OctetHash] { node.takeDelivered() }

    /// A way to hand the node inputs from other threads.
    package var mailbox: @Sendable (MeshNode.Input) -> Void {
        let bound = NIOLoopBound(self, eventLoop: loop)
        return { [loop] input in loop.execute { bound.value.post(input) } }
    }

    private func wake() {
        alarm.rang()
        guard !isBusy else { return }
        isBusy = true
        let time = now()
        node.advance(to: time, into: &outputs)
        perform(at: time)
        while !inputs.isEmpty {
            let input = inputs.removeFirst()
            node.handle(input, at: time, into: &outputs)
            perform(at: time)
        }
        finish()
    }

    private func finish() {
        committing()
        for conduit in written where conduit.isDirty { conduit.flush() }
        written.removeAll(keepingCapacity: true)
        lines.forget()
        frames.forget()
        isBusy = false
        // What a flush has brought about at once, such as a socket that takes more again.
        let brought = inputs
        inputs.removeAll(keepingCapacity: true)
        for input in brought { post(input) }
        guard brought.isEmpty else { return }
        setAlarm()
        settled()
    }

    private func perform(at time: Instant) {
        let batch = outputs
        outputs.removeAll(keepingCapacity: true)
        for output in batch {
            switch output {
            case .link(.octets(let link, let octets)):
                guard let conduit = conduits[link] else { continue }
                let isFirst = !conduit.isDirty
                conduit.write(octets)
                if isFirst, conduit.isDirty { written.append(conduit) }
                // What the node wrote in the same breath is bounded by what it just read.
                if !conduit.isWritable, busy.insert(link).inserted {
                    inputs.append(.link(.busy(link)))
                }
            case .link(.read(let link, let isWanted)): conduits[link]?.read(isWanted)
            case .link(.close(let link, _)): conduits[link]?.close()
            case .link: break
            case .dial(let endpoint): dial(endpoint)
            case .service(.received(let packet, _, let origin))
            where sessions != nil && origin != .local && packet.describesSession:
                sessions?.take(packet, driver: self)
            case .service, .notice, .journal, .backplane: observer(output, time)
            }
        }
    }

    private func setAlarm() {
        let deadline = node.nextDeadline
        guard !alarm.isSet(for: deadline) else { return }
        let bound = NIOLoopBound(self, eventLoop: loop)
        alarm.set(deadline, now: now(), on: loop) { bound.value.wake() }
    }

    // MARK: Connections

    /// A conduit is up: it has a link from now on.
    package func opened(_ conduit: some Conduit, _ traits: LinkTraits) -> LinkID {
        lastLink += 1
        let link = LinkID(lastLink)
        conduits[link] = conduit
        post(.link(.opened(link, traits)))
        return link
    }

    package func received(_ octets: [UInt8], on link: LinkID) {
        post(.link(.octets(link, octets)))
    }

    /// Datagrams that came together.
    func received(_ datagrams: [[UInt8]], on link: LinkID) {
        post(.link(.datagrams(link, datagrams)))
    }

    /// A connection takes more again.
    package func writable(_ link: LinkID) {
        guard busy.remove(link) != nil else { return }
        post(.link(.ready(link)))
    }

    package func closed(_ link: LinkID) {
        busy.remove(link)
        guard conduits.removeValue(forKey: link) != nil else { return }
        post(.link(.closed(link)))
    }

    /// Whether more was written than the neighbours take just now.
    package var isCongested: Bool {
        node.queuedOctets > 0 || conduits.values.contains { !$0.isWritable }
    }

    /// Says to every neighbour that nothing more comes, and leaves it to them to close: what is on
    /// its way arrives.
    package func finishWriting() {
        for conduit in conduits.values { conduit.finish() }
    }

    package var linkCount: Int { conduits.count }

    /// Octets that the neighbours have not taken yet.
    package var waitingOctets: Int { conduits.values.reduce(0) { $0 + $1.waitingOctets } }

    private func dial(_ endpoint: Endpoint) {
        let bound = NIOLoopBound(self, eventLoop: loop)
        let attempt =
            carriers[endpoint.transport].map { CarriedLinks.open(endpoint, $0, driver: self) }
            ?? Transports.connect(endpoint, driver: self)
        attempt.assumeIsolated().whenFailure { error in
            let driver = bound.value
            driver.dialFailed(endpoint, Transports.describe(error))
            driver.post(.dialFailed(endpoint))
        }
    }

    /// Listens; the result is the endpoint with the port that the kernel chose.
    package func listen(on endpoint: Endpoint) -> EventLoopFuture<[Endpoint]> {
        if let carrier = carriers[endpoint.transport] {
            return CarriedLinks.listen(endpoint, carrier, driver: self)
        }
        let bound = NIOLoopBound(self, eventLoop: loop)
        return Transports.listen(endpoint, driver: self).assumeIsolated().map { channel, actual in
            bound.value.listeners.append(channel)
            return [actual]
        }.nonisolated()
    }

    package func stopListening() {
        for listener in listeners { listener.close(promise: nil) }
        listeners = []
    }

    package func closeAll() {
        stopListening()
        closeLinks()
        for carrier in carriers.values { carrier.stop() }
        sessions?.stop()
    }

    /// Asks every connection to end. Whoever asks again no longer waits for what is on its way.
    func closeLinks() {
        for conduit in conduits.values { conduit.close() }
    }
}

/// One connection as the driver sees it: a place to write to.
package protocol Conduit: AnyObject {
    /// False while more than the neighbour's queue waits to be written.
    var isWritable: Bool { get }
    /// Octets written that the socket has not taken yet.
    var waitingOctets: Int { get }
    /// Whether something was written since the last flush.
    var isDirty: Bool { get }
    func write(_ octets: [UInt8])
    func flush()
    /// What waits may still go out. Asked again at the end of a run, a connection that has a
    /// goodbye of its own to say says it and waits no longer.
    func close()
    /// Nothing more is written; the other end closes.
    func finish()
    /// Whether to take what comes, or to leave it where it is.
    func read(_ isWanted: Bool)
}

extension Conduit {
    /// Where nothing can be left waiting everything is taken.
    package func read(_ isWanted: Bool) {}
    package func finish() { close() }
}

extension Channel {
    /// Octets that wait in this channel for the socket to take them.
    var waitingOctets: Int { (try? syncOptions?.getOption(.bufferedWritableBytes)) ?? 0 }
}

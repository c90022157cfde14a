import KosCore

/// One engine on a bench: inputs by hand, outputs in hand.
struct Workbench<E: RoutingProtocolEngine> {
    var engine: E
    var now = Instant.zero
    var outputs: [RoutingOutput] = []

    init(_ engine: E) { self.engine = engine }

    /// What the engine put out since the last call.
    mutating func taken() -> [RoutingOutput] {
        defer { outputs = [] }
        return outputs
    }

    @discardableResult
    mutating func give(_ input: RoutingInput) -> [RoutingOutput] {
        engine.handle(input, at: now, into: &outputs)
        return taken()
    }

    /// Lets time pass, timer by timer; what was put out, with when.
    @discardableResult
    mutating func wait(_ duration: Duration) -> [(time: Instant, output: RoutingOutput)] {
        var log: [(time: Instant, output: RoutingOutput)] = []
        let end = now + duration
        var steps = 0
        while let deadline = engine.nextDeadline, deadline <= end, steps < 100_000 {
            now = max(now, deadline)
            engine.advance(to: now, into: &outputs)
            log += taken().map { (now, $0) }
            steps += 1
        }
        now = end
        return log
    }

    @discardableResult
    mutating func send(_ destination: RouterAddress, id: UInt16 = 1) -> [RoutingOutput] {
        give(.send(data(from: engine.address, to: destination, id: id)))
    }

    func data(from source: RouterAddress, to destination: RouterAddress, id: UInt16 = 1) -> Datagram
    {
        Datagram(from: source, to: destination, identification: id, payload: [1, 2, 3])
    }
}

func node(_ number: Int) -> RouterAddress { RouterAddress(10, 0, 0, UInt8(number)) }

extension [RoutingOutput] {
    var frames: [HopFrame] {
        compactMap { if case .transmit(let frame) = $0 { frame } else { nil } }
    }

    var delivered: [Datagram] {
        compactMap { if case .deliver(let datagram) = $0 { datagram } else { nil } }
    }

    var drops: [RoutingDropReason] {
        compactMap { if case .dropped(_, let reason) = $0 { reason } else { nil } }
    }

    var refusals: [RoutingError] {
        compactMap { if case .rejected(let error, from: _) = $0 { error } else { nil } }
    }
}

extension [(time: Instant, output: RoutingOutput)] {
    var frames: [(time: Instant, frame: HopFrame)] {
        compactMap { if case .transmit(let frame) = $0.output { ($0.time, frame) } else { nil } }
    }
}

extension HopFrame {
    var aodv: AODVMessage? {
        datagram.content == .control ? try? AODVMessage(datagram.payload.span) : nil
    }

    var request: AODVMessage.Request? {
        if case .request(let request) = aodv { request } else { nil }
    }

    var reply: AODVMessage.Reply? { if case .reply(let reply) = aodv { reply } else { nil } }

    var failure: AODVMessage.Failure? { if case .error(let item) = aodv { item } else { nil } }

    var olsr: OLSRPacket? { try? OLSRPacket(datagram.payload.span) }

    var dsr: DSRHeader? {
        var length = 0
        return datagram.content == .sourceRouted
            ? try? DSRHeader(datagram.payload.span, length: &length) : nil
    }
}

func milliseconds(_ value: Int64) -> Instant { Instant(nanoseconds: value * 1_000_000) }

import KosCore
import KosSimulation
import Testing

/// One packet through the six layers of its sender and of its destination, over every transport:
/// what each layer makes of it, octet for octet.
@Suite struct LayerTests {
    private static let seed: UInt64 = 5
    private static let link = LinkID(1)

    /// The layers of one node, each by itself.
    fileprivate struct Bench {
        var application: ApplicationLayer
        var session: SessionLayer
        var transport = TransportLayer()
        var network: NetworkLayer
        var dataLink: DataLinkLayer
        var physical = PhysicalLayer(seed: 9)

        init(_ keys: SimulatedKeys) {
            let verifier = SimulatedKeys.verifier(seed: LayerTests.seed)
            let author = Author(
                signer: keys, epoch: Timestamp(milliseconds: 1_700_000_000_000), seed: 3)
            let info = NodeInfo(
                name: nil, role: .leaf, capabilities: [], addresses: [], sequence: 1)
            application = ApplicationLayer(author: author)
            session = SessionLayer(
                author: author, verifier: verifier, settings: SessionLayer.Settings(), at: .zero)
            network = NetworkLayer(
                info: info, author: author, verifier: verifier, settings: NetworkLayer.Settings(),
                at: .zero)
            dataLink = DataLinkLayer(
                info: info, author: author, verifier: verifier,
                settings: DataLinkLayer.Settings())
        }

        /// The connection is up; what the layers say of themselves then is let go.
        mutating func open(_ transport: TransportType, isOutgoing: Bool, to peer: NodeID) {
            let traits = LinkTraits(
                transport: transport, remote: Endpoint(transport: transport, host: "h", port: 1),
                isOutgoing: isOutgoing)
            var bursts = Flow<Frame, Burst>()
            physical.processInbound(.opened(LayerTests.link, traits), at: .zero, into: &bursts)
            var frames = Flow<Hop, Frame>()
            for frame in bursts.up { dataLink.processInbound(frame, at: .zero, into: &frames) }
            physical.processOutbound(
                .proven(LayerTests.link, takesFragments: true), at: .zero, into: &bursts)
            var hops = Flow<Segment, Hop>()
            let measure = Measure(transport: transport, latency: 1, reliability: 1)
            network.processInbound(.neighbourUp(peer, measure), at: .zero, into: &hops)
        }
    }

    @Test(arguments: TransportType.allCases, [200, 3000])
    func everyLayerHasItsOctets(transport: TransportType, size: Int) throws {
        let source = try #require(SimulatedKeys(number: 1, seed: LayerTests.seed))
        let destination = try #require(SimulatedKeys(number: 2, seed: LayerTests.seed))
        var here = Bench(source)
        var there = Bench(destination)
        here.open(transport, isOutgoing: true, to: destination.node)
        there.open(transport, isOutgoing: false, to: source.node)
        let text = String(repeating: "é", count: size / 2)

        // Application: a packet, not signed.
        var service = Flow<Service, Dialogue>()
        here.application.processOutbound(
            .post(Message(to: destination.node.text, .string(text)), token: 1), at: .zero,
            into: &service)
        guard case .send(let packet, _) = try #require(service.down.first) else {
            Issue.record("no packet")
            return
        }
        #expect(packet.payload == .string(text) && packet.signature == nil)

        // Session: the same with a signature that holds.
        var dialogue = Flow<Dialogue, Delivery>()
        here.session.processOutbound(try #require(service.down.first), at: .zero, into: &dialogue)
        guard case .send(let signed, let persistence) = try #require(dialogue.down.first) else {
            Issue.record("nothing signed")
            return
        }
        var unsigned = signed
        unsigned.signature = nil
        #expect(unsigned == packet && persistence != nil)

        // Transport: its octets as JSON, kept until they are acknowledged.
        var delivery = Flow<Delivery, Segment>()
        here.transport.processOutbound(
            try #require(dialogue.down.first), at: .zero, into: &delivery)
        guard case .send(let octets) = try #require(delivery.down.first) else {
            Issue.record("no segment")
            return
        }
        #expect(octets == signed.wire && here.transport.unacknowledged == 1)

        // Network: one hop more, one less to go, a newline behind it, and where to.
        var segment = Flow<Segment, Hop>()
        here.network.processOutbound(try #require(delivery.down.first), at: .zero, into: &segment)
        guard case .transmit(let line, let target, 1, _) = try #require(segment.down.last) else {
            Issue.record("no hop")
            return
        }
        var travelled = signed
        travelled.metadata.hops += 1
        travelled.metadata.ttl -= 1
        #expect(target == .neighbour(destination.node))
        let sent = try JSONObject(parsing: line.span.extracting(0..<line.count - 1))
        #expect(try Packet(RecordFields(sent)) == travelled && line.last == 0x0A)

        // Data link: the same octets on a link.
        var hop = Flow<Hop, Frame>()
        here.dataLink.processOutbound(
            .transmit(line, to: .link(LayerTests.link), count: 1), at: .zero, into: &hop)
        #expect(hop.down == [.lines(LayerTests.link, line)])

        let bursts = physical(hop.down, line, over: transport, of: &here)

        // And up again, through the six layers of the destination.
        let received = there.receive(bursts)
        let arrived = try #require(received)
        #expect(arrived.id == packet.id && arrived.payload == .string(text))
        #expect(arrived.signature == signed.signature && arrived.metadata.hops == 1)
    }

    /// Physical: a stream has the line itself; where there are datagrams each fits in one.
    private func physical(
        _ frames: [Frame], _ line: [UInt8], over transport: TransportType, of here: inout Bench
    ) -> [[UInt8]] {
        var frame = Flow<Frame, Burst>()
        for unit in frames { here.physical.processOutbound(unit, at: .zero, into: &frame) }
        let bursts = frame.down.compactMap { burst -> [UInt8]? in
            if case .octets(LayerTests.link, let octets) = burst { octets } else { nil }
        }
        let traits = LinkTraits(
            transport: transport, remote: Endpoint(transport: transport, host: "h", port: 1),
            isOutgoing: true)
        if traits.isStream {
            #expect(bursts == [line])
        } else {
            #expect(bursts.count >= 1 && bursts.allSatisfy { $0.count <= traits.maxMessage })
            #expect(bursts.reduce(0) { $0 + $1.count } >= line.count - 1)
        }
        return bursts
    }
}

extension LayerTests.Bench {
    fileprivate mutating func receive(_ bursts: [[UInt8]]) -> Packet? {
        var frames = Flow<Frame, Burst>()
        for octets in bursts {
            physical.processInbound(.octets(LinkID(1), octets), at: .zero, into: &frames)
        }
        var hops = Flow<Hop, Frame>()
        for frame in frames.up { dataLink.processInbound(frame, at: .zero, into: &hops) }
        var segments = Flow<Segment, Hop>()
        for hop in hops.up { network.processInbound(hop, at: .zero, into: &segments) }
        var deliveries = Flow<Delivery, Segment>()
        for segment in segments.up {
            transport.processInbound(segment, at: .zero, into: &deliveries)
        }
        var dialogues = Flow<Dialogue, Delivery>()
        for delivery in deliveries.up {
            session.processInbound(delivery, at: .zero, into: &dialogues)
        }
        var services = Flow<Service, Dialogue>()
        for dialogue in dialogues.up {
            application.processInbound(dialogue, at: .zero, into: &services)
        }
        for case .received(let packet, _, _) in services.up { return packet }
        return nil
    }
}

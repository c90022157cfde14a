import KosCore
import Testing

@Suite struct GWMPTests {
    static let eui: UInt64 = 0x0016_C001_FF10_A235
    static let up = DatagramPeer(octets: [1])
    static let down = DatagramPeer(octets: [2])

    static func push(_ rxpk: String, token: UInt16 = 7) -> [UInt8] {
        GWMPMessage(.pushData, token: token, eui: eui, body: Array("{\"rxpk\":[\(rxpk)]}".utf8))
            .bytes
    }

    private func datagrams(
        _ bench: Bench<GWMPServer>
    ) -> [(bytes: [UInt8], peer: DatagramPeer)] {
        bench.outputs.compactMap {
            if case .datagram(let bytes, let peer) = $0 { (bytes, peer) } else { nil }
        }
    }

    /// The example of Semtech's protocol document, with its mixed base64 alphabets.
    @Test func framesOfTheProtocolsExample() throws {
        var bench = Bench(GWMPServer(try Radios.settings(), seed: 1))
        bench.feed(.opened)
        let rxpk = """
            {"time":"2013-03-31T16:21:17.528002Z","tmst":3512348611,"chan":2,"rfch":0,\
            "freq":866.349812,"stat":1,"modu":"LORA","datr":"SF7BW125","codr":"4/6","rssi":-35,\
            "lsnr":5.1,"size":32,"data":"-DS4CGaDCdG+48eJNM3Vai-zDpsR71Pn9CPA9uCON84"}
            """
        bench.feed(.datagram(GWMPTests.push(rxpk), from: GWMPTests.up))
        let frame = try #require(bench.received.first)
        #expect(frame.payload.count == 32)
        #expect(frame.frequencyHz == 866_349_800)
        #expect(frame.rssiDbm == -35 && frame.snrDb == 5.1)
        #expect(frame.modulation?.codingRate == 2)
        #expect(frame.station == "0016c001ff10a235")
        #expect(datagrams(bench).first?.bytes == [2, 7, 0, 1])
    }

    @Test func badChecksumsAndBadDataAreNotFrames() throws {
        var bench = Bench(GWMPServer(try Radios.settings(), seed: 1))
        bench.feed(
            .datagram(
                GWMPTests.push("{\"stat\":-1,\"data\":\"aGk=\"}"), from: GWMPTests.up))
        bench.feed(.datagram(GWMPTests.push("{\"data\":\"!\"},5"), from: GWMPTests.up))
        #expect(bench.received.isEmpty)
        #expect(datagrams(bench).count == 2)
    }

    @Test func downlinksGoWhereTheGatewayPullsFrom() throws {
        var bench = Bench(GWMPServer(try Radios.settings(), seed: 1))
        bench.feed(.opened)
        bench.feed(.send(OutgoingFrame(id: 5, payload: Array("hi".utf8))))
        #expect(datagrams(bench).isEmpty)
        let pull = GWMPMessage(.pullData, token: 1, eui: GWMPTests.eui).bytes
        bench.feed(.datagram(pull, from: GWMPTests.down))
        let sent = datagrams(bench)
        #expect(sent.map(\.peer) == [GWMPTests.down, GWMPTests.down])
        let order = try #require(GWMPMessage(sent[1].bytes))
        #expect(order.kind == .pullResp)
        let body = try #require(GWMPBody.order(order.body))
        #expect(body.payload == Array("hi".utf8))
        #expect(body.settings.frequencyHz == 868_100_000)
        let object = try JSONObject(parsing: order.body.span)
        #expect(object["txpk"]?.object?["ipol"]?.boolean == false)
        let ack = GWMPMessage(.txAck, token: order.token, eui: GWMPTests.eui)
        bench.feed(.datagram(ack.bytes, from: GWMPTests.down))
        #expect(bench.sent == [5])
    }

    @Test func aRefusalSaysWhy() throws {
        var bench = Bench(GWMPServer(try Radios.settings(), seed: 1))
        let pull = GWMPMessage(.pullData, token: 1, eui: GWMPTests.eui).bytes
        bench.feed(.datagram(pull, from: GWMPTests.down))
        bench.feed(.send(OutgoingFrame(id: 5, payload: [1])))
        let order = try #require(datagrams(bench).last.flatMap { GWMPMessage($0.bytes) })
        let ack = GWMPMessage(
            .txAck, token: order.token, eui: GWMPTests.eui,
            body: Array("{\"txpk_ack\":{\"error\":\"TOO_LATE\"}}".utf8))
        bench.feed(.datagram(ack.bytes, from: GWMPTests.down))
        let why = bench.outputs.compactMap {
            if case .failed(5, let fault) = $0 { fault.message } else { nil }
        }
        #expect(why == ["gateway 0016c001ff10a235 refused: TOO_LATE"])
    }

    @Test func onlyAllowedGatewaysAreHeard() throws {
        var bench = Bench(GWMPServer(try Radios.settings(), allowed: [1], seed: 1))
        bench.feed(.datagram(GWMPTests.push("{\"data\":\"aGk=\"}"), from: GWMPTests.up))
        #expect(bench.outputs.isEmpty)
        #expect(bench.modem.rejected == 1)
    }

    @Test func noGatewayIsToldAfterHalfAMinute() throws {
        var bench = Bench(GWMPServer(try Radios.settings(), seed: 1))
        bench.feed(.send(OutgoingFrame(id: 5, payload: [1])))
        bench.pass(.seconds(31))
        #expect(bench.failed == [5])
    }

    @Test func theGatewayObeysAndConfirms() throws {
        let settings = try Radios.settings()
        var gateway = GWMPGateway(eui: GWMPTests.eui, settings: settings, seed: 1)
        var outputs: [GWMPGateway.Output] = []
        gateway.handle(.opened, at: .zero, into: &outputs)
        guard case .datagram(let first) = outputs.first else {
            Issue.record("no PULL_DATA")
            return
        }
        #expect(GWMPMessage(first)?.kind == .pullData)
        outputs = []
        let body = GWMPBody.transmit([1, 2, 3], settings)
        gateway.handle(
            .datagram(GWMPMessage(.pullResp, token: 99, body: body).bytes), at: .zero,
            into: &outputs)
        #expect(outputs.count == 1)
        guard case .transmit(99, let payload, let asked) = outputs.first else {
            Issue.record("\(outputs)")
            return
        }
        #expect(payload == [1, 2, 3])
        #expect(asked.frequencyHz == settings.frequencyHz)
        outputs = []
        gateway.handle(.done(order: 99, refusal: nil), at: .zero, into: &outputs)
        guard case .datagram(let ack) = outputs.first, let message = GWMPMessage(ack) else {
            Issue.record("no TX_ACK")
            return
        }
        #expect(message.kind == .txAck && message.token == 99)
        #expect(GWMPBody.refusal(message.body) == nil)
    }
}

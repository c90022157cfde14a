import KosCore
import Testing

/// Drives a modem engine by hand: what it writes is looked at, what is fed comes from the test.
struct Bench<Engine: Modem> {
    var modem: Engine
    var now = Instant(nanoseconds: 1_000_000_000)
    var outputs: [ModemOutput] = []

    init(_ modem: Engine) { self.modem = modem }

    mutating func feed(_ input: ModemInput) { modem.handle(input, at: now, into: &outputs) }

    mutating func pass(_ duration: Duration) {
        let end = now + duration
        while let due = modem.nextDeadline, due <= end {
            now = max(now, due)
            modem.advance(to: now, into: &outputs)
        }
        now = end
        modem.advance(to: now, into: &outputs)
    }

    /// Everything written since the last call.
    mutating func written() -> [UInt8] {
        let octets = outputs.flatMap { output -> [UInt8] in
            if case .write(let octets) = output { octets } else { [] }
        }
        outputs.removeAll { if case .write = $0 { true } else { false } }
        return octets
    }

    mutating func text() -> String { String(decoding: written(), as: UTF8.self) }

    var received: [ReceivedFrame] {
        outputs.compactMap { if case .received(let frame) = $0 { frame } else { nil } }
    }
    var fault: ModemFault? {
        outputs.lazy.compactMap { if case .fault(let fault) = $0 { fault } else { nil } }.first
    }
    var isReady: Bool { outputs.contains { if case .ready = $0 { true } else { false } } }
    var sent: [UInt64] {
        outputs.compactMap { if case .sent(let id) = $0 { id } else { nil } }
    }
    var failed: [UInt64] {
        outputs.compactMap { if case .failed(let id, _) = $0 { id } else { nil } }
    }
}

enum Radios {
    static func settings(
        factor: Int = 7, bandwidthHz: Int = 125_000, powerDbm: Int = 14
    ) throws -> LoRaSettings {
        LoRaSettings(
            frequencyHz: 868_100_000,
            modulation: try LoRaModulation(spreadingFactor: factor, bandwidthHz: bandwidthHz),
            powerDbm: powerDbm)
    }
}

@Suite struct RNodeModemTests {
    static func frame(_ command: UInt8, _ data: [UInt8]) -> [UInt8] {
        KISSFraming.encode(command: command, data)
    }

    /// A modem that has been detected and confirms what it is told, except for what `lies` change.
    static func started(_ lies: [UInt8: [UInt8]] = [:]) throws -> Bench<RNodeModem> {
        var bench = Bench(RNodeModem(try Radios.settings()))
        bench.feed(.opened)
        _ = bench.written()
        bench.feed(.bytes(frame(0x08, [0x46]) + frame(0x50, [1, 86]) + frame(0x48, [0x80])))
        var decoder = KISSDecoder(limit: 64)
        var answers: [UInt8] = []
        decoder.push(bench.written()) {
            answers += frame($0.command, lies[$0.command] ?? $0.data)
        }
        bench.feed(.bytes(answers))
        return bench
    }

    @Test func isReadyWhenEverySettingReadsBack() throws {
        let bench = try RNodeModemTests.started()
        #expect(bench.isReady)
        #expect(bench.fault == nil)
    }

    @Test(
        arguments: [
            (0x01, [0x33, 0xBE, 0x00, 0x00] as [UInt8], "frequency mismatch"),
            (0x02, [0, 3, 0xD0, 0x90], "bandwidth mismatch"), (0x03, [5], "TX power mismatch"),
            (0x04, [8], "spreading factor mismatch"), (0x05, [8], "coding rate mismatch"),
            (0x06, [0], "radio state mismatch"),
        ] as [(UInt8, [UInt8], String)])
    func tellsWhatItDidNotTake(command: UInt8, answer: [UInt8], complaint: String) throws {
        let bench = try RNodeModemTests.started([command: answer])
        #expect(!bench.isReady)
        #expect(bench.fault?.code == .mismatch)
        #expect(bench.fault?.message.hasPrefix(complaint) == true)
    }

    @Test func aMuteModemIsGivenUpAfterThreeSeconds() throws {
        var bench = Bench(RNodeModem(try Radios.settings()))
        bench.feed(.opened)
        bench.pass(.milliseconds(2900))
        #expect(bench.fault == nil)
        bench.pass(.milliseconds(200))
        #expect(bench.fault?.code == .noAnswer)
    }

    @Test func oldFirmwareIsRefused() throws {
        var bench = Bench(RNodeModem(try Radios.settings()))
        bench.feed(.opened)
        bench.feed(.bytes(RNodeModemTests.frame(0x50, [1, 40])))
        #expect(bench.fault?.code == .oldFirmware)
    }

    @Test func signalStrengthsBelongToTheFrameBehindThem() throws {
        var bench = try RNodeModemTests.started()
        let frame = RNodeModemTests.frame
        bench.feed(.bytes(frame(0x23, [60]) + frame(0x24, [25]) + frame(0x00, [0xC0, 0xDB, 1])))
        bench.feed(.bytes(frame(0x00, [2])))
        #expect(bench.received.count == 2)
        #expect(bench.received.first?.payload == [0xC0, 0xDB, 1])
        #expect(bench.received.first?.rssiDbm == -97)
        #expect(bench.received.first?.snrDb == 6.25)
        #expect(bench.received.last?.rssiDbm == nil)
    }

    /// RNS sends the commands with one C0 between them; behind DATA each frame has its own.
    @Test func sharedDelimitersAreUnderstood() throws {
        var bench = try RNodeModemTests.started()
        bench.feed(.bytes([0xC0, 0x23, 60, 0xC0, 0x24, 25, 0xC0, 0x00, 7, 0xC0]))
        #expect(bench.received.map(\.payload) == [[7]])
        bench.feed(.bytes([1, 2, 3, 0xC0, 0x00, 8, 0xC0]))
        #expect(bench.received.map(\.payload) == [[7], [8]])
    }

    @Test func roomIsAskedForBeforeMoreThanAFewFrames() throws {
        var bench = try RNodeModemTests.started()
        _ = bench.written()
        for id in 1...10 {
            bench.feed(.send(OutgoingFrame(id: UInt64(id), payload: [UInt8(id)])))
        }
        #expect(bench.sent == [1, 2, 3, 4])
        #expect(bench.modem.queueLength == 6)
        bench.feed(.bytes(RNodeModemTests.frame(0x0F, [0])))
        #expect(bench.sent.count == 4)
        bench.pass(.milliseconds(25))
        bench.feed(.bytes(RNodeModemTests.frame(0x0F, [1])))
        #expect(bench.sent.count >= 5)
    }

    @Test func aModemThatStopsAnsweringIsStalled() throws {
        var bench = try RNodeModemTests.started()
        for id in 1...6 { bench.feed(.send(OutgoingFrame(id: UInt64(id), payload: [1]))) }
        bench.pass(.seconds(5))
        #expect(bench.fault?.code == .stalled)
    }

    @Test func halfAFrameAndSilenceDoNotSpoilTheNext() throws {
        var bench = try RNodeModemTests.started()
        bench.feed(.bytes([0xC0, 0x00, 1, 2, 3]))
        bench.pass(.seconds(2))
        bench.feed(.bytes([0xC0, 0x00, 9, 0xC0]))
        #expect(bench.received.map(\.payload) == [[9]])
    }

    @Test func airTimeCountsTheHeaderAndTheSplit() throws {
        let modem = RNodeModem(try Radios.settings(factor: 11))
        #expect(!modem.modulation.lowDataRateOptimize)
        #expect(modem.modulation.preambleSymbols == 18)
        let first = TimeOnAir(clamping: 255, modem.modulation).microseconds
        let rest = TimeOnAir(clamping: 47, modem.modulation).microseconds
        #expect(modem.airtime(of: 300) == first + rest)
    }
}

@Suite struct KISSModemTests {
    @Test func meshCoreIsReadBackAndItsReportsArePaired() throws {
        var bench = Bench(KISSModem(try Radios.settings(), dialect: .meshcore))
        bench.feed(.opened)
        let answer: ([UInt8]) -> [UInt8] = { KISSFraming.encode(command: 0x06, $0) }
        bench.feed(.bytes(answer([0x97])))
        let radio: [UInt8] = [0xA0, 0x27, 0xBE, 0x33, 0x48, 0xE8, 1, 0, 7, 5]
        bench.feed(.bytes(answer([0x8B] + radio) + answer([0x8C, 14])))
        #expect(bench.isReady)
        bench.feed(.bytes(KISSFraming.encode(command: 0, [1]) + answer([0xF9, 20, 0x9F])))
        bench.feed(.bytes(KISSFraming.encode(command: 0, [2])))
        #expect(bench.received.map(\.payload) == [[1]])
        #expect(bench.received.first?.snrDb == 5)
        #expect(bench.received.first?.rssiDbm == -97)
        bench.pass(.milliseconds(300))
        #expect(bench.received.map(\.payload) == [[1], [2]])
        bench.feed(.send(OutgoingFrame(id: 9, payload: [3])))
        #expect(bench.sent.isEmpty)
        bench.feed(.bytes(answer([0xF8, 1])))
        #expect(bench.sent == [9])
    }

    @Test func aMeshCoreModemWithOtherSettingsIsAFault() throws {
        var bench = Bench(KISSModem(try Radios.settings(), dialect: .meshcore))
        bench.feed(.opened)
        let answer: ([UInt8]) -> [UInt8] = { KISSFraming.encode(command: 0x06, $0) }
        bench.feed(.bytes(answer([0x97])))
        bench.feed(.bytes(answer([0x8B, 0xA0, 0x27, 0xBE, 0x33, 0x48, 0xE8, 1, 0, 8, 5])))
        #expect(bench.fault?.message.hasPrefix("spreading factor mismatch") == true)
    }
}

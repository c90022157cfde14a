import KosCore
import Testing

@Suite struct ATModemTests {
    /// Answers every command as a well-behaved module does, until the modem is ready.
    static func started(
        _ dialect: ATDialect, isRaw: Bool = false, lie: (String) -> String? = { _ in nil }
    ) throws -> Bench<ATModem> {
        var bench = Bench(ATModem(try Radios.settings(), dialect: dialect, isRaw: isRaw))
        var kept: [String: String] = [:]
        bench.feed(.opened)
        for _ in 0..<200 where !bench.isReady && bench.fault == nil {
            let lines = bench.text().split(whereSeparator: { $0 == "\r\n" || $0 == "\n" })
            for line in lines.map(String.init) {
                let answer = lie(line) ?? ATModemTests.answer(dialect, line, &kept)
                bench.feed(.bytes(Array((answer + "\r\n").utf8)))
            }
        }
        return bench
    }

    private static func answer(
        _ dialect: ATDialect, _ line: String, _ kept: inout [String: String]
    ) -> String {
        switch dialect {
        case .rylr:
            if line.hasSuffix("?") {
                let name = String(line.dropFirst(3).dropLast())
                return "+\(name)=\(kept[name] ?? "0")"
            }
            let parts = line.dropFirst(3).split(separator: "=", maxSplits: 1).map(String.init)
            if parts.count == 2 { kept[parts[0]] = parts[1] }
            return "+OK"
        case .rui3:
            if line == "AT+P2P=?" { return "AT+P2P=\(kept["P2P"] ?? "")\r\nOK" }
            if line.hasPrefix("AT+P2P=") { kept["P2P"] = String(line.dropFirst(7)) }
            return "OK"
        case .rn2xx3:
            if line == "mac pause" { return "4294967245" }
            let words = line.split(separator: " ").map(String.init)
            if words.count == 4, words[1] == "set" { kept[words[2]] = words[3] }
            if words.count == 3, words[1] == "get" { return kept[words[2]] ?? "0" }
            return "ok"
        case .rf95: return "+OK"
        }
    }

    @Test(arguments: ATDialect.allCases) func becomesReady(dialect: ATDialect) throws {
        let bench = try ATModemTests.started(dialect)
        #expect(bench.isReady, "\(dialect): \(bench.outputs)")
    }

    @Test func aSettingThatReadsBackOtherwiseIsAFault() throws {
        let rylr = try ATModemTests.started(.rylr) {
            $0 == "AT+BAND?" ? "+BAND=915000000" : nil
        }
        #expect(rylr.fault?.message.hasPrefix("frequency mismatch") == true)
        let rn = try ATModemTests.started(.rn2xx3) { $0 == "radio get sf" ? "sf12" : nil }
        #expect(rn.fault?.message.hasPrefix("spreading factor mismatch") == true)
        let rui3 = try ATModemTests.started(.rui3) {
            $0 == "AT+P2P=?" ? "AT+P2P=868100000:12:0:0:8:14" : nil
        }
        #expect(rui3.fault?.code == .mismatch)
    }

    @Test(arguments: ATDialect.allCases) func nothingAnswers(dialect: ATDialect) throws {
        var bench = Bench(ATModem(try Radios.settings(), dialect: dialect))
        bench.feed(.opened)
        bench.pass(.seconds(10))
        #expect(bench.fault?.code == .noAnswer)
    }

    @Test func reyaxFramesAreCutByTheirLength() throws {
        var bench = try ATModemTests.started(.rylr)
        bench.feed(.bytes(Array("+RCV=50,5,a,b,c,-99,40\r\n".utf8)))
        #expect(bench.received.first?.payload == Array("a,b,c".utf8))
        #expect(bench.received.first?.rssiDbm == -99)
        #expect(bench.received.first?.snrDb == 40)
        bench.feed(.bytes(Array("+RCV=50,900,a,-99,40\r\n+RCV=1,2\r\n+RCV=\r\n".utf8)))
        #expect(bench.received.count == 1)
    }

    @Test func octetsCrossATextModem() throws {
        var bench = try ATModemTests.started(.rylr)
        _ = bench.text()
        bench.feed(.send(OutgoingFrame(id: 1, payload: [0, 13, 10, 44, 255])))
        let command = bench.text()
        #expect(command == "AT+SEND=0,8,~AA0KLP8\r\n")
        bench.feed(.bytes(Array("+OK\r\n".utf8)))
        #expect(bench.sent == [1])
        bench.feed(.bytes(Array("+RCV=0,8,~AA0KLP8,-40,9\r\n".utf8)))
        #expect(bench.received.first?.payload == [0, 13, 10, 44, 255])
    }

    @Test func sentIsWhatTheModemSays() throws {
        var bench = try ATModemTests.started(.rui3)
        _ = bench.text()
        bench.feed(.send(OutgoingFrame(id: 1, payload: [1, 2])))
        #expect(bench.text() == "AT+PSEND=0102\r\n")
        bench.feed(.bytes(Array("AT_BUSY_ERROR\r\n".utf8)))
        bench.pass(.milliseconds(150))
        #expect(bench.text() == "AT+PSEND=0102\r\n")
        bench.feed(.bytes(Array("OK\r\n".utf8)))
        #expect(bench.sent.isEmpty)
        bench.feed(.bytes(Array("+EVT:TXP2P DONE\r\n".utf8)))
        #expect(bench.sent == [1])
        bench.feed(.bytes(Array("+EVT:RXP2P:-60:8:C0DB\r\n".utf8)))
        #expect(bench.received.first?.payload == [0xC0, 0xDB])
    }

    @Test func microchipListensAgainAfterEachFrame() throws {
        var bench = try ATModemTests.started(.rn2xx3)
        _ = bench.text()
        bench.feed(.bytes(Array("radio_rx  48690A\r\n".utf8)))
        #expect(bench.text() == "radio get snr\r\n")
        bench.feed(.bytes(Array("-7\r\n".utf8)))
        #expect(bench.received.first?.payload == [0x48, 0x69, 0x0A])
        #expect(bench.received.first?.snrDb == -7)
        #expect(bench.text() == "radio rx 0\r\n")
    }

    @Test func whatADialectCannotSayIsRefused() throws {
        var bench = Bench(
            ATModem(try Radios.settings(factor: 12), dialect: .rylr))
        bench.feed(.opened)
        #expect(bench.fault?.code == .unsupported)
        var narrow = Bench(
            ATModem(try Radios.settings(factor: 8, bandwidthHz: 62_500), dialect: .rf95))
        narrow.feed(.opened)
        #expect(narrow.fault?.code == .unsupported)
    }
}

@Suite struct EbyteModemTests {
    @Test func framesComeBackAndDamagedOnesDoNot() throws {
        var bench = Bench(EbyteModem(try Radios.settings()))
        bench.feed(.opened)
        bench.feed(.send(OutgoingFrame(id: 1, payload: [0xC0, 0xDB, 7])))
        let wire = bench.written()
        bench.feed(.bytes([1, 2, 3] + wire))
        #expect(bench.received.map(\.payload) == [[0xC0, 0xDB, 7]])
        var bad = wire
        bad[5] ^= 1
        bench.feed(.bytes(bad))
        #expect(bench.received.count == 1)
        #expect(bench.modem.damaged == 1)
    }

    @Test func checksumsAreThePublishedOnes() {
        #expect(RadioChecksum.crc16(Array("123456789".utf8)) == 0x29B1)
        #expect(CRC32.sum(Array("123456789".utf8)) == 0xCBF4_3926)
    }
}

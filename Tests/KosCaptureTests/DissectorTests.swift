import KosCapture
import KosCore
import Testing

@Suite struct DissectorTests {
    private func frame(_ octets: [UInt8], _ link: Int = 1) throws -> CapturedFrame {
        try #require(ReadCapture(Octets.pcap([octets], link: link)).frames.first)
    }
    private func names(_ frame: CapturedFrame) -> String {
        (0..<frame.protocols.count).map { frame.protocols[$0].name.description }
            .joined(separator: ":")
    }

    @Test func addressesAndPorts() throws {
        let found = try frame(
            Octets.ethernet(Octets.ip(Octets.udp([1, 2, 3], from: 5, to: 6), protocol: 17)))
        #expect(names(found) == "eth:ip:udp")
        #expect(found.source.text == "10.0.0.1")
        #expect(found.destination.text == "10.0.0.2")
        #expect(found.sourcePort == 5)
        #expect(found.destinationPort == 6)
        #expect(found.payload.count == 3)
        #expect(found.malformed == .none)
    }

    @Test func tunnelsGiveTheInnermost() throws {
        let inner = Octets.ip(
            Octets.udp([0], from: 7, to: 8), protocol: 17, from: [192, 168, 0, 1])
        let vxlan = Octets.udp([8, 0, 0, 0, 0, 0, 1, 0] + Octets.ethernet(inner), to: 4789)
        #expect(
            names(try frame(Octets.ethernet(Octets.ip(vxlan, protocol: 17))))
                == "eth:ip:udp:vxlan:eth:ip:udp")
        let gre = [0, 0, 0x08, 0x00] + inner
        let found = try frame(
            Octets.ethernet(
                Octets.be16(5) + Octets.be16(0x0800) + Octets.ip(gre, protocol: 47), type: 0x8100))
        #expect(names(found) == "eth:vlan:ip:gre:ip:udp")
        #expect(found.source.text == "192.168.0.1")
        #expect(found.sourcePort == 7)
    }

    @Test func linkTypes() throws {
        let ip = Octets.ip(Octets.udp([0]), protocol: 17)
        #expect(names(try frame(ip, 101)) == "raw:ip:udp")
        #expect(names(try frame([2, 0, 0, 0] + ip, 0)) == "null:ip:udp")
        #expect(names(try frame([0, 0, 0, 2] + ip, 108)) == "null:ip:udp")
        let cooked = [0, 4, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 8, 0] + ip
        #expect(names(try frame(cooked, 113)) == "sll:ip:udp")
        let cooked2 = [8, 0, 0, 0, 0, 0, 0, 3, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0] + ip
        let found = try frame(cooked2, 276)
        #expect(names(found) == "sll:ip:udp")
        #expect(found.systemInterface == 3)
    }

    @Test func extensionHeadersAndDepth() throws {
        func ipv6(_ next: UInt8, _ payload: [UInt8]) -> [UInt8] {
            [0x60, 0, 0, 0] + Octets.be16(payload.count) + [next, 64]
                + [UInt8](repeating: 0, count: 15) + [1] + [UInt8](repeating: 0, count: 15) + [2]
                + payload
        }
        let options: [UInt8] = [60, 0, 0, 0, 0, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0, 0]
        let found = try frame(ipv6(0, options + Octets.udp([1])), 229)
        #expect(names(found) == "raw:ipv6:udp")
        #expect(found.source.text == "::1")
        var nested = Octets.ip(Octets.udp([1]), protocol: 17)
        for _ in 0..<500 { nested = Octets.ip(nested, protocol: 4) }
        #expect(try frame(nested, 101).isTooDeep)
        var many: [UInt8] = []
        for _ in 0..<200 { many += [60, 0, 0, 0, 0, 0, 0, 0] }
        #expect(try frame(ipv6(60, many), 229).isTooDeep)
        var tags: [UInt8] = []
        for _ in 0..<300 { tags += [0, 1, 0x81, 0] }
        #expect(try frame(Octets.ethernet(tags, type: 0x8100)).isTooDeep)
    }

    @Test func cutOffIsMalformed() throws {
        let whole = Octets.ethernet(
            Octets.ip(Octets.tcp([], sequence: 1), protocol: 6))
        #expect(try frame(Array(whole[..<10])).malformed == .eth)
        #expect(try frame(Array(whole[..<20])).malformed == .ip)
        #expect(try frame(Array(whole[..<40])).malformed == .tcp)
        #expect(try frame(whole).malformed == .none)
        for length in 0..<whole.count { _ = try frame(Array(whole[..<length])) }
    }

    @Test func fragmentsHaveNoPortsBehindTheFirst() throws {
        let later = try frame(
            Octets.ethernet(Octets.ip([1, 2, 3, 4, 5, 6, 7, 8], protocol: 17, fragment: 10)))
        #expect(!later.hasPorts)
        #expect(later.isFragment)
        #expect(names(later) == "eth:ip")
    }

    @Test(arguments: [
        ("2001:db8::1", "2001:db8::1"), ("::", "::"), ("1::", "1::"),
        ("::ffff:1.2.3.4", "::ffff:1.2.3.4"),
        ("1:0:0:2:0:0:0:3", "1:0:0:2::3"), ("1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"),
        ("02:00:00:00:00:0a", "02:00:00:00:00:0a"), ("10.1.2.255", "10.1.2.255"),
    ])
    func addressText(given: String, written: String) {
        #expect(FrameAddress(text: given)?.text == written)
    }

    @Test(arguments: [
        "1.2.3", "1.2.3.256", ":::", "1:2:3", "12345::", "g::", "1::2::3", ":1", "1:",
        ":1:2:3:4:5:6:7",
    ])
    func wrongAddresses(text: String) {
        #expect(FrameAddress(text: text) == nil)
    }
}

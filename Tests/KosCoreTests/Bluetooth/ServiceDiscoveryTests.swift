import KosCore
import Testing

/// Data elements and transactions of the Service Discovery Protocol, with the examples of the Core
/// Specification (Vol 3 Part B §3.3 and Appendix B).
@Suite struct ServiceDiscoveryTests {
    private static func octets(_ hex: String) -> [UInt8] {
        Hexadecimal.decode(hex.filter { $0 != " " }) ?? []
    }

    @Test(arguments: [
        (DataElement.null, "00"), (.signed([0x12, 0x34]), "11 1234"),
        // The three characters "Hat".
        (.text(Array("Hat".utf8)), "25 03 48 61 74"), (.uuid16(0x0100), "19 0100"),
        (.unsigned([0x0A]), "08 0A"), (.boolean(true), "28 01"),
        // ProtocolDescriptorList of RFCOMM on channel 1.
        (
            .sequence([
                .sequence([.uuid16(0x0100)]), .sequence([.uuid16(0x0003), .unsigned([1])]),
            ]), "35 0C 35 03 19 0100 35 05 19 0003 08 01"
        ),
    ])
    func elementsOfTheSpecification(_ element: DataElement, _ hex: String) {
        let octets = ServiceDiscoveryTests.octets(hex)
        #expect(element.octets == octets)
        #expect(DataElement(octets) == element)
        for count in 0..<octets.count { #expect(DataElement(Array(octets.prefix(count))) == nil) }
        #expect(DataElement(octets + [0]) == nil)
    }

    @Test func longTextsHaveLongHeads() {
        for count in [255, 256, 65_535, 65_536] {
            let element = DataElement.text([UInt8](repeating: 0x41, count: count))
            #expect(DataElement(element.octets) == element)
        }
        #expect(DataElement(ServiceDiscoveryTests.octets("37 FFFFFFFF 00")) == nil)
        // Sequences within sequences, deeper than anybody needs.
        var deep = DataElement.null
        for _ in 0..<12 { deep = .sequence([deep]) }
        #expect(DataElement(deep.octets) == nil)
    }

    private static func directory() -> ServiceDirectory {
        var directory = ServiceDirectory()
        directory.records = [
            ServiceRecord(handle: 0x10001, name: "alpha", at: .classic(psm: 0x1081)),
            ServiceRecord(handle: 0x10002, name: "alpha", at: .serial(channel: 3)),
        ].compactMap { $0 }
        return directory
    }

    /// Asks in as many transactions as it takes; nil when it failed.
    private static func ask(
        _ directory: ServiceDirectory, service: [UInt8], limit: Int
    ) -> [ServiceRecord]? {
        var query = ServiceQuery(service: service, transaction: 0xFFFF)
        var request = query.request
        for _ in 0..<100 {
            switch query.take(directory.answer(to: request, limit: limit)) {
            case .ask(let next): request = next
            case .records(let records): return records
            case .failed: return nil
            }
        }
        return nil
    }

    @Test(arguments: [48, 64, 672, 4096])
    func recordsAreFoundInPieces(_ limit: Int) throws {
        let records = try #require(
            ServiceDiscoveryTests.ask(
                ServiceDiscoveryTests.directory(), service: ServiceAdvertisement.service,
                limit: limit))
        #expect(records == ServiceDiscoveryTests.directory().records)
        #expect(records.map(\.port) == [.classic(psm: 0x1081), .serial(channel: 3)])
        #expect(records.first?.name == "alpha")
        let none = ServiceDiscoveryTests.ask(
            ServiceDiscoveryTests.directory(), service: Array(repeating: 1, count: 16), limit: 672)
        #expect(none == [])
    }

    /// Appendix B.1: a search for a service by its class, at most so many handles.
    @Test func handlesAreFound() {
        let request = ServiceDiscoveryTests.octets(
            "02 0005 0008" + "3503 19 1002" + "0010" + "00")
        let answer = ServiceDiscoveryTests.directory().answer(to: request, limit: 672)
        #expect(
            answer
                == ServiceDiscoveryTests.octets(
                    "03 0005 000D 0002 0002 00010001 00010002 00"))
    }

    @Test func attributesOfAHandleAreTold() {
        let request = ServiceDiscoveryTests.octets(
            "04 0007 000C 00010002 FFFF 3503 09 0004 00")
        let answer = ServiceDiscoveryTests.directory().answer(to: request, limit: 672)
        #expect(answer.prefix(7) == ServiceDiscoveryTests.octets("05 0007 0016 0013")[...])
        let unknown = ServiceDiscoveryTests.octets("04 0007 000C 00019999 FFFF 3503 09 0004 00")
        #expect(
            ServiceDiscoveryTests.directory().answer(to: unknown, limit: 672)
                == ServiceDiscoveryTests.octets("01 0007 0002 0002"))
    }

    @Test func requestsCutAnywhereAreRefused() {
        let request = ServiceQuery(service: ServiceAdvertisement.service, transaction: 9).request
        let directory = ServiceDiscoveryTests.directory()
        for count in 0..<request.count {
            var cut = Array(request.prefix(count))
            #expect(directory.answer(to: cut, limit: 672).first == 1)
            guard count >= 5 else { continue }
            cut[3] = 0
            cut[4] = UInt8(count - 5)
            #expect(directory.answer(to: cut, limit: 672).first == 1)
        }
        let answer = directory.answer(to: request, limit: 672)
        for count in 0..<answer.count {
            var query = ServiceQuery(service: ServiceAdvertisement.service, transaction: 9)
            #expect(query.take(Array(answer.prefix(count))) == .failed)
        }
    }
}

import KosCore
import Testing

/// Advertising data and addresses against the examples of the Core Specification Supplement.
@Suite struct AdvertisingDataTests {
    private static func octets(_ hex: String) -> [UInt8] {
        Hexadecimal.decode(hex.filter { $0 != " " }) ?? []
    }

    /// Supplement, Part A §2: flags "limited discoverable", and the name "Pedometer".
    @Test func theExampleOfTheSpecificationIsRead() {
        let data = AdvertisingData(
            AdvertisingDataTests.octets("02 01 01 0A 09 50 65 64 6F 6D 65 74 65 72"))
        #expect(data.flags == 1)
        #expect(data.name == "Pedometer")
        #expect(!data.isTruncated)
        #expect(
            data.octets == AdvertisingDataTests.octets("0201010A095065646F6D65746572"))
    }

    /// What iBeacon and Eddystone frames in the wild look like: manufacturer data, a list of UUIDs,
    /// transmit power.
    @Test func structuresOfOthersAreKept() {
        let beacon = AdvertisingDataTests.octets(
            "02011A 1AFF4C000215 E2C56DB5DFFB48D2B060D0F5A71096E0 00000000 C5")
        #expect(AdvertisingData(beacon).structures.map(\.type) == [0x01, 0xFF])
        #expect(AdvertisingData(beacon).octets == beacon)
        #expect(AdvertisingData(AdvertisingDataTests.octets("020AF4")).transmitPower == -12)
        #expect(AdvertisingData(AdvertisingDataTests.octets("0408 6B6F73")).name == "kos")
    }

    @Test func theRestAfterAnEarlyEndIsZero() {
        let data = AdvertisingData(AdvertisingDataTests.octets("020106 00 0000000000"))
        #expect(data.structures.count == 1)
        #expect(!data.isTruncated)
    }

    @Test func theNodesServiceFitsIntoALegacyAdvertisement() throws {
        let id = (0..<16).map { UInt8($0) }
        let service = ServiceAdvertisement(isRelay: true, psm: 0x80, id: id)
        // Three octets of flags are the kernel's.
        let short = service.advertisement(room: 31)
        #expect(short.octets.count == 28)
        #expect(
            AdvertisingDataTests.octets(
                "1B21 C3C1F96D628F4BA1764653204E8AEB2C 11 80 0001020304050607") == short.octets)
        #expect(short.service?.id == Array(id.prefix(8)))
        #expect(short.service?.psm == 0x80)
        #expect(short.service?.isRelay == true)
        #expect(service.advertisement(room: 251).service == service)
        // Beside each other the longer id is taken.
        var both = short
        both.structures += service.advertisement(room: 251).structures
        #expect(both.service == service)
    }

    @Test func aNameIsCutBetweenCharacters() {
        let name = String(repeating: "ä", count: 20)
        let response = ServiceAdvertisement.response(name: name)
        #expect(response.octets.count <= 31)
        #expect(response.name == String(repeating: "ä", count: 14))
        #expect(response.structures.first?.type == AdvertisingData.Kind.shortName)
        #expect(ServiceAdvertisement.response(name: "kos").structures.first?.type == 0x09)
        #expect(ServiceAdvertisement.response(name: nil).octets.isEmpty)
    }

    @Test func dataCutAnywhereIsNoTrap() {
        let service = ServiceAdvertisement(
            isRelay: false, psm: 0xFF, id: Array(repeating: 7, count: 16))
        var data = service.advertisement(room: 251)
        data.append(AdvertisingData.Kind.name, Array("somebody".utf8))
        let whole = data.octets
        for count in 0..<whole.count {
            let cut = AdvertisingData(Array(whole.prefix(count)))
            let isWhole = count == 0 || count == 36
            #expect(cut.isTruncated != isWhole)
            #expect(cut.service == nil || cut.service == service)
            #expect(cut.name == nil)
        }
    }

    @Test func foreignServiceDataIsNotTaken() {
        #expect(ServiceAdvertisement([]) == nil)
        let good = ServiceAdvertisement(isRelay: false, psm: 0x80, id: Array(0..<8)).data
        #expect(ServiceAdvertisement(good) != nil)
        for (place, octet) in [(0, UInt8(0)), (16, 0x20), (17, 0x7F)] {
            var bad = good
            bad[place] = octet
            #expect(ServiceAdvertisement(bad) == nil)
        }
        #expect(ServiceAdvertisement(good + [1]) == nil)
    }

    @Test func addressesAreReadAndWritten() throws {
        let address = try #require(BluetoothAddress("00:aa-01:01:00:01"))
        #expect(address.description == "00:AA:01:01:00:01")
        #expect(address.reversed == [1, 0, 1, 1, 0xAA, 0])
        #expect(BluetoothAddress(reversed: address.reversed) == address)
        let random = try #require(BluetoothAddress("C0:11:22:33:44:55/random"))
        #expect(random.isRandom && random.description == "C0:11:22:33:44:55/random")
        for text in ["", "hci0", "00:AA:01:01:00", "00:AA:01:01:00:01:02", "+1:AA:01:01:00:01"] {
            #expect(BluetoothAddress(text) == nil)
        }
    }

    @Test func endpointsNameTheChannel() throws {
        let text = "bluetooth://AA:BB:CC:DD:EE:FF?adapter=hci1&psm=128"
        let endpoint = try #require(Endpoint(text))
        #expect(endpoint.port == 128 && endpoint.host == "AA:BB:CC:DD:EE:FF")
        #expect(endpoint.description == text)
        #expect(Endpoint("bluetooth://AA:BB:CC:DD:EE:FF?channel=3")?.port == 3)
        #expect(Endpoint("bluetooth://AA:BB:CC:DD:EE:FF")?.port == 0)
        for bad in [
            "psm=1", "psm=127", "psm=256", "psm=4352", "channel=31", "channel=128", "psm=x",
        ] {
            #expect(Endpoint("bluetooth://AA:BB:CC:DD:EE:FF?\(bad)") == nil)
        }
        let address = PeerAddress(type: .bluetooth, address: "AA:BB:CC:DD:EE:FF", port: 4225)
        #expect(address.uri == "bluetooth://AA:BB:CC:DD:EE:FF?psm=4225")
        #expect(Endpoint(address.uri)?.peerAddress == address)
    }
}

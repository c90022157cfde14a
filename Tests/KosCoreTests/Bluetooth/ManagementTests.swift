import KosCore
import Testing

/// Messages of the kernel's management interface, as BlueZ's doc/mgmt-api.txt lays them out.
@Suite struct ManagementTests {
    private static func octets(_ hex: String) -> [UInt8] {
        Hexadecimal.decode(hex.filter { $0 != " " }) ?? []
    }
    private static func hex(_ octets: [UInt8]) -> String {
        String(decoding: Hexadecimal.encode(octets), as: UTF8.self)
    }

    @Test(arguments: [
        (ManagementCommand.readVersion, UInt16(0xFFFF), "0100FFFF0000"),
        (.readIndexList, 0xFFFF, "0300FFFF0000"), (.readInformation, 1, "040001000000"),
        (.setPowered(true), 0, "05000000010001"),
        (.setDiscoverable(1, timeout: 120), 0, "06000000030001" + "7800"),
        (.setConnectable(false), 2, "07000200010000"), (.setLowEnergy(true), 0, "0D000000010001"),
        (.startDiscovery(6), 0, "23000000010006"), (.stopDiscovery(6), 0, "24000000010006"),
        (.readAdvertisingFeatures, 0, "3D0000000000"),
        (.removeAdvertising(instance: 3), 0, "3F000000010003"),
    ])
    func commandsAreLaidOut(_ command: ManagementCommand, _ index: UInt16, _ expected: String) {
        #expect(ManagementTests.hex(command.octets(index: index)) == expected)
    }

    @Test func anAdvertisementIsLaidOut() {
        let wanted = ManagementCommand.Advertising(
            instance: 1, flags: 0x83, timeout: 120, data: [2, 1, 6],
            response: [4, 9, 0x6B, 0x6F, 0x73])
        let octets = ManagementCommand.addAdvertising(wanted).octets(index: 0)
        #expect(
            ManagementTests.hex(octets)
                == "3E0000001300" + "01" + "83000000" + "0000" + "7800" + "0305" + "020106"
                + "04096B6F73")
        #expect(ManagementCommand.setLocalName("kos").octets(index: 0).count == 6 + 260)
    }

    /// A found device as the kernel told it in a guest (address, kind, RSSI, flags, EIR).
    private static let found = octets(
        "1200 0000 1B00 010001 01AA00 01 C4 00000000 0D00 020106 09086B6F732D7065" + "6572")

    @Test func aFoundDeviceIsRead() throws {
        let event = try #require(ManagementEvent(ManagementTests.found))
        guard case .found(let device) = event.content else {
            Issue.record("no found device")
            return
        }
        #expect(event.index == 0)
        #expect(device.address.description == "00:AA:01:01:00:01")
        #expect(device.isLowEnergy && device.rssi == -60)
        #expect(device.data.flags == 6 && device.data.name == "kos-peer")
        var unknown = ManagementTests.found
        unknown[13] = 127
        guard case .found(let other) = ManagementEvent(unknown)?.content else {
            Issue.record("no found device")
            return
        }
        #expect(other.rssi == nil)
    }

    @Test func everyEventCutAnywhereIsNil() {
        let events = [
            ManagementTests.found, ManagementTests.octets("0100 FFFF 0600 0100 00 011600"),
            ManagementTests.octets("0200 0000 0300 2300 0F"),
            ManagementTests.octets("0600 0000 0400 81020000"),
            ManagementTests.octets("1300 0000 0200 06 01"),
        ]
        for event in events {
            #expect(ManagementEvent(event) != nil)
            for count in 0..<event.count {
                #expect(ManagementEvent(Array(event.prefix(count))) == nil)
                // The same with a length that agrees.
                var shorter = Array(event.prefix(count))
                guard count >= 6 else { continue }
                shorter[4] = UInt8(count - 6)
                let content = ManagementEvent(shorter)?.content
                if case .found = content { Issue.record("a device in \(count) octets") }
            }
        }
    }

    @Test func answersTellWhatAnAdapterCan() throws {
        let event = try #require(
            ManagementEvent(ManagementTests.octets("0200 0000 0300 2300 0F")))
        #expect(
            event.content
                == .answer(opcode: 0x23, status: ManagementStatus.notPowered, []))
        var information = ManagementTests.octets("0000000100AA 09 F105 FFBE0100 81020000 000000")
        information[0] = 0x01
        information += Array("laptop".utf8) + [UInt8](repeating: 0, count: 254)
        #expect(information.count == 280)
        let adapter = try #require(AdapterInformation(information))
        #expect(adapter.current == [.powered, .classic, .lowEnergy])
        #expect(adapter.supported.contains(.connectable))
        #expect(adapter.name == "laptop")
        for count in 0..<280 {
            #expect(AdapterInformation(Array(information.prefix(count))) == nil)
        }
    }

    @Test func aFreeInstanceIsFound() {
        let some = AdvertisingFeatures(ManagementTests.octets("FF010000 1F 1F 03 02 01 03"))
        #expect(some?.freeInstance == 2 && some?.room == 31 && some?.flags == 0x1FF)
        #expect(
            AdvertisingFeatures(ManagementTests.octets("FF010000 FB FB 02 02 01 02"))?.freeInstance
                == nil)
        #expect(
            AdvertisingFeatures(ManagementTests.octets("FF010000 FB FB 00 00"))?.freeInstance == nil
        )
        #expect(AdvertisingFeatures(ManagementTests.octets("FF010000 FB FB 02 02 01")) == nil)
    }
}

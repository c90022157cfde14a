/// The kernel's management interface of Bluetooth (BlueZ doc/mgmt-api.txt): every message is an
/// opcode or event, an adapter's index and a length, little-endian, and its parameters.
package enum ManagementCommand: Hashable, Sendable {
    case readVersion, readIndexList
    case readInformation, readAdvertisingFeatures
    case setPowered(Bool), setConnectable(Bool), setLowEnergy(Bool), setClassic(Bool)
    /// 0 off, 1 general, 2 limited; s, 0 for ever.
    case setDiscoverable(UInt8, timeout: UInt16)
    case setLocalName(String)
    /// Bits: 1 classic, 2 Low Energy with public and 4 with random addresses.
    case startDiscovery(UInt8), stopDiscovery(UInt8)
    case addAdvertising(Advertising)
    case removeAdvertising(instance: UInt8)

    package struct Advertising: Hashable, Sendable {
        package enum Flag {
            package static let connectable: UInt32 = 1 << 0
            package static let discoverable: UInt32 = 1 << 1
            package static let flagsField: UInt32 = 1 << 3
            /// Extended advertising, on the 1M PHY.
            package static let secondary1M: UInt32 = 1 << 7
        }
        package var instance: UInt8
        package var flags: UInt32
        /// s until the kernel drops it by itself; 0 for never.
        package var timeout: UInt16
        package var data: [UInt8]
        package var response: [UInt8]

        package init(
            instance: UInt8, flags: UInt32, timeout: UInt16, data: [UInt8], response: [UInt8]
        ) {
            self.instance = instance
            self.flags = flags
            self.timeout = timeout
            self.data = data
            self.response = response
        }
    }

    /// The index that stands for no adapter.
    package static let noIndex: UInt16 = 0xFFFF

    package var opcode: UInt16 {
        switch self {
        case .readVersion: 0x01
        case .readIndexList: 0x03
        case .readInformation: 0x04
        case .setPowered: 0x05
        case .setDiscoverable: 0x06
        case .setConnectable: 0x07
        case .setLowEnergy: 0x0D
        case .setLocalName: 0x0F
        case .startDiscovery: 0x23
        case .stopDiscovery: 0x24
        case .setClassic: 0x2A
        case .readAdvertisingFeatures: 0x3D
        case .addAdvertising: 0x3E
        case .removeAdvertising: 0x3F
        }
    }

    private var parameters: [UInt8] {
        switch self {
        case .readVersion, .readIndexList, .readInformation, .readAdvertisingFeatures: return []
        case .setPowered(let isOn), .setConnectable(let isOn), .setLowEnergy(let isOn),
            .setClassic(let isOn):
            return [isOn ? 1 : 0]
        case .setDiscoverable(let mode, let timeout): return [mode] + LittleEndian.octets(timeout)
        case .setLocalName(let name):
            // 249 octets with their zero, then 11 for a short name.
            let text = Array(name.utf8.prefix(248))
            return text + [UInt8](repeating: 0, count: 260 - text.count)
        case .startDiscovery(let types), .stopDiscovery(let types): return [types]
        case .addAdvertising(let wanted):
            return [wanted.instance] + LittleEndian.octets(wanted.flags) + [0, 0]
                + LittleEndian.octets(wanted.timeout)
                + [
                    UInt8(truncatingIfNeeded: wanted.data.count),
                    UInt8(truncatingIfNeeded: wanted.response.count),
                ] + wanted.data + wanted.response
        case .removeAdvertising(let instance): return [instance]
        }
    }

    package func octets(index: UInt16) -> [UInt8] {
        let parameters = parameters
        return LittleEndian.octets(opcode) + LittleEndian.octets(index)
            + LittleEndian.octets(UInt16(truncatingIfNeeded: parameters.count)) + parameters
    }
}

/// What the kernel says on a management socket.
package struct ManagementEvent: Hashable, Sendable {
    package enum Content: Hashable, Sendable {
        /// A command is done, or failed; 0 is success.
        case answer(opcode: UInt16, status: UInt8, [UInt8])
        case indexAdded, indexRemoved
        case settings(AdapterSettings)
        case found(DeviceFound)
        case discovering(Bool)
        /// One that means nothing here.
        case other(UInt16)
    }
    package let index: UInt16
    package let content: Content

    /// Nil for what is cut off or longer than it says.
    package init?(_ octets: [UInt8]) {
        guard octets.count >= 6, LittleEndian.number(octets, 4, 2) == octets.count - 6 else {
            return nil
        }
        index = UInt16(LittleEndian.number(octets, 2, 2))
        let body = Array(octets[6...])
        guard let content = ManagementEvent.content(LittleEndian.number(octets, 0, 2), body) else {
            return nil
        }
        self.content = content
    }

    private static func content(_ code: Int, _ body: [UInt8]) -> Content? {
        switch code {
        case 0x01, 0x02:
            guard body.count >= 3 else { return nil }
            return .answer(
                opcode: UInt16(LittleEndian.number(body, 0, 2)), status: body[2],
                Array(body[3...]))
        case 0x04: return .indexAdded
        case 0x05: return .indexRemoved
        case 0x06:
            guard body.count >= 4 else { return nil }
            return .settings(AdapterSettings(rawValue: UInt32(LittleEndian.number(body, 0, 4))))
        case 0x12: return DeviceFound(body).map { .found($0) }
        case 0x13: return body.count >= 2 ? .discovering(body[1] != 0) : nil
        default: return .other(UInt16(code))
        }
    }
}

/// A device that was found, or its scan response.
package struct DeviceFound: Hashable, Sendable {
    package let address: BluetoothAddress
    package let isLowEnergy: Bool
    /// dBm; nil where it is not known.
    package let rssi: Int?
    package let data: AdvertisingData

    init?(_ body: [UInt8]) {
        guard body.count >= 14, body[6] <= 2,
            LittleEndian.number(body, 12, 2) == body.count - 14,
            let address = BluetoothAddress(reversed: body[..<6], isRandom: body[6] == 2)
        else { return nil }
        self.address = address
        isLowEnergy = body[6] != 0
        rssi = body[7] == 127 ? nil : Int(Int8(bitPattern: body[7]))
        data = AdvertisingData(Array(body[14...]))
    }
}

/// Why the kernel refuses a command: the numbers that a user can do something about.
package enum ManagementStatus {
    package static let busy: UInt8 = 0x0A
    package static let notSupported: UInt8 = 0x0C
    package static let notPowered: UInt8 = 0x0F
    package static let noSuchAdapter: UInt8 = 0x11
    package static let switchedOff: UInt8 = 0x12
    package static let notPermitted: UInt8 = 0x14
}

/// What an adapter can and does.
package struct AdapterSettings: OptionSet, Hashable, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }
    package static let powered = AdapterSettings(rawValue: 1 << 0)
    package static let connectable = AdapterSettings(rawValue: 1 << 1)
    package static let discoverable = AdapterSettings(rawValue: 1 << 3)
    package static let classic = AdapterSettings(rawValue: 1 << 7)
    package static let lowEnergy = AdapterSettings(rawValue: 1 << 9)
}

/// The answer to `readInformation`.
package struct AdapterInformation: Hashable, Sendable {
    package let address: BluetoothAddress
    package let supported: AdapterSettings
    package let current: AdapterSettings
    package let name: String

    package init?(_ body: [UInt8]) {
        guard body.count >= 280, let address = BluetoothAddress(reversed: body[..<6]) else {
            return nil
        }
        self.address = address
        supported = AdapterSettings(rawValue: UInt32(LittleEndian.number(body, 9, 4)))
        current = AdapterSettings(rawValue: UInt32(LittleEndian.number(body, 13, 4)))
        name = String(decoding: body[20..<269].prefix { $0 != 0 }, as: UTF8.self)
    }
}

/// The answer to `readAdvertisingFeatures`.
package struct AdvertisingFeatures: Hashable, Sendable {
    package let flags: UInt32
    /// Octets of advertising data and of a scan response.
    package let room: Int
    package let responseRoom: Int
    /// An instance that nobody uses; nil when all are used.
    package let freeInstance: UInt8?

    package init?(_ body: [UInt8]) {
        guard body.count >= 8, body.count >= 8 + Int(body[7]) else { return nil }
        flags = UInt32(LittleEndian.number(body, 0, 4))
        room = Int(body[4])
        responseRoom = Int(body[5])
        let used = body[8..<8 + Int(body[7])]
        freeInstance = (1...max(1, body[6])).first { body[6] > 0 && !used.contains($0) }
    }
}

/// Numbers as controllers have them.
package enum LittleEndian {
    package static func octets(_ number: some FixedWidthInteger) -> [UInt8] {
        (0..<number.bitWidth / 8).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
    }

    /// The caller has made sure that the octets are there.
    package static func number(_ octets: [UInt8], _ at: Int, _ count: Int) -> Int {
        octets[at..<at + count].reversed().reduce(0) { $0 << 8 | Int($1) }
    }
}

/// Advertising data, scan responses and extended inquiry responses: structures of a length, a type
/// and data (Core Specification 5.4, Vol 3 Part C §11; types: Assigned Numbers §2.3).
package struct AdvertisingData: Hashable, Sendable {
    package struct Structure: Hashable, Sendable {
        package var type: UInt8
        package var data: [UInt8]

        package init(type: UInt8, data: [UInt8]) {
            self.type = type
            self.data = data
        }
    }
    package enum Kind {
        package static let flags: UInt8 = 0x01
        package static let shortName: UInt8 = 0x08
        package static let name: UInt8 = 0x09
        package static let transmitPower: UInt8 = 0x0A
        /// Little-endian UUID, then the service's own octets.
        package static let serviceData: UInt8 = 0x21
    }
    package var structures: [Structure] = []
    /// Whether the last structure was cut off.
    package private(set) var isTruncated = false

    package init() {}

    package init(_ octets: [UInt8]) {
        var place = 0
        while place < octets.count {
            let length = Int(octets[place])
            // Early termination: the rest is zero.
            guard length > 0 else { return }
            guard place + length < octets.count else {
                isTruncated = true
                return
            }
            structures.append(
                Structure(
                    type: octets[place + 1], data: Array(octets[place + 2..<place + 1 + length])))
            place += 1 + length
        }
    }

    package var octets: [UInt8] {
        structures.flatMap { [UInt8(truncatingIfNeeded: $0.data.count + 1), $0.type] + $0.data }
    }

    package mutating func append(_ type: UInt8, _ data: [UInt8]) {
        structures.append(Structure(type: type, data: Array(data.prefix(254))))
    }

    private func first(_ type: UInt8) -> [UInt8]? { structures.first { $0.type == type }?.data }

    package var flags: UInt8? { first(Kind.flags)?.first }

    /// dBm.
    package var transmitPower: Int? {
        first(Kind.transmitPower)?.first.map { Int(Int8(bitPattern: $0)) }
    }

    /// The whole name, else the short one; nil where it is no UTF-8 or empty.
    package var name: String? {
        guard let octets = first(Kind.name) ?? first(Kind.shortName) else { return nil }
        let text = octets.prefix { $0 != 0 }
        return text.isEmpty ? nil : String(validating: text, as: UTF8.self)
    }

    /// What the node of the service says of itself.
    package var service: ServiceAdvertisement? {
        structures.lazy.filter { $0.type == Kind.serviceData }
            .compactMap { ServiceAdvertisement($0.data) }.max { $0.id.count < $1.id.count }
    }
}

/// The service data of a node: where it listens, and as much of its short id as fits.
///
/// After the UUID: an octet with the version in its high and flags in its low half, the SPSM, and 8
/// or 16 octets of the short id. With eight it fits into the 31 octets of a legacy advertisement;
/// the announcement that is fetched over L2CAP tells the rest.
package struct ServiceAdvertisement: Hashable, Sendable {
    /// 2ceb8a4e-2053-4676-a14b-8f626df9c1c3: the service in advertisements and service records.
    package static let service: [UInt8] = [
        0x2C, 0xEB, 0x8A, 0x4E, 0x20, 0x53, 0x46, 0x76, 0xA1, 0x4B, 0x8F, 0x62, 0x6D, 0xF9, 0xC1,
        0xC3,
    ]
    private static let version: UInt8 = 1
    /// Octets of the short id where there is little room.
    package static let prefix = 8
    private static let relayFlag: UInt8 = 1

    /// Whether links are taken there, not only questions.
    package var isRelay: Bool
    package var psm: UInt16
    package var id: [UInt8]

    package init(isRelay: Bool, psm: UInt16, id: [UInt8]) {
        self.isRelay = isRelay
        self.psm = psm
        self.id = id
    }

    package init?(_ data: [UInt8]) {
        let head = ServiceAdvertisement.service.count
        guard data.count >= head + 2,
            data[..<head].elementsEqual(
                ServiceAdvertisement.service.reversed()),
            data[head] >> 4 == ServiceAdvertisement.version, data[head + 1] >= 0x80
        else { return nil }
        id = Array(data[(head + 2)...])
        guard id.count == ServiceAdvertisement.prefix || id.count == 16 else { return nil }
        isRelay = data[head] & ServiceAdvertisement.relayFlag != 0
        psm = UInt16(data[head + 1])
    }

    package var data: [UInt8] {
        let flags = isRelay ? ServiceAdvertisement.relayFlag : 0
        return ServiceAdvertisement.service.reversed()
            + [ServiceAdvertisement.version << 4 | flags, UInt8(truncatingIfNeeded: psm)] + id
    }

    /// The advertisement in at most `room` octets, and the scan response with the name.
    package func advertisement(room: Int) -> AdvertisingData {
        var short = self
        if room < 3 + 2 + data.count { short.id = Array(id.prefix(ServiceAdvertisement.prefix)) }
        var advertisement = AdvertisingData()
        advertisement.append(AdvertisingData.Kind.serviceData, short.data)
        return advertisement
    }

    /// The scan response: the name, cut to what fits.
    package static func response(name: String?, room: Int = 31) -> AdvertisingData {
        var response = AdvertisingData()
        guard let name, !name.isEmpty else { return response }
        guard name.utf8.count > room - 2 else {
            response.append(AdvertisingData.Kind.name, Array(name.utf8))
            return response
        }
        var short = Substring(name)
        while short.utf8.count > room - 2 { short.removeLast() }
        response.append(AdvertisingData.Kind.shortName, Array(short.utf8))
        return response
    }
}

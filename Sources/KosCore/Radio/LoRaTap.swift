/// Capture files of LoRa frames: classic pcap with LINKTYPE_LORATAP (270), big-endian headers.
package enum LoRaTap {
    package static let linkType: UInt32 = 270

    /// The file header: microseconds, little-endian, at most 65 535 octets a frame.
    package static var fileHeader: [UInt8] {
        little(0xA1B2_C3D4, 4) + little(2, 2) + little(4, 2) + little(0, 4) + little(0, 4)
            + little(65_535, 4) + little(UInt64(linkType), 4)
    }

    /// One frame with its pcap header. Version 0 is what tshark up to 4.0 takes apart; version 1
    /// adds the gateway, its counter, the checksum's fate and the coding rate.
    package static func record(
        _ frame: ReceivedFrame, _ settings: LoRaSettings, at time: Timestamp, version: Int
    ) -> [UInt8] {
        let body = header(frame, settings, version) + frame.payload
        let (seconds, rest) = time.milliseconds.quotientAndRemainder(dividingBy: 1000)
        return little(UInt64(bitPattern: seconds), 4) + little(UInt64(bitPattern: rest) * 1000, 4)
            + little(UInt64(body.count), 4) + little(UInt64(body.count), 4) + body
    }

    private static func header(
        _ frame: ReceivedFrame, _ settings: LoRaSettings, _ version: Int
    ) -> [UInt8] {
        let modulation = frame.modulation ?? settings.modulation
        let frequency = UInt32(truncatingIfNeeded: frame.frequencyHz ?? settings.frequencyHz)
        // In steps of 125 kHz; a narrower channel cannot be said.
        let bandwidth = UInt8(truncatingIfNeeded: modulation.bandwidthHz / 125_000)
        let snr = Int8(clamping: Int(((frame.snrDb ?? 0) * 4).rounded()))
        let rssi = strength(frame.rssiDbm, snr: frame.snrDb)
        var bytes: [UInt8] = [UInt8(version), 0, 0, version == 0 ? 15 : 35]
        bytes += big(UInt64(frequency), 4)
        bytes += [bandwidth, UInt8(modulation.spreadingFactor), rssi, 255, 255]
        bytes += [UInt8(bitPattern: snr), settings.syncWord]
        guard version == 1 else { return bytes }
        bytes += big(frame.station.flatMap { UInt64($0, radix: 16) } ?? 0, 8)
        let flags: UInt8 = (modulation.explicitHeader ? 0 : 0x04) | (modulation.crc ? 0x08 : 0x20)
        bytes += big(0, 4) + [flags, UInt8(modulation.codingRate + 4)]
        return bytes + big(0, 2) + [0, 0] + big(0, 2)
    }

    /// −139 + v dBm, and −139 + v/4 below an SNR of 0; 255 for not known.
    private static func strength(_ rssi: Double?, snr: Double?) -> UInt8 {
        guard let rssi else { return 255 }
        // tshark reads −139 + v in every case; so do gateways' own writers.
        return UInt8(clamping: Int((rssi + 139).rounded()))
    }

    private static func little(_ value: UInt64, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
    }

    private static func big(_ value: UInt64, _ count: Int) -> [UInt8] {
        little(value, count).reversed()
    }
}

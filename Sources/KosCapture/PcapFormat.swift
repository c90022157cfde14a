/// The classic format: microseconds, nanoseconds, Kuznetzov's 24-octet record headers.
/// <https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-03.html>
extension CaptureReader {
    mutating func openPcap() -> Event? {
        guard has(24) else { return .more }
        let (major, minor) = (u16(start + 4), u16(start + 6))
        guard major == 2, minor <= 4 else {
            return fail("pcap version \(major).\(minor) is not 2.0 to 2.4", .notACapture)
        }
        let word = u32(start + 20)
        var interface = CaptureInterface(
            linkType: LinkType(rawValue: UInt16(truncatingIfNeeded: word)),
            snapshotLength: u32(start + 16))
        // Bit 26 says that the top four bits count 16-bit words of frame check sequence.
        if word & 0x0400_0000 != 0 { interface.checkSequenceLength = Int(word >> 28) * 2 }
        interface.resolution = isNanosecond ? 9 : 6
        interfaces = [interface]
        format = .pcap
        start += 24
        return nil
    }

    mutating func nextPcap() -> Event {
        guard has(recordHeader) else { return .more }
        let (seconds, fraction, captured, length): (UInt32, UInt32, UInt32, UInt32)
        if isBigEndian {
            (seconds, fraction) = (window.span.be32(start), window.span.be32(start + 4))
            (captured, length) = (window.span.be32(start + 8), window.span.be32(start + 12))
        } else {
            (seconds, fraction) = (window.span.le32(start), window.span.le32(start + 4))
            (captured, length) = (window.span.le32(start + 8), window.span.le32(start + 12))
        }
        guard captured <= CaptureReader.maxPacket else {
            return fail("packet \(packets + 1) claims \(captured) captured octets")
        }
        let body = start + recordHeader
        guard has(recordHeader + Int(captured)) else { return .more }
        start = body + Int(captured)
        packets += 1
        // A fraction of a second and more carries: 2^32 µs are 71 minutes, no overflow.
        let time = Int64(seconds) * 1_000_000_000 + Int64(fraction) * (isNanosecond ? 1 : 1000)
        return .packet(
            CapturedPacket(
                number: packets, interface: 0, time: time, lengthBytes: Int(length),
                range: body..<start))
    }

    // MARK: btsnoop

    mutating func openSnoop() -> Event? {
        guard has(16) else { return .more }
        guard window.span.be32(start + 4) == 0x6F6F_7000 else {
            return fail("the first octets are those of no capture format", .notACapture)
        }
        isBigEndian = true
        let (version, datalink) = (u32(start + 8), u32(start + 12))
        guard version == 1 else { return fail("btsnoop version \(version) is not 1", .notACapture) }
        let type: LinkType
        switch datalink {
        case 1002: type = .bluetoothH4
        case 2001: type = .bluetoothMonitor
        default: return fail("btsnoop datalink \(datalink) is not known", .notACapture)
        }
        interfaces = [CaptureInterface(linkType: type, snapshotLength: 0)]
        format = .btsnoop
        start += 16
        return nil
    }

    mutating func nextSnoop() -> Event {
        guard has(24) else { return .more }
        let (length, captured) = (u32(start), u32(start + 4))
        guard captured <= CaptureReader.maxPacket else {
            return fail("packet \(packets + 1) claims \(captured) captured octets")
        }
        guard has(24 + Int(captured)) else { return .more }
        let flags = u32(start + 8)
        // Microseconds since the year 0; this is 1970.
        let micros = u64(start + 16) &- 0x00DC_DDB3_0F2F_8000
        let body = start + 24
        start = body + Int(captured)
        packets += 1
        return .packet(
            CapturedPacket(
                number: packets, interface: 0,
                time: micros < 9_000_000_000_000_000
                    ? Int64(micros) * 1000 : nil,
                lengthBytes: Int(length), range: body..<start, direction: flags & 1 == 1 ? 1 : 2))
    }
}

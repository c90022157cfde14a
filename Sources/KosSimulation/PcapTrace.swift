package import KosCore

/// A simulation's frames as a pcap file of raw IPv4 (link type 101), which tshark and kos-capture
/// read.
///
/// Control messages go to the UDP port of their protocol, data to port 9 (discard), DSR stands as
/// IP protocol 48. The link layer's addresses do not appear.
package struct PcapTrace: Sendable {
    package private(set) var octets: [UInt8]
    private let port: UInt16

    /// `port` is that of the control messages: 654 for AODV, 698 for OLSR.
    package init(port: UInt16) {
        self.port = port
        octets = []
        for word in [0xA1B2_3C4D, 0x0002_0004, 0, 0, 65_535, 101] as [UInt32] {
            octets.append32(word)
        }
    }

    /// Time stamps have nanoseconds.
    package mutating func append(_ frame: HopFrame, at time: Instant) {
        let packet = PcapTrace.packet(frame.datagram, port: port)
        let seconds = UInt32(clamping: time.nanoseconds / 1_000_000_000)
        octets.append32(seconds)
        octets.append32(UInt32(clamping: time.nanoseconds % 1_000_000_000))
        octets.append32(UInt32(clamping: packet.count))
        octets.append32(UInt32(clamping: packet.count))
        octets.append(contentsOf: packet)
    }

    /// A datagram as an IPv4 packet (RFC 791), with UDP (RFC 768) where it has ports.
    package static func packet(_ datagram: Datagram, port: UInt16) -> [UInt8] {
        var body: [UInt8] = []
        let isUDP = datagram.content != .sourceRouted
        if isUDP {
            let udp = datagram.content == .control ? port : 9
            body.append16(udp)
            body.append16(udp)
            body.append16(UInt16(clamping: 8 + datagram.payload.count))
            // No checksum: allowed over IPv4.
            body.append16(0)
        }
        body.append(contentsOf: datagram.payload)
        var packet: [UInt8] = [0x45, 0]
        packet.append16(UInt16(clamping: 20 + body.count))
        packet.append16(datagram.identification)
        packet.append16(0)
        packet.append(datagram.ttl)
        packet.append(isUDP ? 17 : DSRHeader.protocolNumber)
        packet.append16(0)
        packet.append(datagram.source)
        packet.append(datagram.destination)
        packet.put16(checksum(packet), at: 10)
        return packet + body
    }

    /// The Internet checksum (RFC 1071) of an even number of octets.
    private static func checksum(_ header: [UInt8]) -> UInt16 {
        var sum: UInt32 = 0
        for offset in stride(from: 0, to: header.count - 1, by: 2) {
            sum &+= UInt32(header[offset]) << 8 | UInt32(header[offset + 1])
        }
        while sum >> 16 != 0 { sum = (sum & 0xFFFF) &+ (sum >> 16) }
        return ~UInt16(truncatingIfNeeded: sum)
    }
}

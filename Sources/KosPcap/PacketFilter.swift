import CPcap
package import KosCapture

/// A filter in libpcap's language (pcap-filter(7)), compiled for one link type.
package final class PacketFilter {
    /// The expression makes no sense, or not for this link type.
    package struct Refused: Error {
        package let message: String
    }

    private var program = bpf_program()
    private let pcap: PcapLibrary

    package init(_ expression: String, linkType: LinkType, snapshotLength: Int32 = 262_144) throws {
        guard let pcap = PcapLibrary.shared else {
            throw Refused(message: "libpcap is not installed; --where needs no library")
        }
        self.pcap = pcap
        // On Linux the number for raw IP differs between files and libpcap.
        let type = linkType == .raw ? 12 : Int32(linkType.rawValue)
        guard let handle = pcap.openDead(type, snapshotLength) else {
            throw Refused(message: "no memory for a filter")
        }
        defer { pcap.close(handle) }
        guard pcap.compile(handle, &program, expression, 1, PCAP_NETMASK_UNKNOWN) == 0 else {
            throw Refused(message: pcap.failure(handle))
        }
    }

    deinit { pcap.freeCode(&program) }

    /// Whether the packet passes.
    package func matches(_ packet: CapturedPacket, in bytes: borrowing Span<UInt8>) -> Bool {
        var header = pcap_pkthdr()
        header.caplen = UInt32(packet.range.count)
        header.len = UInt32(truncatingIfNeeded: packet.lengthBytes)
        return bytes.extracting(packet.range).withUnsafeBufferPointer { octets in
            guard let base = octets.baseAddress else { return false }
            return pcap.offlineFilter(&program, &header, base) != 0
        }
    }
}

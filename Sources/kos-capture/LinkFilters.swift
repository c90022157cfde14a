import KosCapture
import KosCore
import KosPcap
import KosTool

/// A filter of libpcap's, compiled for each link type that is met.
final class LinkFilters {
    private let expression: String
    private var filters: [LinkType: PacketFilter] = [:]

    init(_ expression: String) { self.expression = expression }

    /// Names in a filter are looked up in files and over the network: now or never.
    func prepare() {
        for type in [LinkType.ethernet, .linuxSLL, .linuxSLL2, .raw, .radiotap, .ieee80211] {
            filters[type] = try? PacketFilter(expression, linkType: type)
        }
    }

    /// Whether a packet that stands in the reader's window passes.
    func passes(
        _ packet: CapturedPacket, _ interface: CaptureInterface, _ reader: CaptureReader
    ) throws -> Bool {
        try compiled(interface.linkType).matches(packet, in: reader.window.span)
    }

    private func compiled(_ type: LinkType) throws -> PacketFilter {
        if let known = filters[type] { return known }
        do {
            let filter = try PacketFilter(expression, linkType: type)
            filters[type] = filter
            return filter
        } catch let refused as PacketFilter.Refused {
            throw ToolFailure.usage(
                "filter '\(expression)': \(refused.message)", hint: "see pcap-filter(7)")
        }
    }
}

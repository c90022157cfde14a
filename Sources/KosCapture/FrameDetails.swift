package import KosCore

/// What the decoders of single protocols add to a frame's record, under the protocol's own name.
package enum FrameDetails {
    /// Elements of any list that are written; the work on one frame is bounded by it.
    static let maxItems = 64

    /// Appends the member for the frame's innermost protocol, if there is a decoder for it.
    package static func write(
        _ frame: CapturedFrame, _ bytes: borrowing Span<UInt8>, _ secrets: GossipSecrets? = nil,
        to writer: inout JSONWriter
    ) {
        guard frame.malformed == .none else { return }
        let name = frame.protocols.last
        let range = frame.payload
        var isWhole = true
        switch name {
        case .dns, .mdns, .llmnr:
            // Over TCP two octets of length stand in front.
            let skipped = frame.transport == .tcp ? 2 : 0
            let body = min(range.lowerBound + skipped, range.upperBound)..<range.upperBound
            isWhole = DNSDetails.write(name.name, bytes, body, to: &writer)
        case .krpc: isWhole = KRPCDetails.write(name.name, bytes, range, to: &writer)
        case .memberlist:
            isWhole = MemberlistDetails.write(
                name.name, bytes, range, secrets ?? .none, to: &writer)
        case .olsr: isWhole = OLSRDetails.write(name.name, bytes, range, to: &writer)
        case .aodv: isWhole = AODVDetails.write(name.name, bytes, range, to: &writer)
        case .dsr: isWhole = DSRDetails.write(name.name, bytes, range, to: &writer)
        case .hwmp: isWhole = HWMPDetails.write(name.name, bytes, range, to: &writer)
        case .lorawan: isWhole = LoRaWANDetails.write(name.name, bytes, range, to: &writer)
        case .reticulum: isWhole = ReticulumDetails.write(name.name, bytes, range, to: &writer)
        case .meshtastic: isWhole = MeshtasticDetails.write(name.name, bytes, range, to: &writer)
        case .kos where frame.transport == .none: RadioPackets.write(bytes, range, to: &writer)
        case .babel: isWhole = BabelDetails.write(name.name, bytes, range, to: &writer)
        default: return
        }
        // What the snapshot length cut off is no fault of the sender.
        if !isWhole, frame.capturedBytes == frame.lengthBytes {
            writer.field("malformed", name.name.description)
        }
    }

    /// Octets as hexadecimal digits.
    static func hex(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) -> String {
        var text: [UInt8] = []
        text.append(addingCapacity: range.count * 2) { out in
            for index in range { out.putHex(UInt64(bytes.octet(index)), digits: 2) }
        }
        return String(decoding: text, as: UTF8.self)
    }
}

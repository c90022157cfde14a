import KosCore

/// Reticulum's packet header (the Reticulum manual, "Wire Format").
enum ReticulumDetails {
    /// Octets of the header: one destination hash, or two.
    private static func length(_ flags: UInt8) -> Int { flags & 0x40 != 0 ? 35 : 19 }

    /// Whether the octets can be a header without interface authentication: the reserved bits and
    /// the number of hops are small, and a header's length is there.
    static func isHeader(_ bytes: borrowing Span<UInt8>, _ window: Dissector.Window) -> Bool {
        let flags = bytes.octet(window.at)
        return flags & 0x80 == 0 && bytes.octet(window.at &+ 1) <= 128
            && window.left >= length(flags) && window.left <= 500
    }

    static func write(
        _ name: StaticString, _ bytes: borrowing Span<UInt8>, _ range: Range<Int>,
        to writer: inout JSONWriter
    ) -> Bool {
        let at = range.lowerBound
        let flags = bytes.octet(at)
        guard range.count >= length(flags) else { return false }
        let kinds = ["data", "announce", "linkRequest", "proof"]
        let targets = ["single", "group", "plain", "link"]
        writer.name(name)
        writer.beginObject()
        writer.field("kind", kinds[Int(flags & 3)])
        writer.field("hops", Int(bytes.octet(at + 1)))
        writer.field("addressing", targets[Int(flags >> 2 & 3)])
        let isTransported = flags & 0x40 != 0
        if isTransported { writer.field("transport", FrameDetails.hex(bytes, at + 2..<at + 18)) }
        let place = at + (isTransported ? 18 : 2)
        writer.field("destination", FrameDetails.hex(bytes, place..<place + 16))
        writer.field("context", Int(bytes.octet(place + 16)))
        writer.endObject()
        return true
    }
}

/// Meshtastic's radio header; what follows is encrypted.
enum MeshtasticDetails {
    static func write(
        _ name: StaticString, _ bytes: borrowing Span<UInt8>, _ range: Range<Int>,
        to writer: inout JSONWriter
    ) -> Bool {
        let at = range.lowerBound
        guard range.count >= 14 else { return false }
        func node(_ place: Int) -> String {
            FrameAddress(.device, low: UInt64(bytes.le32(at + place))).text
        }
        writer.name(name)
        writer.beginObject()
        writer.field("to", node(0))
        writer.field("from", node(4))
        writer.field("id", node(8))
        let flags = bytes.octet(at + 12)
        writer.field("hopLimit", Int(flags & 7))
        writer.field("hopStart", Int(flags >> 5))
        writer.field("wantsReceipt", flags & 8 != 0)
        writer.field("channel", Int(bytes.octet(at + 13)))
        writer.endObject()
        return true
    }
}

/// LoRaWAN's header (LoRaWAN 1.0.4 §4): what is not encrypted.
enum LoRaWANDetails {
    private static let kinds = [
        "joinRequest", "joinAccept", "unconfirmedUp", "unconfirmedDown", "confirmedUp",
        "confirmedDown", "rejoinRequest", "proprietary",
    ]

    static func write(
        _ name: StaticString, _ bytes: borrowing Span<UInt8>, _ range: Range<Int>,
        to writer: inout JSONWriter
    ) -> Bool {
        let at = range.lowerBound
        guard !range.isEmpty else { return false }
        let kind = Int(bytes.octet(at) >> 5)
        writer.name(name)
        writer.beginObject()
        defer { writer.endObject() }
        writer.field("kind", kinds[kind])
        switch kind {
        case 0:
            guard range.count >= 23 else { return false }
            writer.field("joinEUI", FrameAddress(.eui64, low: bytes.le64(at + 1)).text)
            writer.field("deviceEUI", FrameAddress(.eui64, low: bytes.le64(at + 9)).text)
        case 2...5:
            guard range.count >= 12 else { return false }
            writer.field(
                "device", FrameAddress(.device, low: UInt64(bytes.le32(at + 1))).text)
            writer.field("counter", Int(bytes.le16(at + 6)))
            let options = Int(bytes.octet(at + 5) & 15)
            if range.count > 12 + options {
                writer.field("port", Int(bytes.octet(at + 8 + options)))
            }
        default: break
        }
        return true
    }
}

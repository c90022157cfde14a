/// Semtech's UDP protocol between gateways and servers (GWMP; Lora-net/packet_forwarder
/// PROTOCOL.TXT).
package struct GWMPMessage: Hashable, Sendable {
    package enum Kind: UInt8, Hashable, Sendable {
        case pushData = 0x00
        case pushAck = 0x01
        case pullData = 0x02
        case pullResp = 0x03
        case pullAck = 0x04
        case txAck = 0x05

        /// Whether the gateway's EUI stands in the header.
        var isFromGateway: Bool { self == .pushData || self == .pullData || self == .txAck }
    }
    package var version: UInt8
    package var token: UInt16
    package var kind: Kind
    package var eui: UInt64
    /// JSON, or nothing.
    package var body: [UInt8]

    package static let version: UInt8 = 2

    package init(
        _ kind: Kind, token: UInt16, eui: UInt64 = 0, body: [UInt8] = [],
        version: UInt8 = GWMPMessage.version
    ) {
        self.kind = kind
        self.token = token
        self.eui = eui
        self.body = body
        self.version = version
    }

    /// Nil for what is no such message; versions 1 and 2 are answered in kind.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count >= 4, bytes[0] == 1 || bytes[0] == 2,
            let kind = Kind(rawValue: bytes[3])
        else { return nil }
        version = bytes[0]
        token = UInt16(bytes[1]) | UInt16(bytes[2]) << 8
        self.kind = kind
        var start = 4
        eui = 0
        if kind.isFromGateway {
            guard bytes.count >= 12 else { return nil }
            eui = bytes[4..<12].reduce(0) { $0 << 8 | UInt64($1) }
            start = 12
        }
        body = Array(bytes[start...])
    }

    package var bytes: [UInt8] {
        var bytes = [version, UInt8(truncatingIfNeeded: token), UInt8(token >> 8), kind.rawValue]
        if kind.isFromGateway {
            for shift in stride(from: 56, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: eui >> UInt64(shift)))
            }
        }
        return bytes + body
    }

    /// The acknowledgement that answers this message at once; nil for those without one.
    package var acknowledgement: GWMPMessage? {
        switch kind {
        case .pushData: GWMPMessage(.pushAck, token: token, version: version)
        case .pullData: GWMPMessage(.pullAck, token: token, version: version)
        default: nil
        }
    }

    /// An EUI as 16 hexadecimal digits.
    package static func text(of eui: UInt64) -> String {
        let digits = String(eui, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

/// The JSON inside: what a gateway received, and what it is to send.
package enum GWMPBody {
    /// The frames of a PUSH_DATA that arrived whole; `bad` counts those with a wrong checksum.
    package static func received(
        _ body: [UInt8]
    ) -> (frames: [ReceivedFrame], bad: Int, hasStatus: Bool)? {
        guard let object = try? JSONObject(parsing: body.span) else { return nil }
        var frames: [ReceivedFrame] = []
        var bad = 0
        for element in object["rxpk"]?.array ?? [] {
            guard let rxpk = element.object, let frame = frame(rxpk) else {
                bad += 1
                continue
            }
            frames.append(frame)
        }
        return (frames, bad, object["stat"]?.object != nil)
    }

    /// One `rxpk`; nil when its checksum is wrong or its data is not base64 (padded or not, of
    /// either alphabet: gateways in the field send all of them).
    private static func frame(_ rxpk: JSONObject) -> ReceivedFrame? {
        guard rxpk["stat"]?.number != -1,
            let octets = rxpk["data"]?.string.flatMap({ lenientBase64($0) })
        else { return nil }
        var frame = ReceivedFrame(
            payload: octets, rssiDbm: rxpk["rssi"]?.number, snrDb: rxpk["lsnr"]?.number)
        if let megahertz = rxpk["freq"]?.number, (0...10_000).contains(megahertz) {
            // Some report 868.099976: the nearest 100 Hz is what was meant.
            frame.frequencyHz = Int((megahertz * 10_000).rounded()) * 100
        }
        frame.modulation = rxpk["datr"]?.string.flatMap {
            modulation(datr: $0, codr: rxpk["codr"]?.string)
        }
        return frame
    }

    /// Padded or not, of either alphabet or both mixed, as gateways in the field send it.
    private static func lenientBase64(_ text: String) -> [UInt8]? {
        var plain = text.utf8.filter { $0 != 0x3D && $0 > 0x20 }
            .map { $0 == 0x2D ? 0x2B : $0 == 0x5F ? 0x2F : $0 }
        while plain.count % 4 != 0 { plain.append(0x3D) }
        return Base64.decode(String(decoding: plain, as: UTF8.self))
    }

    /// Reads `SF7BW125` and `4/5`.
    package static func modulation(datr: String, codr: String?) -> LoRaModulation? {
        guard datr.hasPrefix("SF"), let mark = datr.range(of: "BW"),
            let factor = Int(datr[datr.index(datr.startIndex, offsetBy: 2)..<mark.lowerBound]),
            let bandwidth = LoRaFrequency.parse(
                datr[mark.upperBound...], bareUnit: 1000, bareUnitBelow: 2000)
        else { return nil }
        let rate = codr.flatMap { LoRaModulation.codingRate($0) } ?? 1
        return try? LoRaModulation(
            spreadingFactor: factor, bandwidthHz: bandwidth, codingRate: rate,
            lowDataRateRule: .gateway)
    }

    package static func datr(_ modulation: LoRaModulation) -> String {
        "SF\(modulation.spreadingFactor)BW\(LoRaFrequency.kilohertz(modulation.bandwidthHz))"
    }

    /// A `txpk` to be sent at once. Not inverted, so that other nodes hear it and not only
    /// gateways.
    package static func transmit(_ payload: [UInt8], _ settings: LoRaSettings) -> [UInt8] {
        var writer = JSONWriter(reserving: 512)
        writer.beginObject()
        writer.name("txpk")
        writer.beginObject()
        writer.field("imme", true)
        writer.field("freq", Double(settings.frequencyHz) / 1e6)
        writer.field("rfch", 0)
        writer.field("powe", settings.powerDbm)
        writer.field("modu", "LORA")
        writer.field("datr", datr(settings.modulation))
        writer.field("codr", settings.modulation.codingRateText)
        writer.field("ipol", false)
        writer.field("prea", settings.modulation.preambleSymbols)
        writer.field("size", payload.count)
        writer.field("data", Base64.encode(payload))
        if !settings.modulation.crc { writer.field("ncrc", true) }
        if !settings.modulation.explicitHeader { writer.field("nhdr", true) }
        writer.endObject()
        writer.endObject()
        return writer.bytes
    }

    package struct Order: Hashable, Sendable {
        package let payload: [UInt8]
        package let settings: LoRaSettings
        /// When, by the gateway's counter; nil for at once.
        package let ticks: UInt32?
    }

    /// A PULL_RESP's order: what to send; nil when there is nothing that can be.
    package static func order(_ body: [UInt8]) -> Order? {
        guard let object = try? JSONObject(parsing: body.span), let txpk = object["txpk"]?.object,
            let payload = txpk["data"]?.string.flatMap({ lenientBase64($0) }),
            let megahertz = txpk["freq"]?.number, (100...3000).contains(megahertz),
            let datr = txpk["datr"]?.string,
            let modulation = modulation(datr: datr, codr: txpk["codr"]?.string)
        else { return nil }
        let power = min(30, max(-9, txpk["powe"]?.integer ?? 14))
        let isNow = txpk["imme"]?.boolean ?? false
        let ticks = txpk["tmst"]?.number.flatMap { UInt32(exactly: $0) }
        return Order(
            payload: payload,
            settings: LoRaSettings(
                frequencyHz: Int((megahertz * 10_000).rounded()) * 100, modulation: modulation,
                powerDbm: power),
            ticks: isNow ? nil : ticks)
    }

    /// A PUSH_DATA's body for one frame. `ticks` is the gateway's µs counter, which wraps.
    package static func push(
        _ frame: ReceivedFrame, _ settings: LoRaSettings, ticks: UInt32
    ) -> [UInt8] {
        let modulation = frame.modulation ?? settings.modulation
        var writer = JSONWriter(reserving: 512)
        writer.beginObject()
        writer.name("rxpk")
        writer.beginArray()
        writer.beginObject()
        writer.field("tmst", Int(ticks))
        writer.field("chan", 0)
        writer.field("rfch", 0)
        writer.field("freq", Double(frame.frequencyHz ?? settings.frequencyHz) / 1e6)
        writer.field("stat", 1)
        writer.field("modu", "LORA")
        writer.field("datr", datr(modulation))
        writer.field("codr", modulation.codingRateText)
        writer.field("rssi", Int((frame.rssiDbm ?? -120).rounded()))
        writer.field("lsnr", frame.snrDb ?? 0)
        writer.field("size", frame.payload.count)
        writer.field("data", Base64.encode(frame.payload))
        writer.endObject()
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }

    /// Why a gateway did not send: the `error` of a TX_ACK; nil when it did. `warn` is no refusal.
    package static func refusal(_ body: [UInt8]) -> String? {
        guard !body.isEmpty, let object = try? JSONObject(parsing: body.span),
            let error = object["txpk_ack"]?.object?["error"]?.string, error != "NONE"
        else { return nil }
        return error
    }
}

extension String {
    /// The first place at which `text` stands.
    fileprivate func range(of text: String) -> Range<String.Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text) {
                return start..<index(start, offsetBy: text.count)
            }
            start = index(after: start)
        }
        return nil
    }
}

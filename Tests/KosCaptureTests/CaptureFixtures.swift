import KosCapture
import KosCore

/// Frames and capture files, built octet by octet.
enum Octets {
    static func be16(_ value: Int) -> [UInt8] { [UInt8(value >> 8 & 0xFF), UInt8(value & 0xFF)] }
    static func be32(_ value: Int) -> [UInt8] { be16(value >> 16) + be16(value & 0xFFFF) }
    static func le32(_ value: Int) -> [UInt8] { be32(value).reversed() }

    static func ethernet(_ payload: [UInt8], type: Int = 0x0800) -> [UInt8] {
        [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1] + be16(type) + payload
    }
    static func ip(
        _ payload: [UInt8], protocol number: UInt8, from: [UInt8] = [10, 0, 0, 1],
        to: [UInt8] = [10, 0, 0, 2], fragment: Int = 0
    ) -> [UInt8] {
        [0x45, 0] + be16(20 + payload.count) + [0x12, 0x34] + be16(fragment) + [64, number, 0, 0]
            + from + to + payload
    }
    static func udp(_ payload: [UInt8], from: Int = 40000, to: Int = 47470) -> [UInt8] {
        be16(from) + be16(to) + be16(8 + payload.count) + [0, 0] + payload
    }
    static func tcp(
        _ payload: [UInt8], from: Int = 40000, to: Int = 47470, sequence: Int,
        acknowledgement: Int = 0,
        flags: UInt8 = 0x18
    ) -> [UInt8] {
        be16(from) + be16(to) + be32(sequence) + be32(acknowledgement) + [0x50, flags, 0xFF, 0xFF]
            + [0, 0, 0, 0] + payload
    }

    /// A classic capture, in either byte order.
    static func pcap(
        _ frames: [[UInt8]], magic: Int = 0xA1B2_C3D4, link: Int = 1, isBig: Bool = false
    ) -> [UInt8] {
        func word(_ value: Int) -> [UInt8] { isBig ? be32(value) : le32(value) }
        let version = isBig ? [0, 2, 0, 4] : [2, 0, 4, 0] as [UInt8]
        var file = word(magic) + version + word(0) + word(0) + word(65535) + word(link)
        for (index, frame) in frames.enumerated() {
            file += word(1_795_337_400 + index) + word(5) + word(frame.count) + word(frame.count)
            if magic == 0xA1B2_CD34 { file += [UInt8](repeating: 0, count: 8) }
            file += frame
        }
        return file
    }

    static func block(_ type: Int, _ body: [UInt8]) -> [UInt8] {
        let padded = body + [UInt8](repeating: 0, count: (4 - body.count % 4) % 4)
        return le32(type) + le32(padded.count + 12) + padded + le32(padded.count + 12)
    }
    static let section = block(
        0x0A0D_0D0A, le32(0x1A2B_3C4D) + [1, 0, 0, 0] + [UInt8](repeating: 0xFF, count: 8))
    static func interface(link: UInt8, snapshot: Int = 0, options: [UInt8] = []) -> [UInt8] {
        block(1, [link, 0, 0, 0] + le32(snapshot) + options)
    }
    static func enhanced(_ frame: [UInt8], interface: Int = 0, ticks: Int) -> [UInt8] {
        block(
            6,
            le32(interface) + le32(ticks >> 32) + le32(ticks & 0xFFFF_FFFF) + le32(frame.count)
                + le32(frame.count) + frame)
    }

    static func packet(
        _ id: String, from: String, to: String, route: [String], hops: Int
    ) -> [UInt8] {
        let path = route.map { "\"\($0)\"" }.joined(separator: ",")
        return Array(
            """
            {"id":"\(id)","version":1,"timestamp":1795337400000,"source":"\(from)",\
            "destination":"\(to)","payload":{"n":1},"options":{},"route":[\(path)],\
            "metadata":{"hops":\(hops),"ttl":8,"priority":3,"type":"data","flags":[]},\
            "signature":null}
            """.utf8)
    }
}

/// A capture read to its end.
struct ReadCapture {
    var packets: [CapturedPacket] = []
    var frames: [CapturedFrame] = []
    var octets: [[UInt8]] = []
    var damage: CaptureDamage?
    var reader = CaptureReader()

    /// Feeds `file` in pieces of `step` octets.
    init(_ file: [UInt8], step: Int = .max) {
        let dissector = Dissector()
        var at = 0
        while damage == nil {
            let end = min(file.count, step == .max ? file.count : at + step)
            reader.append(file.span.extracting(at..<end))
            at = end
            if at >= file.count { reader.endInput() }
            var isDry = false
            while !isDry {
                switch reader.next() {
                case .packet(let packet):
                    var frame = CapturedFrame()
                    dissector.dissect(
                        packet, of: reader.interfaces[packet.interface], in: reader.window.span,
                        into: &frame)
                    packets.append(packet)
                    frames.append(frame)
                    octets.append(Array(reader.window[packet.range]))
                case .statistics, .custom: continue
                case .more: isDry = true
                case .damaged(let found):
                    damage = found
                    isDry = true
                }
            }
            if at >= file.count { break }
        }
        if damage == nil { damage = reader.finish() }
    }
}

import KosCapture
import KosCore

/// What people are shown of a frame.
enum FrameLine {
    /// One line for a terminal: time of day in UTC, interface, ends, protocol, length.
    static func text(_ frame: CapturedFrame, _ interface: [UInt8]) -> String {
        var line = "-"
        if let time = frame.time {
            let day = time % 86_400_000_000_000
            func two(_ value: Int64) -> String { (value < 10 ? "0" : "") + String(value) }
            let micros = String(1_000_000 + day / 1000 % 1_000_000).dropFirst()
            line =
                two(day / 3_600_000_000_000) + ":" + two(day / 60_000_000_000 % 60) + ":"
                + two(day / 1_000_000_000 % 60) + "." + micros
        }
        if interface.first == 0x22 {
            line += " " + String(decoding: interface.dropFirst().dropLast(), as: UTF8.self)
        }
        let ports =
            frame.hasPorts
            ? (".\(frame.sourcePort)", ".\(frame.destinationPort)") : ("", "")
        line += " \(frame.source.text)\(ports.0) > \(frame.destination.text)\(ports.1)"
        line += " \(frame.protocols.last.name) \(frame.lengthBytes)"
        if frame.malformed != .none { line += " [malformed \(frame.malformed.name)]" }
        return line + "\n"
    }

    /// Whether nothing is known of what the innermost layer carries.
    static func isUnknown(_ frame: CapturedFrame) -> Bool {
        switch frame.protocols.last {
        case .tcp: frame.payloadLength > 0
        case .none, .eth, .sll, .raw, .null, .ppp, .chdlc, .vlan, .llc, .wlan, .wpan, .loratap,
            .user0, .ip, .ipv6, .gre, .udp, .udplite, .sctp, .btl2cap, .btle, .mpls:
            true
        default: false
        }
    }
}

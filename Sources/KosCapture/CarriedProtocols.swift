extension Dissector {
    /// The kit's port, on UDP and TCP.
    package static let kosPort: UInt16 = 47470

    /// What UDP, TCP or a link of our own carries, told by port and checked by content: a port
    /// alone never names a protocol whose head does not fit.
    func carried(
        _ transport: FrameProtocol, _ window: inout Window, _ bytes: borrowing Span<UInt8>,
        _ frame: inout CapturedFrame
    ) -> Layer {
        guard window.left > 0, !frame.isFragment || transport == .udp else { return .done }
        if Dissector.isPacket(bytes, at: window.at) { return .payload(.kos) }
        switch transport {
        case .udp: return overUDP(&window, bytes, &frame)
        case .tcp: return overTCP(window, bytes, frame)
        default:
            let isFrame = RadioPackets.isFrame(bytes, window.at..<max(window.at, window.end))
            return isFrame ? .payload(.kos) : .done
        }
    }

    /// Whether a kOS packet's JSON starts at `at`.
    package static func isPacket(_ bytes: borrowing Span<UInt8>, at: Int) -> Bool {
        bytes.octet(at) == 0x7B && bytes.be32(at &+ 1) == 0x2269_6422
    }

    /// A fragment of packets, or an acknowledgement of some, in a datagram of ours.
    static func isDatagramFrame(_ bytes: borrowing Span<UInt8>, _ window: Window) -> Bool {
        let at = window.at
        guard window.left > 8, bytes.octet(at) == 0xE0 else { return false }
        switch bytes.octet(at &+ 1) {
        case 0x21:
            let last = bytes.be16(at &+ 8)
            return window.left > 10 && bytes.be16(at &+ 6) <= last && last < 1024
        case 0x23: return bytes.be16(at &+ 6) < 1024
        default: return false
        }
    }

    private func overUDP(
        _ window: inout Window, _ bytes: borrowing Span<UInt8>, _ frame: inout CapturedFrame
    ) -> Layer {
        if Dissector.isDatagramFrame(bytes, window) { return .payload(.kos) }
        let low = min(frame.sourcePort, frame.destinationPort)
        let high = max(frame.sourcePort, frame.destinationPort)
        if let name = byPort(low, window, bytes) ?? byPort(high, window, bytes) {
            return .payload(name)
        }
        switch frame.destinationPort {
        case 4789, 8472: return vxlan(&window, bytes, &frame)
        case 4790: return vxlanGeneric(&window, bytes, &frame)
        case 6081: return geneve(&window, bytes, &frame)
        case 6635: return mpls(&window, bytes, &frame)
        default: break
        }
        if low == 1701 || high == 1701 { return layerTwo(&window, bytes, &frame) }
        if low == 2152 || high == 2152 { return gtp(&window, bytes, &frame) }
        if low == 3544 || high == 3544 { return teredo(&window, bytes, &frame) }
        return .payload(byContent(window, bytes))
    }

    private func byPort(
        _ port: UInt16, _ window: Window, _ bytes: borrowing Span<UInt8>
    ) -> FrameProtocol? {
        switch port {
        case 53: return window.left >= 12 ? .dns : nil
        case 5353: return window.left >= 12 ? .mdns : nil
        case 5355: return window.left >= 12 ? .llmnr : nil
        case 67, 68: return window.left >= 236 ? .dhcp : nil
        case 546, 547: return window.left >= 4 ? .dhcpv6 : nil
        case 123: return window.left >= 12 ? .ntp : nil
        case 161, 162: return bytes.octet(window.at) == 0x30 ? .snmp : nil
        case 520: return window.left >= 4 ? .rip : nil
        case 654: return window.left >= 2 ? .aodv : nil
        case 698: return window.left >= 4 ? .olsr : nil
        case 1900: return .ssdp
        case 4242, 42_671: return ReticulumDetails.isHeader(bytes, window) ? .reticulum : nil
        case 5683: return bytes.octet(window.at) >> 6 == 1 ? .coap : nil
        case 6696: return bytes.octet(window.at) == 42 ? .babel : nil
        case 7946: return window.left >= 2 ? .memberlist : nil
        default: return nil
        }
    }

    /// Protocols whose first octets are their own, on any port.
    private func byContent(
        _ window: Window, _ bytes: borrowing Span<UInt8>
    ) -> FrameProtocol {
        let at = window.at
        let first = bytes.be32(at)
        // A bencoded dictionary that begins with an argument, answer, error or transaction (BEP 5).
        if window.left >= 12,
            first == 0x6431_3A61 || first == 0x6431_3A72 || first == 0x6431_3A65
                || first == 0x6432_3A69 || first == 0x6431_3A74,
            bytes.octet(window.end &- 1) == 0x65
        {
            return .krpc
        }
        // The magic cookie (RFC 8489 §5).
        if window.left >= 20, bytes.octet(at) < 4, bytes.be32(at &+ 4) == 0x2112_A442 {
            return .stun
        }
        // A DTLS record: type 20…25, version 254.253 or 254.255 (RFC 6347 §4.1).
        if window.left >= 13, (20...25).contains(bytes.octet(at)),
            bytes.be16(at &+ 1) == 0xFEFD || bytes.be16(at &+ 1) == 0xFEFF
        {
            return .dtls
        }
        return .none
    }

    private func overTCP(
        _ window: Window, _ bytes: borrowing Span<UInt8>, _ frame: CapturedFrame
    ) -> Layer {
        let at = window.at
        switch bytes.be32(at) {
        case 0x4745_5420, 0x504F_5354, 0x4854_5450, 0x5055_5420, 0x4845_4144, 0x4445_4C45,
            0x4F50_5449:
            return .payload(.http)
        case 0x5353_482D: return .payload(.ssh)
        default: break
        }
        // A TLS record: type 20…23, version 3.0 to 3.4.
        if window.left >= 5, (20...23).contains(bytes.octet(at)), bytes.octet(at &+ 1) == 3,
            bytes.octet(at &+ 2) <= 4
        {
            return .payload(.tls)
        }
        if frame.sourcePort == 53 || frame.destinationPort == 53, window.left >= 14 {
            return .payload(.dns)
        }
        return .done
    }
}

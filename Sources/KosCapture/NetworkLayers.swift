extension Dissector {
    /// IPv4 or IPv6, by the version that the header itself says.
    func ip(
        _ window: inout Window, _ bytes: borrowing Span<UInt8>, _ frame: inout CapturedFrame
    ) -> Layer {
        guard window.left >= 1 else { return malformed(.ip, &frame) }
        switch bytes.octet(window.at) >> 4 {
        case 4: return ipv4(&window, bytes, &frame)
        case 6: return ipv6(&window, bytes, &frame)
        default: return malformed(.ip, &frame)
        }
    }

    /// RFC 791 §3.1.
    private func ipv4(
        _ window: inout Window, _ bytes: borrowing Span<UInt8>, _ frame: inout CapturedFrame
    ) -> Layer {
        frame.protocols.push(.ip)
        let at = window.at
        let header = Int(bytes.octet(at) & 0xF) &* 4
        guard window.left >= 20, header >= 20 else { return malformed(.ip, &frame) }
        frame.source = .ipv4(bytes.be32(at &+ 12))
        frame.destination = .ipv4(bytes.be32(at &+ 16))
        frame.identification = UInt32(bytes.be16(at &+ 4))
        frame.hopLimit = bytes.octet(at &+ 8)
        forgetTransport(&frame)
        // A total length of 0 is what segmentation offload leaves behind.
        let total = Int(bytes.be16(at &+ 2))
        if total >= header {
            window.end = min(window.end, at &+ total)
            window.wireEnd = at &+ total
        } else if total != 0 {
            return malformed(.ip, &frame)
        }
        guard window.left >= header else { return malformed(.ip, &frame) }
        window.at = at &+ header
        let fragment = bytes.be16(at &+ 6)
        setFragment(
            fragment & 0x3FFF != 0, Int(fragment & 0x1FFF) &* 8, fragment & 0x2000 != 0,
            bytes.octet(at &+ 9), window, &frame)
        setPayload(window, &frame)
        guard fragment & 0x1FFF == 0 else { return .done }
        return .network(bytes.octet(at &+ 9), version: 4)
    }

    /// RFC 8200 §3 and its extension headers (§4).
    private func ipv6(
        _ window: inout Window, _ bytes: borrowing Span<UInt8>, _ frame: inout CapturedFrame
    ) -> Layer {
        frame.protocols.push(.ipv6)
        let at = window.at
        guard window.left >= 40 else { return malformed(.ipv6, &frame) }
        frame.source = .ipv6(bytes.be64(at &+ 8), bytes.be64(at &+ 16))
        frame.destination = .ipv6(bytes.be64(at &+ 24), bytes.be64(at &+ 32))
        frame.identification = 0
        frame.hopLimit = bytes.octet(at &+ 7)
        forgetTransport(&frame)
        let length = Int(bytes.be16(at &+ 4))
        window.at = at &+ 40
        // 0 is a jumbogram, or what segmentation offload leaves behind.
        if length > 0 {
            window.end = min(window.end, window.at &+ length)
            window.wireEnd = window.at &+ length
        }
        return extensionHeaders(bytes.octet(at &+ 6), &window, bytes, &frame)
    }

    func extensionHeaders(
        _ first: UInt8, _ window: inout Window, _ bytes: borrowing Span<UInt8>,
        _ frame: inout CapturedFrame
    ) -> Layer {
        var next = first
        for _ in 0..<Dissector.maxLayers {
            switch next {
            case 0, 43, 60, 135, 139, 140:
                guard window.left >= 8 else { return malformed(.ipv6, &frame) }
                next = bytes.octet(window.at)
                let length = (Int(bytes.octet(window.at &+ 1)) &+ 1) &* 8
                guard window.left >= length else { return malformed(.ipv6, &frame) }
                window.at &+= length
            case 44:
                guard window.left >= 8 else { return malformed(.ipv6, &frame) }
                next = bytes.octet(window.at)
                let offset = bytes.be16(window.at &+ 2)
                frame.identification = bytes.be32(window.at &+ 4)
                window.at &+= 8
                setFragment(
                    offset & 0xFFF9 != 0, Int(offset & 0xFFF8), offset & 1 != 0, next, window,
                    &frame)
                setPayload(window, &frame)
                if offset >> 3 != 0 { return .done }
            default:
                setPayload(window, &frame)
                return .network(next, version: 6)
            }
        }
        frame.isTooDeep = true
        return .done
    }

    /// By protocol number (IANA).
    func network(
        _ number: UInt8, version: UInt8, _ window: inout Window, _ bytes: borrowing Span<UInt8>,
        _ frame: inout CapturedFrame
    ) -> Layer {
        switch number {
        case 17: return udp(&window, bytes, &frame)
        case 6: return tcp(&window, bytes, &frame)
        case 1: return .payload(.icmp)
        case 58: return .payload(.icmpv6)
        case 2: return .payload(.igmp)
        case 4, 41: return .ip
        case 47: return gre(&window, bytes, &frame)
        case 48: return .payload(.dsr)
        case 50: return .payload(.esp)
        case 51: return authentication(version, &window, bytes, &frame)
        case 89: return .payload(.ospf)
        case 97:
            window.at &+= 2
            return .ethernet
        case 103: return registered(&window, bytes, &frame)
        case 112: return .payload(.vrrp)
        case 115: return .payload(.l2tp)
        case 132: return .sctp
        case 136: return ports(.udplite, header: 8, &window, bytes, &frame)
        case 137: return .etherType(0x8847)
        case 143: return .ethernet
        default: return .done
        }
    }

    /// RFC 4302 §2.
    private func authentication(
        _ version: UInt8, _ window: inout Window, _ bytes: borrowing Span<UInt8>,
        _ frame: inout CapturedFrame
    ) -> Layer {
        frame.protocols.push(.ah)
        let length = (Int(bytes.octet(window.at &+ 1)) &+ 2) &* 4
        guard window.left >= 12, window.left >= length else { return malformed(.ah, &frame) }
        let next = bytes.octet(window.at)
        window.at &+= length
        setPayload(window, &frame)
        return version == 6
            ? extensionHeaders(next, &window, bytes, &frame)
            : .network(next, version: version)
    }

    /// RFC 2784 and 2890; version 1 is PPTP's (RFC 2637 §4.1).
    private func gre(
        _ window: inout Window, _ bytes: borrowing Span<UInt8>, _ frame: inout CapturedFrame
    ) -> Layer {
        frame.protocols.push(.gre)
        guard window.left >= 4 else { return malformed(.gre, &frame) }
        let (flags, type) = (bytes.be16(window.at), bytes.be16(window.at &+ 2))
        var length = 4
        let version = flags & 7
        if flags & 0x8000 != 0 { length &+= 4 }
        if flags & 0x2000 != 0 { length &+= 4 }
        if flags & 0x1000 != 0 { length &+= 4 }
        if version == 1, flags & 0x0080 != 0 { length &+= 4 }
        guard window.left >= length, flags & 0x4000 == 0 else { return malformed(.gre, &frame) }
        window.at &+= length
        guard window.left > 0 else { return .done }
        if version == 1 { return .pppFrame }
        return type < 1536 ? .done : .etherType(type)
    }

    // MARK: Transports

    /// RFC 768.
    func udp(
        _ window: inout Window, _ bytes: borrowing Span<UInt8>, _ frame: inout CapturedFrame
    ) -> Layer {
        frame.protocols.push(.udp)
        guard window.left >= 8 else { return malformed(.udp, &frame) }
        let at = window.at
        let length = Int(bytes.be16(at &+ 4))
        if length >= 8 {
            window.end = min(window.end, at &+ length)
            window.wireEnd = at &+ length
        } else if length != 0 {
            return malformed(.udp, &frame)
        }
        setPorts(.udp, bytes.be16(at), bytes.be16(at &+ 2), &frame)
        window.at = at &+ 8
        setPayload(window, &frame)
        return carried(.udp, &window, bytes, &frame)
    }

    /// RFC 9293 §3.1.
    func tcp(
        _ window: inout Window, _ bytes: borrowing Span<UInt8>, _ frame: inout CapturedFrame
    ) -> Layer {
        frame.protocols.push(.tcp)
        let at = window.at
        guard window.left >= 4 else { return malformed(.tcp, &frame) }
        setPorts(.tcp, bytes.be16(at), bytes.be16(at &+ 2), &frame)
        let header = Int(bytes.octet(at &+ 12) >> 4) &* 4
        guard window.left >= 20, header >= 20 else { return malformed(.tcp, &frame) }
        frame.sequence = bytes.be32(at &+ 4)
        frame.acknowledgement = bytes.be32(at &+ 8)
        frame.tcpFlags = bytes.octet(at &+ 13)
        frame.tcpWindow = bytes.be16(at &+ 14)
        guard window.left >= header else { return malformed(.tcp, &frame) }
        window.at = at &+ header
        setPayload(window, &frame)
        guard window.left > 0, !frame.isFragment else { return .done }
        return carried(.tcp, &window, bytes, &frame)
    }

    /// RFC 9260 §3.1: the common header; chunks are not looked at.
    func sctp(
        _ window: inout Window, _ bytes: borrowing Span<UInt8>, _ frame: inout CapturedFrame
    ) -> Layer {
        ports(.sctp, header: 12, &window, bytes, &frame)
    }

    private func ports(
        _ name: FrameProtocol, header: Int, _ window: inout Window,
        _ bytes: borrowing Span<UInt8>, _ frame: inout CapturedFrame
    ) -> Layer {
        frame.protocols.push(name)
        guard window.left >= header else { return malformed(name, &frame) }
        setPorts(name, bytes.be16(window.at), bytes.be16(window.at &+ 2), &frame)
        window.at &+= header
        setPayload(window, &frame)
        return .done
    }

    func setPorts(
        _ transport: FrameProtocol, _ source: UInt16, _ destination: UInt16,
        _ frame: inout CapturedFrame
    ) {
        frame.transport = transport
        frame.sourcePort = source
        frame.destinationPort = destination
        frame.hasPorts = true
    }

    /// A new IP layer has ports of its own, or none.
    private func forgetTransport(_ frame: inout CapturedFrame) {
        frame.transport = .none
        frame.hasPorts = false
        frame.sourcePort = 0
        frame.destinationPort = 0
        frame.isFragment = false
    }

    private func setFragment(
        _ isFragment: Bool, _ offset: Int, _ hasMore: Bool, _ next: UInt8,
        _ window: Window, _ frame: inout CapturedFrame
    ) {
        frame.isFragment = isFragment
        guard isFragment else { return }
        frame.fragmentOffset = offset
        frame.hasMoreFragments = hasMore
        frame.fragmentNext = next
        frame.isCompressed = false
        frame.fragmentStart = window.at
        // What the capture cut off cannot be put together.
        frame.fragmentEnd = window.end == window.wireEnd ? window.end : window.at
    }

    func setPayload(_ window: Window, _ frame: inout CapturedFrame) {
        frame.payloadStart = window.at
        frame.payloadEnd = max(window.at, window.end)
        frame.payloadLength = max(0, window.wireEnd &- window.at)
    }
}

extension Dissector {
    /// The first layer of a frame, by the interface's link type.
    func link(
        _ type: LinkType, _ window: inout Window, _ bytes: borrowing Span<UInt8>,
        _ frame: inout CapturedFrame
    ) -> Layer {
        switch type {
        case .ethernet: return ethernet(&window, bytes, &frame)
        case .linuxSLL: return cooked(&window, bytes, &frame)
        case .linuxSLL2: return cooked2(&window, bytes, &frame)
        case .raw, .ipv4, .ipv6, LinkType(rawValue: 12), LinkType(rawValue: 14):
            frame.protocols.push(.raw)
            return ip(&window, bytes, &frame)
        case .null, .loop: return null(isBigEndian: type == .loop, &window, bytes, &frame)
        case .ppp, .pppHDLC: return pppLink(&window, bytes, &frame)
        case .pppDirection:
            window.at &+= 1
            return pppLink(&window, bytes, &frame)
        case .ciscoHDLC: return ciscoHDLC(&window, bytes, &frame)
        case .frameRelay: return frameRelay(&window, bytes, &frame)
        case .user0:
            frame.protocols.push(.user0)
            setPayload(window, &frame)
            return carried(.none, &window, bytes, &frame)
        case .radiotap: return radiotap(&window, bytes, &frame)
        case .ieee80211: return wlan(&window, bytes, &frame)
        case .ppi: return perPacketInformation(&window, bytes, &frame)
        case .ieee802154FCS: return wpan(hasCheckSequence: true, &window, bytes, &frame)
        case .ieee802154: return wpan(hasCheckSequence: false, &window, bytes, &frame)
        case .ieee802154TAP: return wpanTap(&window, bytes, &frame)
        case .loRaTap: return loRaTap(&window, bytes, &frame)
        case .bluetoothH4: return hci(&window, bytes, &frame)
        case .bluetoothH4Direction: return hciWithDirection(&window, bytes, &frame)
        case .bluetoothMonitor: return hciMonitor(&window, bytes, &frame)
        case .bluetoothLE: return lowEnergy(hasRadio: false, &window, bytes, &frame)
        case .bluetoothLEPhdr: return lowEnergy(hasRadio: true, &window, bytes, &frame)
        case .nflog: return netfilterLog(&window, bytes, &frame)
        case .pktap, .pktapStandard: return packetTap(&window, bytes, &frame)
        default: return .done
        }
    }

    /// Ethernet II and IEEE 802.3.
    func ethernet(
        _ window: inout Window, _ bytes: borrowing Span<UInt8>, _ frame: inout CapturedFrame
    ) -> Layer {
        frame.protocols.push(.eth)
        guard window.left >= 14 else { return malformed(.eth, &frame) }
        setLinkAddresses(
            FrameAddress(.mac, low: bytes.be48(window.at &+ 6)),
            FrameAddress(.mac, low: bytes.be48(window.at)), &frame)
        let type = bytes.be16(window.at &+ 12)
        window.at &+= 14
        return .etherType(type)
    }

    /// IEEE 802's EtherTypes, and below 1536 the length of an LLC frame.
    func etherType(
        _ type: UInt16, _ window: inout Window, _ bytes: borrowing Span<UInt8>,
        _ frame: inout CapturedFrame
    ) -> Layer {
        switch type {
        case 0x0800, 0x86DD: return ip(&window, bytes, &frame)
        case 0x0806: return arp(&window, bytes, &frame)
        case 0x8100, 0x9100, 0x9200: return tag(.vlan, &window, bytes, &frame)
        case 0x88A8: return tag(.ieee8021ad, &window, bytes, &frame)
        case 0x8847, 0x8848: return mpls(&window, bytes, &frame)
        case 0x8863: return .payload(.pppoed)
        case 0x8864: return pppoe(&window, bytes, &frame)
        case 0x880B: return .pppFrame
        case 0x6558: return .ethernet
        case 0x4305: return .payload(.batadv)
        case 0x88CC: return .payload(.lldp)
        case 0x88E5: return security(&window, bytes, &frame)
        case 0x894F: return serviceHeader(&window, bytes, &frame)
        case 0x888E: return .payload(.eapol)
        case 0..<1536: return llc(Int(type), &window, bytes, &frame)
        default: return .done
        }
    }

    private func tag(
        _ name: FrameProtocol, _ window: inout Window, _ bytes: borrowing Span<UInt8>,
        _ frame: inout CapturedFrame
    ) -> Layer {
        frame.protocols.push(name)
        guard window.left >= 4 else { return malformed(name, &frame) }
        let type = bytes.be16(window.at &+ 2)
        window.at &+= 4
        return .etherType(type)
    }

    /// IEEE 802.2 LLC, with SNAP (RFC 1042).
    func llc(
        _ length: Int, _ window: inout Window, _ bytes: borrowing Span<UInt8>,
        _ frame: inout CapturedFrame
    ) -> Layer {
        if length > 0, length < window.left {
            window.end = window.at &+ length
            window.wireEnd = window.end
        }
        frame.protocols.push(.llc)
        guard window.left >= 3 else { return malformed(.llc, &frame) }
        let service = bytes.be16(window.at)
        switch service {
        case 0xAAAA:
            guard window.left >= 8 else { return malformed(.llc, &frame) }
            let organization = bytes.be32(window.at &+ 2) & 0xFF_FFFF
            let type = bytes.be16(window.at &+ 6)
            window.at &+= 8
            // 0x0000F8 is Cisco's bridge-tunnel encapsulation of the same EtherTypes.
            guard organization == 0 || organization == 0xF8 else { return .done }
            return type < 1536 ? .done : .etherType(type)
        case 0x0606:
            window.at &+= 3
            return .ip
        case 0x4242: return .payload(.stp)
        default: return .done
        }
    }

    private func arp(
        _ window: inout Window, _ bytes: borrowing Span<UInt8>, _ frame: inout CapturedFrame
    ) -> Layer {
        frame.protocols.push(.arp)
        return window.left >= 8 ? .done : malformed(.arp, &frame)
    }

    func mpls(
        _ window: inout Window, _ bytes: borrowing Span<UInt8>, _ frame: inout CapturedFrame
    ) -> Layer {
        frame.protocols.push(.mpls)
        for _ in 0..<Dissector.maxLayers {
            guard window.left >= 5 else { return malformed(.mpls, &frame) }
            let isBottom = bytes.octet(window.at &+ 2) & 1 == 1
            window.at &+= 4
            guard isBottom else { continue }
            // The first nibble tells what is inside (RFC 4928 §3): IP, or a control word and
            // Ethernet.
            switch bytes.octet(window.at) >> 4 {
            case 4, 6: return .ip
            case 0 where window.left >= 18:
                window.at &+= 4
                return .ethernet
            default: return window.left >= 14 ? .ethernet : .done
            }
        }
        frame.isTooDeep = true
        return .done
    }

    // MARK: Cooked captures

    /// LINKTYPE_LINUX_SLL.
    private func cooked(
        _ window: inout Window, _ bytes: borrowing Span<UInt8>, _ frame: inout CapturedFrame
    ) -> Layer {
        frame.protocols.push(.sll)
        guard window.left >= 16 else { return malformed(.sll, &frame) }
        if bytes.be16(window.at &+ 4) == 6 {
            setLinkAddresses(
                FrameAddress(.mac, low: bytes.be48(window.at &+ 6)), .none, &frame)
        }
        if frame.direction == 0 { frame.direction = bytes.be16(window.at) == 4 ? 2 : 1 }
        let (hardware, type) = (bytes.be16(window.at &+ 2), bytes.be16(window.at &+ 14))
        window.at &+= 16
        return cooked(hardware: hardware, type: type, &window, bytes, &frame)
    }

    /// LINKTYPE_LINUX_SLL2, which `any` gives: with the interface's index.
    private func cooked2(
        _ window: inout Window, _ bytes: borrowing Span<UInt8>, _ frame: inout CapturedFrame
    ) -> Layer {
        frame.protocols.push(.sll)
        guard window.left >= 20 else { return malformed(.sll, &frame) }
        frame.systemInterface = bytes.be32(window.at &+ 4)
        if bytes.octet(window.at &+ 11) == 6 {
            setLinkAddresses(
                FrameAddress(.mac, low: bytes.be48(window.at &+ 12)), .none, &frame)
        }
        if frame.direction == 0 { frame.direction = bytes.octet(window.at &+ 10) == 4 ? 2 : 1 }
        let (hardware, type) = (bytes.be16(window.at &+ 8), bytes.be16(window.at))
        window.at &+= 20
        return cooked(hardware: hardware, type: type, &window, bytes, &frame)
    }

    private func cooked(
        hardware: UInt16, type: UInt16, _ window: inout Window, _ bytes: borrowing Span<UInt8>,
        _ frame: inout CapturedFrame
    ) -> Layer {
        // ARPHRD_IPGRE says GRE's protocol field, ARPHRD_NETLINK a family: neither is an EtherType.
        if hardware == 824 { return .done }
        switch type {
        case 0x0001, 0x0003, 0x000C: return .done
        case 0x0004: return llc(0, &window, bytes, &frame)
        default: return .etherType(type)
        }
    }

    // MARK: Small heads

    /// BSD loopback: an address family in the byte order of the host that captured.
    private func null(
        isBigEndian: Bool, _ window: inout Window, _ bytes: borrowing Span<UInt8>,
        _ frame: inout CapturedFrame
    ) -> Layer {
        frame.protocols.push(.null)
        guard window.left >= 4 else { return malformed(.null, &frame) }
        let word = bytes.be32(window.at)
        window.at &+= 4
        // Families are small: the other order shows in the high half.
        let family = word > 0xFFFF ? word.byteSwapped : word
        switch family {
        case 2, 24, 28, 30, 10, 23: return .ip
        default: return .done
        }
    }

    /// PPP with or without HDLC's address and control octets (RFC 1662 §3.1).
    private func pppLink(
        _ window: inout Window, _ bytes: borrowing Span<UInt8>, _ frame: inout CapturedFrame
    ) -> Layer {
        if window.left >= 2, bytes.be16(window.at) == 0xFF03 { window.at &+= 2 }
        return ppp(&window, bytes, &frame)
    }

    func ppp(
        _ window: inout Window, _ bytes: borrowing Span<UInt8>, _ frame: inout CapturedFrame
    ) -> Layer {
        frame.protocols.push(.ppp)
        guard window.left >= 2 else { return malformed(.ppp, &frame) }
        var type = UInt16(bytes.octet(window.at))
        window.at &+= 1
        // An odd first octet is a whole, compressed protocol number.
        if type & 1 == 0 {
            type = type << 8 | UInt16(bytes.octet(window.at))
            window.at &+= 1
        }
        switch type {
        case 0x21, 0x57: return .ip
        case 0x281, 0x283: return mpls(&window, bytes, &frame)
        case 0xC021: return .payload(.lcp)
        case 0x8021: return .payload(.ipcp)
        default: return .done
        }
    }

    /// PPP over Ethernet, a session's frame (RFC 2516 §4).
    private func pppoe(
        _ window: inout Window, _ bytes: borrowing Span<UInt8>, _ frame: inout CapturedFrame
    ) -> Layer {
        frame.protocols.push(.pppoes)
        guard window.left >= 6 else { return malformed(.pppoes, &frame) }
        let length = Int(bytes.be16(window.at &+ 4))
        window.at &+= 6
        window.end = min(window.end, window.at &+ length)
        return .pppFrame
    }

    private func ciscoHDLC(
        _ window: inout Window, _ bytes: borrowing Span<UInt8>, _ frame: inout CapturedFrame
    ) -> Layer {
        frame.protocols.push(.chdlc)
        guard window.left >= 4 else { return malformed(.chdlc, &frame) }
        let type = bytes.be16(window.at &+ 2)
        window.at &+= 4
        return type < 1536 ? .done : .etherType(type)
    }

    /// RFC 2427: an address of two to four octets, an unnumbered frame, a network layer's id.
    private func frameRelay(
        _ window: inout Window, _ bytes: borrowing Span<UInt8>, _ frame: inout CapturedFrame
    ) -> Layer {
        frame.protocols.push(.fr)
        var length = 1
        while length < 4, bytes.octet(window.at &+ length &- 1) & 1 == 0 { length &+= 1 }
        guard window.left >= length &+ 2 else { return malformed(.fr, &frame) }
        window.at &+= length
        guard bytes.octet(window.at) == 3 else {
            // Cisco's form: an EtherType where the control octet would be.
            let type = bytes.be16(window.at)
            guard type >= 1536 else { return .done }
            window.at &+= 2
            return .etherType(type)
        }
        window.at &+= bytes.octet(window.at &+ 1) == 0 ? 2 : 1
        let network = bytes.octet(window.at)
        window.at &+= 1
        switch network {
        case 0xCC, 0x8E: return .ip
        case 0x80
        where window.left >= 5 && bytes.be16(window.at) == 0
            && bytes.octet(window.at &+ 2) == 0:
            let type = bytes.be16(window.at &+ 3)
            window.at &+= 5
            return .etherType(type)
        default: return .done
        }
    }
}

/// Bluetooth, and the heads that kernels put before frames.
extension Dissector {
    /// An HCI packet behind its type octet (Bluetooth Core 5.4, volume 4, part A §2).
    func hci(
        _ window: inout Window, _ bytes: borrowing Span<UInt8>, _ frame: inout CapturedFrame
    ) -> Layer {
        frame.protocols.push(.hciH4)
        guard window.left >= 1 else { return malformed(.hciH4, &frame) }
        let type = bytes.octet(window.at)
        window.at &+= 1
        return hciBody(type, &window, bytes, &frame)
    }

    private func hciBody(
        _ type: UInt8, _ window: inout Window, _ bytes: borrowing Span<UInt8>,
        _ frame: inout CapturedFrame
    ) -> Layer {
        switch type {
        case 1: return .payload(.hciCommand)
        case 2: return logicalLink(&window, bytes, &frame)
        case 3: return .payload(.hciSCO)
        case 4: return .payload(.hciEvent)
        default: return .done
        }
    }

    /// With four octets of direction in front.
    func hciWithDirection(
        _ window: inout Window, _ bytes: borrowing Span<UInt8>, _ frame: inout CapturedFrame
    ) -> Layer {
        guard window.left >= 4 else { return malformed(.hciH4, &frame) }
        frame.direction = bytes.be32(window.at) & 1 == 1 ? 1 : 2
        window.at &+= 4
        return hci(&window, bytes, &frame)
    }

    /// The kernel's monitor channel: adapter and opcode in front.
    func hciMonitor(
        _ window: inout Window, _ bytes: borrowing Span<UInt8>, _ frame: inout CapturedFrame
    ) -> Layer {
        frame.protocols.push(.hciMonitor)
        guard window.left >= 4 else { return malformed(.hciMonitor, &frame) }
        let opcode = bytes.be16(window.at &+ 2)
        window.at &+= 4
        switch opcode {
        case 2: return .payload(.hciCommand)
        case 3: return .payload(.hciEvent)
        case 4, 5: return logicalLink(&window, bytes, &frame)
        case 6, 7: return .payload(.hciSCO)
        default: return .done
        }
    }

    /// An ACL packet, and L2CAP in a first fragment (volume 3, part A §3.1).
    private func logicalLink(
        _ window: inout Window, _ bytes: borrowing Span<UInt8>, _ frame: inout CapturedFrame
    ) -> Layer {
        frame.protocols.push(.hciACL)
        guard window.left >= 4 else { return malformed(.hciACL, &frame) }
        let isContinued = bytes.le16(window.at) >> 12 & 3 == 1
        window.at &+= 4
        guard !isContinued else { return .done }
        frame.protocols.push(.btl2cap)
        guard window.left >= 4 else { return malformed(.btl2cap, &frame) }
        let channel = bytes.le16(window.at &+ 2)
        window.at &+= 4
        setPayload(window, &frame)
        switch channel {
        case 4: return .payload(.btatt)
        case 6: return .payload(.btsmp)
        default: return carried(.none, &window, bytes, &frame)
        }
    }

    /// A Bluetooth LE frame on the air (volume 6, part B §2); `hasRadio` with ten octets in front.
    func lowEnergy(
        hasRadio: Bool, _ window: inout Window, _ bytes: borrowing Span<UInt8>,
        _ frame: inout CapturedFrame
    ) -> Layer {
        if hasRadio {
            frame.protocols.push(.btleRF)
            guard window.left >= 10 else { return malformed(.btleRF, &frame) }
            let flags = bytes.le16(window.at &+ 8)
            if flags & 2 != 0 {
                frame.rssiDbm = Int16(Int8(bitPattern: bytes.octet(window.at &+ 1)))
            }
            window.at &+= 10
        }
        frame.protocols.push(.btle)
        let at = window.at
        guard window.left >= 6 else { return malformed(.btle, &frame) }
        guard bytes.le32(at) == 0x8E89_BED6 else { return .done }
        guard window.left >= 12 else { return malformed(.btle, &frame) }
        let first = FrameAddress(.mac, low: lowEnergyAddress(at &+ 6, bytes))
        let everyone = FrameAddress(.mac, low: 0xFFFF_FFFF_FFFF)
        switch bytes.octet(at &+ 4) & 15 {
        case 0, 2, 4, 6: setLinkAddresses(first, everyone, &frame)
        case 1, 3, 5:
            guard window.left >= 18 else { return malformed(.btle, &frame) }
            let second = FrameAddress(.mac, low: lowEnergyAddress(at &+ 12, bytes))
            setLinkAddresses(first, second, &frame)
        default: break
        }
        return .done
    }

    /// Six octets, the lowest first.
    private func lowEnergyAddress(_ at: Int, _ bytes: borrowing Span<UInt8>) -> UInt64 {
        UInt64(bytes.le16(at &+ 4)) << 32 | UInt64(bytes.le32(at))
    }

    /// Netfilter's log: values by type, one of them the packet.
    func netfilterLog(
        _ window: inout Window, _ bytes: borrowing Span<UInt8>, _ frame: inout CapturedFrame
    ) -> Layer {
        frame.protocols.push(.nflog)
        guard window.left >= 4 else { return malformed(.nflog, &frame) }
        var at = window.at &+ 4
        while at &+ 4 <= window.end {
            let (size, type) = (Int(bytes.le16(at)), bytes.le16(at &+ 2) & 0x7FFF)
            guard size >= 4 else { return malformed(.nflog, &frame) }
            if type == 9 {
                let family = bytes.octet(window.at)
                window.at = at &+ 4
                return family == 2 || family == 10 ? .ip : .done
            }
            at &+= (size &+ 3) / 4 &* 4
        }
        return .done
    }

    /// Darwin's packet tap: a head that names the link type behind it.
    func packetTap(
        _ window: inout Window, _ bytes: borrowing Span<UInt8>, _ frame: inout CapturedFrame
    ) -> Layer {
        frame.protocols.push(.pktap)
        let length = Int(bytes.le32(window.at))
        guard window.left >= 12, length >= 12, length <= window.left else {
            return malformed(.pktap, &frame)
        }
        let type = UInt16(truncatingIfNeeded: bytes.le32(window.at &+ 8))
        window.at &+= length
        return .link(type == 12 ? .raw : LinkType(rawValue: type))
    }
}

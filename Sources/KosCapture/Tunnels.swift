/// What carries frames or packets of networks within networks.
extension Dissector {
    /// RFC 7348 §5.
    func vxlan(
        _ window: inout Window, _ bytes: borrowing Span<UInt8>, _ frame: inout CapturedFrame
    ) -> Layer {
        guard window.left >= 8, bytes.octet(window.at) & 0x08 != 0 else { return .done }
        frame.protocols.push(.vxlan)
        window.at &+= 8
        return .ethernet
    }

    /// RFC 8926 §3.4.
    func geneve(
        _ window: inout Window, _ bytes: borrowing Span<UInt8>, _ frame: inout CapturedFrame
    ) -> Layer {
        let length = 8 &+ Int(bytes.octet(window.at) & 0x3F) &* 4
        guard bytes.octet(window.at) >> 6 == 0, window.left >= length else { return .done }
        frame.protocols.push(.geneve)
        let type = bytes.be16(window.at &+ 2)
        window.at &+= length
        return type < 1536 ? .done : .etherType(type)
    }

    /// GTP-U (3GPP TS 29.281 §5.1), a T-PDU only.
    func gtp(
        _ window: inout Window, _ bytes: borrowing Span<UInt8>, _ frame: inout CapturedFrame
    ) -> Layer {
        let flags = bytes.octet(window.at)
        guard window.left >= 8, flags >> 5 == 1, flags & 0x10 != 0 else { return .done }
        frame.protocols.push(.gtp)
        guard bytes.octet(window.at &+ 1) == 255 else { return .done }
        var length = flags & 7 == 0 ? 8 : 12
        if flags & 4 != 0 {
            var next = bytes.octet(window.at &+ 11)
            for _ in 0..<Dissector.maxLayers where next != 0 {
                let size = Int(bytes.octet(window.at &+ length)) &* 4
                guard size > 0, window.left >= length &+ size else {
                    return malformed(.gtp, &frame)
                }
                length &+= size
                next = bytes.octet(window.at &+ length &- 1)
            }
        }
        guard window.left > length else { return malformed(.gtp, &frame) }
        window.at &+= length
        return .ip
    }

    /// RFC 4380 §5.1.1: authentication and origin indications in front of IPv6.
    func teredo(
        _ window: inout Window, _ bytes: borrowing Span<UInt8>, _ frame: inout CapturedFrame
    ) -> Layer {
        var at = window.at
        if bytes.be16(at) == 1, window.left >= 13 {
            at &+= 13 &+ Int(bytes.octet(at &+ 2)) &+ Int(bytes.octet(at &+ 3))
        }
        if at &+ 8 <= window.end, bytes.be16(at) == 0 { at &+= 8 }
        guard at &+ 40 <= window.end, bytes.octet(at) >> 4 == 6 else { return .done }
        frame.protocols.push(.teredo)
        window.at = at
        return .ip
    }

    /// VXLAN with a protocol of its choice (draft-ietf-nvo3-vxlan-gpe §3).
    func vxlanGeneric(
        _ window: inout Window, _ bytes: borrowing Span<UInt8>, _ frame: inout CapturedFrame
    ) -> Layer {
        guard window.left >= 8, bytes.octet(window.at) & 0x08 != 0 else { return .done }
        frame.protocols.push(.vxlan)
        let next = bytes.octet(window.at) & 0x04 != 0 ? bytes.octet(window.at &+ 3) : 3
        window.at &+= 8
        return serviceNext(next, &window, bytes, &frame)
    }

    private func serviceNext(
        _ next: UInt8, _ window: inout Window, _ bytes: borrowing Span<UInt8>,
        _ frame: inout CapturedFrame
    ) -> Layer {
        switch next {
        case 1, 2: return .ip
        case 3: return .ethernet
        case 4: return serviceHeader(&window, bytes, &frame)
        case 5: return mpls(&window, bytes, &frame)
        default: return .done
        }
    }

    /// The network service header (RFC 8300 §2.2).
    func serviceHeader(
        _ window: inout Window, _ bytes: borrowing Span<UInt8>, _ frame: inout CapturedFrame
    ) -> Layer {
        frame.protocols.push(.nsh)
        let length = Int(bytes.be16(window.at) & 0x3F) &* 4
        guard window.left >= 8, length >= 8, window.left >= length else {
            return malformed(.nsh, &frame)
        }
        let next = bytes.octet(window.at &+ 3)
        window.at &+= length
        // Within the walk, so that headers in headers are counted.
        return next == 4 ? .etherType(0x894F) : serviceNext(next, &window, bytes, &frame)
    }

    /// MACsec (IEEE 802.1AE §9): what is in a frame that is only authenticated can be read.
    func security(
        _ window: inout Window, _ bytes: borrowing Span<UInt8>, _ frame: inout CapturedFrame
    ) -> Layer {
        frame.protocols.push(.macsec)
        guard window.left >= 6 else { return malformed(.macsec, &frame) }
        let control = bytes.octet(window.at)
        let head = control & 0x20 != 0 ? 14 : 6
        // Encrypted or changed.
        guard control & 0x0C == 0 else { return .done }
        let short = Int(bytes.octet(window.at &+ 1) & 0x3F)
        guard window.left >= head &+ 2 &+ 16 else { return malformed(.macsec, &frame) }
        window.at &+= head
        // The check value stands at the end, or behind so many octets and before padding.
        if window.end == window.wireEnd { window.end &-= 16 }
        if short > 0 { window.end = min(window.end, window.at &+ short) }
        window.wireEnd = window.end
        let type = bytes.be16(window.at)
        window.at &+= 2
        return .etherType(type)
    }

    /// L2TP version 2 (RFC 2661 §3.1): PPP in data messages.
    func layerTwo(
        _ window: inout Window, _ bytes: borrowing Span<UInt8>, _ frame: inout CapturedFrame
    ) -> Layer {
        let flags = bytes.be16(window.at)
        guard window.left >= 6, flags & 15 == 2 else { return .payload(.none) }
        frame.protocols.push(.l2tp)
        guard flags & 0x8000 == 0 else { return .done }
        var length = 6
        if flags & 0x4000 != 0 { length &+= 2 }
        if flags & 0x0800 != 0 { length &+= 4 }
        if flags & 0x0200 != 0 {
            length &+= 2 &+ Int(bytes.be16(window.at &+ length))
        }
        guard window.left > length else { return .done }
        window.at &+= length
        if window.left >= 2, bytes.be16(window.at) == 0xFF03 { window.at &+= 2 }
        return .pppFrame
    }

    /// PIM: a register message holds the packet that is passed on (RFC 7761 §4.9.3).
    func registered(
        _ window: inout Window, _ bytes: borrowing Span<UInt8>, _ frame: inout CapturedFrame
    ) -> Layer {
        guard bytes.octet(window.at) == 0x21, window.left >= 28 else { return .payload(.pim) }
        frame.protocols.push(.pim)
        window.at &+= 8
        let version = bytes.octet(window.at) >> 4
        return version == 4 || version == 6 ? .ip : .done
    }
}

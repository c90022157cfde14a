/// Link layers of radios: 802.11, 802.15.4, LoRa.
extension Dissector {
    /// Radio heads of <https://www.radiotap.org>, then 802.11.
    func radiotap(
        _ window: inout Window, _ bytes: borrowing Span<UInt8>, _ frame: inout CapturedFrame
    ) -> Layer {
        frame.protocols.push(.radiotap)
        let at = window.at
        let length = Int(bytes.le16(at &+ 2))
        guard window.left >= 8, length >= 8, length <= window.left else {
            return malformed(.radiotap, &frame)
        }
        let present = bytes.le32(at &+ 4)
        var field = at &+ 8
        var more = present
        for _ in 0..<Dissector.maxLayers where more & 0x8000_0000 != 0 {
            more = bytes.le32(field)
            field &+= 4
        }
        // Fields stand in the order of their bits, each aligned to its own size.
        let sizes: [(size: Int, align: Int)] = [(8, 8), (1, 1), (1, 1), (4, 2), (2, 2), (1, 1)]
        for (bit, entry) in sizes.enumerated() where present >> UInt32(bit) & 1 == 1 {
            let offset = field &- at
            field = at &+ (offset &+ entry.align &- 1) / entry.align &* entry.align
            guard field &+ entry.size <= at &+ length else { break }
            if bit == 1, bytes.octet(field) & 0x10 != 0 { dropCheckSequence(4, &window, frame) }
            if bit == 5 { frame.rssiDbm = Int16(Int8(bitPattern: bytes.octet(field))) }
            field &+= entry.size
        }
        window.at = at &+ length
        return wlan(&window, bytes, &frame)
    }

    /// A frame check sequence stands at the end only where nothing was cut off.
    private func dropCheckSequence(_ count: Int, _ window: inout Window, _ frame: CapturedFrame) {
        guard frame.capturedBytes == frame.lengthBytes else { return }
        window.end = max(window.at, window.end &- count)
        window.wireEnd = window.end
    }

    /// Per-packet information: a head that names the link type behind it.
    func perPacketInformation(
        _ window: inout Window, _ bytes: borrowing Span<UInt8>, _ frame: inout CapturedFrame
    ) -> Layer {
        frame.protocols.push(.ppi)
        let length = Int(bytes.le16(window.at &+ 2))
        guard window.left >= 8, length >= 8, length <= window.left else {
            return malformed(.ppi, &frame)
        }
        let type = UInt16(truncatingIfNeeded: bytes.le32(window.at &+ 4))
        window.at &+= length
        return .link(LinkType(rawValue: type))
    }

    /// IEEE 802.11-2020 §9.2.3, addresses by §9.3.2.1.
    func wlan(
        _ window: inout Window, _ bytes: borrowing Span<UInt8>, _ frame: inout CapturedFrame
    ) -> Layer {
        frame.protocols.push(.wlan)
        let at = window.at
        guard window.left >= 10 else { return malformed(.wlan, &frame) }
        let control = bytes.le16(at)
        let (type, subtype) = (control >> 2 & 3, control >> 4 & 15)
        let isToDS = control & 0x100 != 0
        let isFromDS = control & 0x200 != 0
        func address(_ offset: Int) -> FrameAddress {
            FrameAddress(.mac, low: bytes.be48(at &+ offset))
        }
        if type == 1 {
            let hasSender = subtype != 12 && subtype != 13 && window.left >= 16
            setLinkAddresses(hasSender ? address(10) : .none, address(4), &frame)
            return .done
        }
        let isFourth = isToDS && isFromDS && type == 2
        var header = isFourth ? 30 : 24
        guard window.left >= header else { return malformed(.wlan, &frame) }
        let destination = isToDS && type == 2 ? address(16) : address(4)
        var source = address(10)
        if isFourth { source = address(24) } else if isFromDS, type == 2 { source = address(16) }
        setLinkAddresses(source, destination, &frame)
        // A mesh action frame with path selection elements (§9.6.16.3).
        if type == 0, subtype == 13, control & 0x4000 == 0, window.left >= 26,
            bytes.be16(at &+ 24) == 0x0D01
        {
            window.at &+= 26
            setPayload(window, &frame)
            return .payload(.hwmp)
        }
        guard type == 2, subtype & 4 == 0, control & 0x4000 == 0 else { return .done }
        if subtype & 8 != 0 {
            let quality = bytes.le16(at &+ header)
            header &+= control & 0x8000 != 0 ? 6 : 2
            // Bit 7 says that subframes are gathered; bit 8 that a mesh control field follows.
            if quality & 0x80 != 0 { return .done }
            if quality & 0x100 != 0 {
                let extended = Int(bytes.octet(at &+ header) & 3) &* 6
                if extended == 12 {
                    setLinkAddresses(address(header &+ 12), address(header &+ 6), &frame)
                }
                header &+= 6 &+ extended
            }
        }
        guard window.left >= header else { return malformed(.wlan, &frame) }
        window.at &+= header
        return window.left > 0 ? llc(0, &window, bytes, &frame) : .done
    }

    /// IEEE 802.15.4-2020 §7.2; `hasCheckSequence` where two octets of it stand at the end.
    func wpan(
        hasCheckSequence: Bool, _ window: inout Window, _ bytes: borrowing Span<UInt8>,
        _ frame: inout CapturedFrame
    ) -> Layer {
        if hasCheckSequence { dropCheckSequence(2, &window, frame) }
        frame.protocols.push(.wpan)
        guard window.left >= 2 else { return malformed(.wpan, &frame) }
        let control = bytes.le16(window.at)
        let version = control >> 12 & 3
        var cursor = Cursor(window.at &+ 2..<max(window.at &+ 2, window.end), in: bytes)
        if version != 2 || control & 0x100 == 0 {
            guard cursor.skip(1) else { return malformed(.wpan, &frame) }
        }
        let (to, from) = (Int(control >> 10 & 3), Int(control >> 14 & 3))
        let isCompressed = control & 0x40 != 0
        // Where both addresses are there, one PAN id is enough; version 2 has a table of its own.
        let hasTarget =
            version == 2
            ? (to != 0 && from == 0 && !isCompressed || to == 0 && from == 0 && isCompressed
                || to != 0 && from != 0 && !(to == 3 && from == 3 && isCompressed)) : to != 0
        let hasOrigin =
            version == 2
            ? (to == 0 && from != 0 && !isCompressed
                || to != 0 && from != 0 && !isCompressed && !(to == 3 && from == 3))
            : from != 0 && !isCompressed
        guard !hasTarget || cursor.skip(2), let destination = wpanAddress(to, &cursor, bytes),
            !hasOrigin || cursor.skip(2), let source = wpanAddress(from, &cursor, bytes)
        else { return malformed(.wpan, &frame) }
        setLinkAddresses(source, destination, &frame)
        guard control & 7 == 1, control & 0x08 == 0 else { return .done }
        if control & 0x200 != 0, !skipInformation(&cursor, bytes) {
            return malformed(.wpan, &frame)
        }
        guard cursor.left > 0 else { return .done }
        window.at = cursor.at
        setPayload(window, &frame)
        return adaptation(&window, bytes, &frame)
    }

    /// Steps over information elements (§7.4): those of the header, then, if their last one says
    /// so, those of the payload. False when octets are missing.
    private func skipInformation(
        _ cursor: inout Cursor, _ bytes: borrowing Span<UInt8>
    ) -> Bool {
        while cursor.left > 0 {
            guard let word = cursor.be16(bytes)?.byteSwapped else { return false }
            let isOfPayload = word & 0x8000 != 0
            guard cursor.skip(Int(word & (isOfPayload ? 0x7FF : 0x7F))) else { return false }
            // Header termination 2, and the end of the payload's.
            if !isOfPayload && word >> 7 == 0x7F || isOfPayload && word >> 11 == 0x1F {
                return true
            }
        }
        return true
    }

    private func wpanAddress(
        _ mode: Int, _ cursor: inout Cursor, _ bytes: borrowing Span<UInt8>
    ) -> FrameAddress? {
        switch mode {
        case 0: return FrameAddress.none
        case 2: return cursor.be16(bytes).map { FrameAddress(.short, low: UInt64($0.byteSwapped)) }
        case 3: return cursor.be64(bytes).map { FrameAddress(.eui64, low: $0.byteSwapped) }
        default: return nil
        }
    }

    /// LINKTYPE_IEEE802_15_4_TAP: values by type in front of the frame.
    func wpanTap(
        _ window: inout Window, _ bytes: borrowing Span<UInt8>, _ frame: inout CapturedFrame
    ) -> Layer {
        frame.protocols.push(.wpanTap)
        let length = Int(bytes.le16(window.at &+ 2))
        guard window.left >= 4, length >= 4, length <= window.left else {
            return malformed(.wpanTap, &frame)
        }
        var at = window.at &+ 4
        let end = window.at &+ length
        var checkSequence = 0
        while at &+ 4 <= end {
            let (type, size) = (bytes.le16(at), Int(bytes.le16(at &+ 2)))
            guard at &+ 4 &+ size <= end else { break }
            if type == 0, size >= 1 { checkSequence = Int(bytes.octet(at &+ 4)) }
            if type == 1, size >= 4 {
                let power = Float(bitPattern: bytes.le32(at &+ 4))
                if power > -300, power < 300 { frame.rssiDbm = Int16(power) }
            }
            at &+= 4 &+ (size &+ 3) / 4 &* 4
        }
        window.at = end
        if checkSequence == 2 { dropCheckSequence(4, &window, frame) }
        return wpan(hasCheckSequence: checkSequence == 1, &window, bytes, &frame)
    }

    // MARK: LoRa

    /// Meshtastic's header, in front of what it encrypts: to, from, id, flags, channel hash.
    private func meshtastic(
        _ window: Window, _ bytes: borrowing Span<UInt8>, _ frame: inout CapturedFrame
    ) -> Layer {
        guard window.left >= 14 else { return .done }
        setLinkAddresses(
            FrameAddress(.device, low: UInt64(bytes.le32(window.at &+ 4))),
            FrameAddress(.device, low: UInt64(bytes.le32(window.at))), &frame)
        return .payload(.meshtastic)
    }

    /// LINKTYPE_LORATAP, versions 0 and 1: <https://github.com/eriknl/LoRaTap>.
    func loRaTap(
        _ window: inout Window, _ bytes: borrowing Span<UInt8>, _ frame: inout CapturedFrame
    ) -> Layer {
        frame.protocols.push(.loratap)
        let at = window.at
        let length = Int(bytes.be16(at &+ 2))
        guard window.left >= 15, length >= 15, length <= window.left else {
            return malformed(.loratap, &frame)
        }
        let snr = Int16(Int8(bitPattern: bytes.octet(at &+ 13)))
        let strength = Int16(bytes.octet(at &+ 10))
        frame.rssiDbm = -139 + (snr >= 0 ? strength : strength / 4)
        frame.snrQuarterDb = snr
        let word = bytes.octet(at &+ 14)
        window.at = at &+ length
        setPayload(window, &frame)
        let isOurs = RadioPackets.isFrame(bytes, window.at..<max(window.at, window.end))
        if word == 0x2B, !isOurs { return meshtastic(window, bytes, &frame) }
        guard word == 0x34, !isOurs, window.left >= 1 else {
            return carried(.none, &window, bytes, &frame)
        }
        // LoRaWAN 1.0.4 §4.2: the kind of message, and for data the device's address.
        let kind = bytes.octet(window.at) >> 5
        if (2...5).contains(kind), window.left >= 5 {
            let device = FrameAddress(.device, low: UInt64(bytes.le32(window.at &+ 1)))
            let isUp = kind == 2 || kind == 4
            setLinkAddresses(isUp ? device : .none, isUp ? .none : device, &frame)
        }
        return .payload(.lorawan)
    }
}

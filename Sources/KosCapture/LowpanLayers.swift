/// 6LoWPAN: IPv6 in frames of 802.15.4 (RFC 4944, RFC 6282).
extension Dissector {
    /// By the dispatch octet (RFC 4944 §5.1, RFC 6282 §2): headers of a mesh and of a broadcast,
    /// fragments, IPv6 with or without compression. HC1, which RFC 6282 has replaced, is only
    /// named.
    func adaptation(
        _ window: inout Window, _ bytes: borrowing Span<UInt8>, _ frame: inout CapturedFrame
    ) -> Layer {
        switch bytes.octet(window.at) {
        case 0x41, 0x60...0x7F, 0x50, 0x80...0xBF, 0xC0...0xC7, 0xE0...0xE7: break
        case 0x42:
            return .payload(.sixlowpan)
        default: return carried(.none, &window, bytes, &frame)
        }
        frame.protocols.push(.sixlowpan)
        for _ in 0..<Dissector.maxLayers {
            guard window.left > 0 else { return malformed(.sixlowpan, &frame) }
            switch bytes.octet(window.at) {
            case 0x41:
                window.at &+= 1
                return .ip
            case 0x60...0x7F: return compressed(&window, bytes, &frame)
            case 0x50:
                guard window.left > 2 else { return malformed(.sixlowpan, &frame) }
                window.at &+= 2
            case 0x80...0xBF:
                guard meshHeader(&window, bytes, &frame) else {
                    return malformed(.sixlowpan, &frame)
                }
            case 0xC0...0xC7, 0xE0...0xE7: return lowpanFragment(&window, bytes, &frame)
            default: return .done
            }
        }
        frame.isTooDeep = true
        return .done
    }

    /// Originator and final destination of a frame that is on its way through a mesh (RFC 4944
    /// §5.2); false when octets are missing.
    private func meshHeader(
        _ window: inout Window, _ bytes: borrowing Span<UInt8>, _ frame: inout CapturedFrame
    ) -> Bool {
        var cursor = Cursor(window.at..<max(window.at, window.end), in: bytes)
        guard let first = cursor.u8(bytes), first & 15 != 15 || cursor.skip(1),
            let source = meshAddress(isShort: first & 0x20 != 0, &cursor, bytes),
            let destination = meshAddress(isShort: first & 0x10 != 0, &cursor, bytes)
        else { return false }
        setLinkAddresses(source, destination, &frame)
        window.at = cursor.at
        return true
    }

    private func meshAddress(
        isShort: Bool, _ cursor: inout Cursor, _ bytes: borrowing Span<UInt8>
    ) -> FrameAddress? {
        isShort
            ? cursor.be16(bytes).map { FrameAddress(.short, low: UInt64($0)) }
            : cursor.be64(bytes).map { FrameAddress(.eui64, low: $0) }
    }

    /// A fragment (RFC 4944 §5.3), as `FragmentTable` takes it: the datagram that it belongs to is
    /// whole IPv6.
    private func lowpanFragment(
        _ window: inout Window, _ bytes: borrowing Span<UInt8>, _ frame: inout CapturedFrame
    ) -> Layer {
        let isFirst = bytes.octet(window.at) & 0x20 == 0
        let head = isFirst ? 4 : 5
        guard window.left > head else { return malformed(.sixlowpan, &frame) }
        let size = Int(bytes.be16(window.at) & 0x7FF)
        let tag = bytes.be16(window.at &+ 2)
        let offset = isFirst ? 0 : Int(bytes.octet(window.at &+ 4)) &* 8
        window.at &+= head
        setPayload(window, &frame)
        frame.identification = UInt32(tag) << 16 | UInt32(size)
        frame.isFragment = true
        frame.isCompressed = isFirst
        frame.fragmentOffset = offset
        frame.hasMoreFragments = isFirst || offset &+ window.left < size
        frame.fragmentNext = 41
        frame.fragmentStart = window.at
        frame.fragmentEnd = window.end == window.wireEnd ? window.end : window.at
        return .done
    }

    /// RFC 6282 §3 and §4.
    private func compressed(
        _ window: inout Window, _ bytes: borrowing Span<UInt8>, _ frame: inout CapturedFrame
    ) -> Layer {
        var cursor = Cursor(window.at..<max(window.at, window.end), in: bytes)
        let link = (source: frame.source, destination: frame.destination)
        for _ in 0..<Dissector.maxLayers {
            frame.protocols.push(.ipv6)
            guard let head = LowpanHeader(&cursor, bytes, link: link) else {
                return malformed(.sixlowpan, &frame)
            }
            // One end alone would be half a truth.
            if let source = head.source, let destination = head.destination {
                (frame.source, frame.destination) = (source, destination)
            }
            frame.hopLimit = head.hopLimit
            if let next = head.next {
                window.at = cursor.at
                return extensionHeaders(next, &window, bytes, &frame)
            }
            if let layer = behindCompressed(&cursor, &window, bytes, &frame) { return layer }
        }
        frame.isTooDeep = true
        return .done
    }

    /// Compressed headers behind a compressed one; nil when another compressed IPv6 header comes.
    private func behindCompressed(
        _ cursor: inout Cursor, _ window: inout Window, _ bytes: borrowing Span<UInt8>,
        _ frame: inout CapturedFrame
    ) -> Layer? {
        for _ in 0..<Dissector.maxLayers {
            switch LowpanHeader.following(&cursor, bytes) {
            case .udp(let from, let to):
                frame.protocols.push(.udp)
                setPorts(.udp, from, to, &frame)
                window.at = cursor.at
                setPayload(window, &frame)
                return carried(.udp, &window, bytes, &frame)
            case .extended(44, _, _): return .done
            case .extended(_, let next?, _):
                window.at = cursor.at
                return extensionHeaders(next, &window, bytes, &frame)
            case .extended: continue
            case .tunnel: return nil
            case nil: return malformed(.sixlowpan, &frame)
            }
        }
        frame.isTooDeep = true
        return .done
    }
}

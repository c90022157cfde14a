/// Takes frames apart, layer by layer, down to what UDP and TCP carry.
///
/// Addresses and ports are those of the innermost IP layer. Octets that make no sense end the walk
/// with `malformed`; what is not known stays payload. At most `maxLayers` layers are peeled.
package struct Dissector: Sendable {
    /// Layers peeled off one frame, labels and tags too: sixteen networks within networks, however
    /// they are wrapped.
    package static let maxLayers = 96

    /// Where the walk is and what comes next.
    enum Layer {
        case link(LinkType)
        case etherType(UInt16)
        case network(UInt8, version: UInt8)
        case ip, ethernet, pppFrame
        case udp, tcp, sctp
        case payload(FrameProtocol)
        case done
    }

    /// The octets still to be taken apart.
    struct Window {
        var at: Int
        var end: Int
        /// Where the layer would end had the capture not cut it off.
        var wireEnd: Int
        var left: Int { end &- at }
    }

    package init() {}

    /// Fills `frame` from `packet`, whose octets stand in `bytes`.
    package func dissect(
        _ packet: CapturedPacket, of interface: CaptureInterface, in bytes: borrowing Span<UInt8>,
        into frame: inout CapturedFrame
    ) {
        frame.reset(to: packet)
        let end = min(packet.range.upperBound, bytes.count)
        var window = Window(
            at: packet.range.lowerBound, end: end,
            wireEnd: packet.range.lowerBound &+ max(packet.lengthBytes, packet.range.count))
        if interface.checkSequenceLength > 0, packet.lengthBytes == packet.range.count {
            window.end = max(window.at, end - interface.checkSequenceLength)
            window.wireEnd = window.end
        }
        walk(from: .link(interface.linkType), &window, bytes, &frame)
    }

    /// Goes on behind the IP layer of a datagram that was put together of `fragments`.
    func dissect(
        datagram bytes: borrowing Span<UInt8>, of fragments: Int, into frame: inout CapturedFrame
    ) {
        let version: UInt8 = frame.source.kind == .ipv6 ? 6 : 4
        var window = Window(at: 0, end: bytes.count, wireEnd: bytes.count)
        frame.isFragment = false
        frame.fragments = fragments
        setPayload(window, &frame)
        walk(from: .network(frame.fragmentNext, version: version), &window, bytes, &frame)
    }

    private func walk(
        from first: Layer, _ window: inout Window, _ bytes: borrowing Span<UInt8>,
        _ frame: inout CapturedFrame
    ) {
        var layer = first
        for _ in 0..<Dissector.maxLayers {
            switch layer {
            case .link(let type): layer = link(type, &window, bytes, &frame)
            case .ethernet: layer = ethernet(&window, bytes, &frame)
            case .etherType(let type): layer = etherType(type, &window, bytes, &frame)
            case .ip: layer = ip(&window, bytes, &frame)
            case .network(let number, let version):
                layer = network(number, version: version, &window, bytes, &frame)
            case .udp: layer = udp(&window, bytes, &frame)
            case .tcp: layer = tcp(&window, bytes, &frame)
            case .sctp: layer = sctp(&window, bytes, &frame)
            case .pppFrame: layer = ppp(&window, bytes, &frame)
            case .payload(let name):
                if name != .none { frame.protocols.push(name) }
                return
            case .done: return
            }
        }
        if case .done = layer { return }
        if case .payload(let name) = layer {
            if name != .none { frame.protocols.push(name) }
            return
        }
        frame.isTooDeep = true
    }

    /// Ends the walk: `name` is cut off or makes no sense.
    func malformed(_ name: FrameProtocol, _ frame: inout CapturedFrame) -> Layer {
        frame.malformed = name
        return .done
    }

    /// Sets the addresses of a link layer, unless an outer layer's IP addresses are known by now.
    func setLinkAddresses(
        _ source: FrameAddress, _ destination: FrameAddress, _ frame: inout CapturedFrame
    ) {
        guard frame.source.kind != .ipv4, frame.source.kind != .ipv6 else { return }
        frame.source = source
        frame.destination = destination
    }
}

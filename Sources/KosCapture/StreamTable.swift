package import KosCore

/// One direction of a conversation.
package struct StreamKey: Hashable, Sendable {
    package let source: FrameAddress
    package let destination: FrameAddress
    package let ports: UInt32

    package init(_ frame: CapturedFrame) {
        source = frame.source
        destination = frame.destination
        ports = UInt32(frame.sourcePort) << 16 | UInt32(frame.destinationPort)
    }
}

/// One packet that a capture carries: its octets (the seed's JSON object), and what brought it.
package struct CarriedPacket: Sendable {
    package var octets: [UInt8]
    package var transport: TransportType

    package init(octets: [UInt8], transport: TransportType) {
        self.octets = octets
        self.transport = transport
    }
}

/// Finds the kOS packets in a capture's frames: one a datagram, or out of TCP streams, WebSocket
/// and HTTP. Streams and what they hold are bounded; the ones longest silent go first.
package struct StreamTable: Sendable {
    package static let maxStreams = 131_072
    /// Octets held behind holes, of all streams.
    package static let maxHeld = 64 << 20

    private var young: [StreamKey: ByteStream] = [:]
    private var old: [StreamKey: ByteStream] = [:]
    private var held = 0
    private var radio = RadioPackets()
    private var datagrams = DatagramPackets()
    /// Streams forgotten because there were too many.
    package private(set) var evicted = 0
    /// Streams that lost octets which were never sent again, or were cut off by the snapshot
    /// length.
    package private(set) var desynchronised = 0

    package init() {}

    /// Hands out the packets that `frame` completes.
    package mutating func read(
        _ frame: CapturedFrame, _ bytes: borrowing Span<UInt8>, names: ShortNames? = nil,
        give: (CarriedPacket) -> Void
    ) {
        switch frame.transport {
        case .udp where frame.protocols.last == .kos:
            datagrams.read(frame, bytes.array(frame.payload)) { octets in
                give(CarriedPacket(octets: octets, transport: .udp))
            }
        case .tcp where frame.malformed == .none && !frame.isFragment:
            readSegment(frame, bytes, give: give)
        case .none where frame.protocols.last == .kos: readRadio(frame, bytes, names, give: give)
        default: return
        }
    }

    private mutating func readRadio(
        _ frame: CapturedFrame, _ bytes: borrowing Span<UInt8>, _ names: ShortNames?,
        give: (CarriedPacket) -> Void
    ) {
        let octets = bytes.array(frame.payload)
        let isBluetooth =
            frame.protocols.contains(.btl2cap) || frame.protocols.contains(.btle)
        let transport = isBluetooth ? TransportType.bluetooth : .lora
        if Dissector.isPacket(octets.span, at: 0) {
            give(CarriedPacket(octets: octets, transport: transport))
        } else if let packet = radio.read(octets, from: frame.source, names ?? ShortNames()) {
            give(CarriedPacket(octets: packet, transport: transport))
        }
    }

    private mutating func readSegment(
        _ frame: CapturedFrame, _ bytes: borrowing Span<UInt8>, give: (CarriedPacket) -> Void
    ) {
        let isOpening = frame.tcpFlags & CapturedFrame.TCPFlag.syn != 0
        guard isOpening || frame.payloadLength > 0 else { return }
        let key = StreamKey(frame)
        if young.count >= StreamTable.maxStreams / 2 || held > StreamTable.maxHeld {
            evicted += old.count
            old = young
            young = [:]
            held = 0
        }
        var stream = young[key] ?? old.removeValue(forKey: key) ?? ByteStream()
        // Put down before reading: an array that two places hold is copied when it grows.
        if !stream.isIgnored || isOpening {
            young[key] = nil
            let before = (stream.heldOctets, stream.isDesynchronised)
            stream.read(frame, bytes) { octets, transport in
                give(CarriedPacket(octets: octets, transport: transport))
            }
            held += stream.heldOctets - before.0
            if stream.isDesynchronised, !before.1 { desynchronised += 1 }
            young[key] = stream
        }
    }
}

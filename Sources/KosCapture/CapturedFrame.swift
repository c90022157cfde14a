/// One captured frame, taken apart. A flat value that is filled again for every packet: nothing
/// in it is allocated.
package struct CapturedFrame: Sendable {
    package var number = 0
    package var interface = 0
    /// Which of several captures that are looked at together it is from.
    package var capture = 0
    /// Nanoseconds since 1970; nil when the capture does not say.
    package var time: Int64?
    package var lengthBytes = 0
    package var capturedBytes = 0
    /// 1 in, 2 out, 0 unknown.
    package var direction: UInt8 = 0
    /// `ifindex` of a cooked frame (SLL2); 0 for none.
    package var systemInterface: UInt32 = 0

    package var protocols = ProtocolStack()
    package var source = FrameAddress.none
    package var destination = FrameAddress.none
    package var sourcePort: UInt16 = 0
    package var destinationPort: UInt16 = 0
    package var hasPorts = false

    /// The innermost transport: `.udp`, `.tcp`, `.sctp` or `.none`.
    package var transport = FrameProtocol.none
    /// What the transport carries, by offset; empty when there is none.
    package var payloadStart = 0
    package var payloadEnd = 0
    /// Octets of payload on the wire, where the capture cut some off.
    package var payloadLength = 0

    // Of the innermost IP layer.
    package var identification: UInt32 = 0
    package var hopLimit: UInt8 = 0
    package var isFragment = false
    /// Of a fragment: where it stands, in octets, whether more follow, and what it carries.
    package var fragmentOffset = 0
    package var hasMoreFragments = false
    package var fragmentNext: UInt8 = 0
    /// The first fragment's headers are those of 6LoWPAN.
    package var isCompressed = false
    package var fragmentStart = 0
    package var fragmentEnd = 0
    /// Fragments that this frame completed.
    package var fragments = 0

    // Of a TCP segment.
    package var sequence: UInt32 = 0
    package var acknowledgement: UInt32 = 0
    package var tcpFlags: UInt8 = 0
    package var tcpWindow: UInt16 = 0

    // Of a radio header.
    package var rssiDbm: Int16?
    package var snrQuarterDb: Int16?

    /// The protocol whose octets made no sense or were cut off.
    package var malformed = FrameProtocol.none
    /// Whether taking apart stopped at the limit of nested layers.
    package var isTooDeep = false

    package init() {}

    package var payload: Range<Int> { payloadStart..<max(payloadStart, payloadEnd) }

    package enum TCPFlag {
        package static let fin: UInt8 = 0x01
        package static let syn: UInt8 = 0x02
        package static let rst: UInt8 = 0x04
        package static let ack: UInt8 = 0x10
    }

    /// Takes over the packet's head and forgets everything else.
    @inline(__always)
    mutating func reset(to packet: CapturedPacket) {
        number = packet.number
        interface = packet.interface
        time = packet.time
        lengthBytes = packet.lengthBytes
        capturedBytes = packet.range.count
        direction = packet.direction
        systemInterface = 0
        protocols.removeAll()
        source = .none
        destination = .none
        sourcePort = 0
        destinationPort = 0
        hasPorts = false
        transport = .none
        payloadStart = 0
        payloadEnd = 0
        payloadLength = 0
        identification = 0
        hopLimit = 0
        isFragment = false
        fragments = 0
        sequence = 0
        acknowledgement = 0
        tcpFlags = 0
        tcpWindow = 0
        rssiDbm = nil
        snrQuarterDb = nil
        malformed = .none
        isTooDeep = false
    }

    /// Of the two directions of a conversation, the one from the lower end.
    package var isForward: Bool {
        let (here, there) = (source.mixed, destination.mixed)
        return here == there ? sourcePort < destinationPort : here < there
    }

    /// Names the conversation in both directions, the same in every process: a hash of protocol,
    /// addresses and ports, the lower end first.
    package var flow: UInt64 {
        let here = source.mixed ^ UInt64(sourcePort) &* 0x9E37_79B9_7F4A_7C15
        let there = destination.mixed ^ UInt64(destinationPort) &* 0x9E37_79B9_7F4A_7C15
        let product = (min(here, there) ^ UInt64(transport.rawValue)).multipliedFullWidth(
            by: max(here, there) | 1)
        return product.high ^ product.low
    }
}

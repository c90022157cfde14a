/// One conversation: what went each way, and what TCP tells of its road.
package struct Conversation: Sendable {
    /// One direction of it.
    package struct Side: Sendable {
        package var packets = 0
        package var bytes = 0
        package var retransmissions = 0
        /// Octets of payload that the receiver never got from this capture's point of view.
        package var gaps = 0
        /// Sequence number behind the last new octet; nil before the first segment.
        var next: UInt32?
        /// The segment whose acknowledgement is waited for.
        var timed: (end: UInt32, time: Int64)?
    }
    package let id: UInt64
    package let source: FrameAddress
    package let destination: FrameAddress
    package let sourcePort: UInt16
    package let destinationPort: UInt16
    package let transport: FrameProtocol
    package var application: FrameProtocol
    package var firstSeen: Int64
    package var lastSeen: Int64
    /// From the opener, and back.
    package var forth = Side()
    package var back = Side()
    /// SYN to SYN-ACK, nanoseconds.
    package var handshake: Int64?
    var opened: Int64?
    package var rttCount = 0
    package var rttSum: Int64 = 0
    package var rttMin = Int64.max

    init(_ frame: CapturedFrame, id: UInt64, time: Int64) {
        self.id = id
        // The side that answers a SYN is not the opener.
        let isAnswer =
            frame.tcpFlags & (CapturedFrame.TCPFlag.syn | CapturedFrame.TCPFlag.ack)
            == CapturedFrame.TCPFlag.syn | CapturedFrame.TCPFlag.ack
        source = isAnswer ? frame.destination : frame.source
        destination = isAnswer ? frame.source : frame.destination
        sourcePort = isAnswer ? frame.destinationPort : frame.sourcePort
        destinationPort = isAnswer ? frame.sourcePort : frame.destinationPort
        transport = frame.transport
        application = frame.protocols.last
        firstSeen = time
        lastSeen = time
    }

    package var packets: Int { forth.packets + back.packets }
    package var bytes: Int { forth.bytes + back.bytes }
}

/// The conversations of a capture, bounded: the ones longest silent are put out early.
package struct FlowTable: Sendable {
    package static let maxFlows = 262_144

    private var numbers: [UInt64: Int] = [:]
    package private(set) var flows: [Conversation] = []
    /// Put out before the end because there were too many.
    package private(set) var evicted = 0

    // Over all flows.
    package private(set) var connections = 0
    package private(set) var segments = 0
    package private(set) var retransmissions = 0
    package private(set) var handshakes = Histogram()
    package private(set) var roundTrips = Histogram()

    package init() {}

    /// Counts `frame`; `evict` is handed the flows that had to make room.
    package mutating func add(_ frame: CapturedFrame, evict: (Conversation) -> Void) {
        guard frame.hasPorts else { return }
        let id = frame.flow
        let time = frame.time ?? 0
        let number: Int
        if let known = numbers[id] {
            number = known
        } else {
            if flows.count >= FlowTable.maxFlows { makeRoom(evict: evict) }
            number = flows.count
            numbers[id] = number
            flows.append(Conversation(frame, id: id, time: time))
        }
        let isForth =
            flows[number].source == frame.source
            && flows[number].sourcePort == frame.sourcePort
        flows[number].lastSeen = max(flows[number].lastSeen, time)
        if frame.protocols.last != frame.transport {
            flows[number].application = frame.protocols.last
        }
        if isForth {
            flows[number].forth.packets += 1
            flows[number].forth.bytes += frame.lengthBytes
        } else {
            flows[number].back.packets += 1
            flows[number].back.bytes += frame.lengthBytes
        }
        if frame.transport == .tcp, frame.malformed == .none {
            follow(frame, time, number, isForth: isForth)
        }
    }

    private mutating func follow(
        _ frame: CapturedFrame, _ time: Int64, _ number: Int, isForth: Bool
    ) {
        let isSyn = frame.tcpFlags & CapturedFrame.TCPFlag.syn != 0
        let isAck = frame.tcpFlags & CapturedFrame.TCPFlag.ack != 0
        if isSyn, !isAck {
            if flows[number].opened == nil { connections += 1 }
            flows[number].opened = time
        } else if isSyn, let opened = flows[number].opened, flows[number].handshake == nil {
            flows[number].handshake = time - opened
            handshakes.add(time - opened)
        }
        if isForth {
            follow(frame, time, number, isSyn, isAck, \.forth, \.back)
        } else {
            follow(frame, time, number, isSyn, isAck, \.back, \.forth)
        }
    }

    private mutating func follow(
        _ frame: CapturedFrame, _ time: Int64, _ number: Int, _ isSyn: Bool, _ isAck: Bool,
        _ here: WritableKeyPath<Conversation, Conversation.Side>,
        _ there: WritableKeyPath<Conversation, Conversation.Side>
    ) {
        let isFin = frame.tcpFlags & CapturedFrame.TCPFlag.fin != 0
        let length = UInt32(truncatingIfNeeded: frame.payloadLength) &+ (isSyn || isFin ? 1 : 0)
        if length > 0 {
            segments += 1
            let end = frame.sequence &+ length
            let next = flows[number][keyPath: here].next
            let ahead = next.map { Int32(bitPattern: frame.sequence &- $0) } ?? 0
            if next == nil || ahead >= 0 {
                if ahead > 0 { flows[number][keyPath: here].gaps += Int(ahead) }
                flows[number][keyPath: here].next = end
                if flows[number][keyPath: here].timed == nil {
                    flows[number][keyPath: here].timed = (end, time)
                }
            } else if Int32(bitPattern: end &- (next ?? end)) <= 0,
                length > 1 || frame.payloadLength > 1
            {
                // All of it was sent before; a lone octet is a keep-alive.
                flows[number][keyPath: here].retransmissions += 1
                flows[number][keyPath: here].timed = nil
                retransmissions += 1
            } else {
                flows[number][keyPath: here].next = end
            }
        }
        if isAck, let timed = flows[number][keyPath: there].timed,
            Int32(bitPattern: frame.acknowledgement &- timed.end) >= 0
        {
            let trip = max(0, time - timed.time)
            flows[number][keyPath: there].timed = nil
            flows[number].rttCount += 1
            flows[number].rttSum += trip
            flows[number].rttMin = min(flows[number].rttMin, trip)
            roundTrips.add(trip)
        }
    }

    /// Puts out the half that was silent longest.
    private mutating func makeRoom(evict: (Conversation) -> Void) {
        let times = flows.map(\.lastSeen).sorted()
        let limit = times[times.count / 2]
        var kept = 0
        numbers.removeAll(keepingCapacity: true)
        // In place: a second table would cost as much again.
        for place in flows.indices {
            guard flows[place].lastSeen > limit || kept == 0 else {
                evict(flows[place])
                evicted += 1
                continue
            }
            if kept != place { flows.swapAt(kept, place) }
            numbers[flows[kept].id] = kept
            kept += 1
        }
        flows.removeLast(flows.count - kept)
    }
}

/// One Bluetooth channel as a link of a mesh node: packets in their short form, put together or
/// taken apart to fit the channel's MTU, and confirmed selectively.
///
/// A classic channel in basic mode drops what its receiver has no room for, and a stack may flush
/// what it could not send in time: what is not confirmed goes again. On a credit-based channel that
/// never happens, and the acknowledgements only keep the window.
///
/// The body of a transfer is a CBOR sequence (RFC 8742) of byte strings, a compact packet in each.
/// Both ends know the short ids of both: the first packet of each is its node info, which names the
/// whole key.
package struct BluetoothLink: Engine {
    package enum Input: Sendable {
        /// What the node wants said, a newline behind each packet.
        case lines([UInt8])
        /// What came over the channel.
        case unit([UInt8])
    }
    package enum Output: Hashable, Sendable {
        case unit([UInt8])
        case lines([UInt8])
        /// So many octets of lines are on their way for good.
        case taken(Int)
        case dropped(Drop)
    }
    package enum Drop: Hashable, Sendable {
        /// What came is no frame, or no packet in the short form.
        case malformed
        /// A packet of this node that has no short form, or is longer than the channel takes.
        case unsendable
        /// Octets that were never confirmed.
        case lost(Int)
    }
    /// The least MTU that makes sense; a Low Energy channel may go down to 23.
    package static let minMTU = 64
    /// Octets of lines that may wait here before the sender is asked to hold back.
    private static let window = 64 << 10

    private let own: NodeID
    private let short: @Sendable (NodeID) -> [UInt8]?
    private var link: DatagramLink
    private var names = ShortNames()
    private let room: Int
    private var queue: [UInt8] = []
    private var outputs: [DatagramLink.Output] = []

    /// `mtu` is the largest unit that both ends take.
    package init(
        own: NodeID, mtu: Int, seed: UInt64, short: @escaping @Sendable (NodeID) -> [UInt8]?
    ) {
        self.own = own
        self.short = short
        let mtu = max(BluetoothLink.minMTU, mtu)
        var settings = DatagramLink.Settings()
        settings.mtu = mtu
        // Channels deliver by themselves, at the pace of the air.
        settings.minWait = .seconds(3)
        settings.maxWait = .seconds(12)
        settings.minWindow = max(4, Double(BluetoothLink.window / 2 / mtu))
        settings.maxWindow = max(8, Double(BluetoothLink.window / mtu))
        link = DatagramLink(
            isOutgoing: true, first: UInt32(truncatingIfNeeded: seed), settings: settings)
        link.prove(takesFragments: true)
        room = mtu - DatagramFrame.fragmentHeader - 4
        learn(own)
    }

    package var nextDeadline: Instant? { link.nextDeadline }
    /// Octets that are not confirmed yet.
    package var waiting: Int { link.waiting + queue.count }

    package mutating func handle(_ input: Input, at now: Instant, into outputs: inout [Output]) {
        switch input {
        case .lines(let lines):
            queue += lines
            fill(at: now, into: &outputs)
        case .unit(let octets):
            guard DatagramFrame.isFrame(octets) else { return outputs.append(.dropped(.malformed)) }
            link.receive(octets, at: now, into: &self.outputs)
            perform(into: &outputs)
            fill(at: now, into: &outputs)
        }
    }

    package mutating func advance(to now: Instant, into outputs: inout [Output]) {
        link.advance(to: now, into: &self.outputs)
        perform(into: &outputs)
        fill(at: now, into: &outputs)
    }

    private mutating func learn(_ node: NodeID) {
        if let octets = short(node) { names.learn(node, short: octets) }
    }

    // MARK: Sending

    /// Takes lines from the queue as long as the window has room.
    private mutating func fill(at now: Instant, into outputs: inout [Output]) {
        guard !queue.isEmpty, link.waiting < BluetoothLink.window else { return }
        var taken = 0
        var body: [UInt8] = []
        while taken < queue.count, link.waiting < BluetoothLink.window {
            guard let end = queue.span.firstOffset(of: 0x0A, from: taken) else { break }
            let line = Array(queue[taken..<end])
            taken = end + 1
            guard !line.isEmpty else { continue }
            guard let packet = packet(line) else {
                outputs.append(.dropped(.unsendable))
                continue
            }
            var item: [UInt8] = []
            CBOR.append(octets: CompactPacket.encode(packet, names, own: own), to: &item)
            if !body.isEmpty, body.count + item.count > room {
                link.send(body: body, at: now, into: &self.outputs)
                body = []
            }
            body += item
        }
        if !body.isEmpty { link.send(body: body, at: now, into: &self.outputs) }
        guard taken > 0 else { return }
        queue.removeFirst(taken)
        outputs.append(.taken(taken))
        perform(into: &outputs)
    }

    private mutating func packet(_ line: [UInt8]) -> Packet? {
        guard let object = try? JSONObject(parsing: line.span) else { return nil }
        return try? Packet(RecordFields(object))
    }

    private mutating func perform(into outputs: inout [Output]) {
        let todo = self.outputs
        self.outputs = []
        for output in todo {
            switch output {
            case .datagram(let octets): outputs.append(.unit(octets))
            case .lines(let body): receive(body, into: &outputs)
            case .dropped(.lost(let octets)): outputs.append(.dropped(.lost(octets)))
            case .dropped(.tooLong): outputs.append(.dropped(.unsendable))
            case .dropped(.malformed), .dropped(.unproven): outputs.append(.dropped(.malformed))
            }
        }
    }

    // MARK: Receiving

    private mutating func receive(_ body: [UInt8], into outputs: inout [Output]) {
        var items = CBORReader(body)
        var lines: [UInt8] = []
        while !items.isAtEnd {
            guard case .octets(let octets) = try? items.item() else {
                outputs.append(.dropped(.malformed))
                break
            }
            guard let packet = try? CompactPacket.decode(octets, names) else {
                outputs.append(.dropped(.malformed))
                continue
            }
            // The other end tells first who it is, with its whole key.
            if packet.control == .nodeInfo { learn(packet.source) }
            lines += packet.wire
            lines.append(0x0A)
        }
        if !lines.isEmpty { outputs.append(.lines(lines)) }
    }
}

/// Units on a channel that is a stream (RFCOMM): two octets of length, the high one first, before
/// each.
package struct UnitStream: Sendable {
    private var pending: [UInt8] = []

    package init() {}

    /// A unit as it goes into the stream; at most 65,535 octets of it.
    package static func framed(_ unit: [UInt8]) -> [UInt8] {
        let unit = unit.prefix(0xFFFF)
        return [UInt8(unit.count >> 8), UInt8(truncatingIfNeeded: unit.count)] + unit
    }

    /// The units that these octets complete.
    package mutating func take(_ octets: [UInt8]) -> [[UInt8]] {
        pending += octets
        var units: [[UInt8]] = []
        var place = 0
        while pending.count - place >= 2 {
            let length = Int(pending[place]) << 8 | Int(pending[place + 1])
            guard pending.count - place - 2 >= length else { break }
            units.append(Array(pending[place + 2..<place + 2 + length]))
            place += 2 + length
        }
        pending.removeFirst(place)
        return units
    }
}

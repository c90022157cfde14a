/// Packets over one LoRa radio: the short form, fragments that are repeated until they arrive, no
/// packet twice, and, where asked, managed flooding.
///
/// Every frame that is to go is an output; the caller answers with `sent` or `refused` once the law
/// and the modem have had their say, so that the pace is theirs.
package struct LoRaLink: Engine {
    package enum Input: Hashable, Sendable {
        case send(Packet)
        case heard(ReceivedFrame)
        /// The frame of this number has left.
        case sent(UInt64)
        /// It will not: no air time, or the modem failed.
        case refused(UInt64, String)
    }
    package enum Output: Hashable, Sendable {
        case transmit(OutgoingFrame)
        case deliver(Packet, ReceivedFrame)
        /// A frame that is no kOS frame.
        case foreign(ReceivedFrame)
        /// In how many frames the packet went, repeats included.
        case finished(packet: String, frames: Int)
        case failed(packet: String, String, frames: Int)
        /// Counted, not shown: a duplicate, a broken body.
        case rejected(String)
    }
    enum Timer: Hashable, Sendable {
        case answer(UInt16), acknowledge(UInt16), flood(String), echo(String)
    }
    /// What becomes of packets for others.
    package enum Forwarding: Hashable, Sendable {
        case none
        /// Each is repeated once by everybody, after a roll of the dice.
        case blind
        /// Those who heard it worst speak first, and whoever hears that its own copy would reach
        /// nobody new keeps silent; a sender that hears no echo where one was due says it again.
        case managed
    }
    private struct Work: Sendable {
        let packet: String
        let priority: Int
        var sender: FragmentSender?
        var whole: [UInt8]?
    }

    /// Octets of the largest frame.
    package let mtu: Int
    /// Air time of a frame of so many octets.
    let modulation: LoRaModulation
    /// Names that short ids stand for.
    package var names: ShortNames
    package let forwarding: Forwarding
    /// Nodes that this one hears, where somebody keeps account of them.
    package var neighbours: Set<String>?
    /// Whom others hear, as they told last.
    var told: [String: Set<String>] = [:]
    /// This node, whose packets nobody needs to repeat here.
    let own: NodeID?
    var random: SplitMix64
    var timers = Timers<Timer>()
    private var receiver: FragmentReceiver
    private var seen: SeenCache<String>
    /// Heard so recently that a copy is an echo of the same sending, and no new attempt.
    private var recent: [String: Instant] = [:]
    let echo: Duration
    /// Frames that wait, most urgent first.
    private var frames: [(priority: Int, transfer: UInt16?, packet: String, frame: LoRaFrame)] = []
    private var flying: (id: UInt64, transfer: UInt16?, packet: String)?
    private var number: UInt64 = 0
    private var transfers: [UInt16: Work] = [:]
    private var wholes: [String: Int] = [:]
    private var acknowledgements: [UInt16: Int] = [:]
    var floods: [String: Flood] = [:]
    /// Packets for all that went out here and whose echo is listened for.
    var echoes: [String: (packet: Packet, tries: Int)] = [:]

    package static let maxQueue = 1024

    package init(
        mtu: Int, modulation: LoRaModulation, names: ShortNames = ShortNames(),
        forwarding: Forwarding = .none, own: NodeID? = nil, seed: UInt64, at now: Instant
    ) {
        self.own = own
        self.mtu = mtu
        self.modulation = modulation
        self.names = names
        self.forwarding = forwarding
        random = SplitMix64(seed: seed)
        let frame = Duration.microseconds(TimeOnAir(clamping: mtu, modulation).microseconds)
        receiver = FragmentReceiver(lifetime: max(.seconds(30), frame * 20))
        seen = SeenCache(capacity: 4096, lifetime: .seconds(600), at: now)
        echo = LoRaLink.slot(modulation, airtime: frame) * LoRaLink.maxSlots + frame * 2
    }

    package var nextDeadline: Instant? { timers.next }
    /// Whether an answer to fragments is still to be given, or a frame to be sent.
    package var isBusy: Bool { !acknowledgements.isEmpty || !frames.isEmpty || flying != nil }
    package var queueLength: Int { frames.count + (flying == nil ? 0 : 1) }

    /// The largest frame that stays below `limit` on the air, so that one loss costs little.
    package static func mtu(
        _ modulation: LoRaModulation, modem: Int, limit: Duration = .milliseconds(1500)
    ) -> Int {
        min(modem, max(32, modulation.largestPayload(within: limit) ?? 32))
    }

    package mutating func handle(_ input: Input, at now: Instant, into outputs: inout [Output]) {
        switch input {
        case .send(let packet): send(packet, at: now, into: &outputs)
        case .heard(let frame): hear(frame, at: now, into: &outputs)
        case .sent(let id):
            guard let flight = flying, flight.id == id else { return }
            flying = nil
            left(flight.transfer, flight.packet, at: now, into: &outputs)
            pump(into: &outputs)
        case .refused(let id, let why):
            guard let flight = flying, flight.id == id else { return }
            flying = nil
            giveUp(flight.transfer, flight.packet, why, into: &outputs)
            pump(into: &outputs)
        }
    }

    package mutating func advance(to now: Instant, into outputs: inout [Output]) {
        while let timer = timers.popDue(at: now) {
            switch timer {
            case .answer(let transfer): unanswered(transfer, at: now, into: &outputs)
            case .acknowledge(let transfer):
                guard let count = acknowledgements.removeValue(forKey: transfer),
                    let received = receiver.bits(transfer, count)
                else { continue }
                enqueue(
                    [.acknowledgement(transfer: transfer, count: count, received: received)],
                    priority: 0, nil, "", into: &outputs)
            case .flood(let id):
                guard let flood = floods.removeValue(forKey: id) else { continue }
                send(flood.packet, at: now, into: &outputs)
            case .echo(let id): unechoed(id, at: now, into: &outputs)
            }
        }
    }

    // MARK: Sending

    mutating func send(_ packet: Packet, at now: Instant, into outputs: inout [Output]) {
        _ = seen.insert(packet.id, at: now)
        listen(for: packet, at: now)
        let body = CompactPacket.encode(packet, names, own: own)
        let priority = packet.metadata.priority
        guard frames.count < LoRaLink.maxQueue else {
            return outputs.append(.failed(packet: packet.id, "the queue is full", frames: 0))
        }
        if body.count + LoRaFrame.wholeHeader <= mtu {
            wholes[packet.id] = 1
            return enqueue([.whole(body)], priority: priority, nil, packet.id, into: &outputs)
        }
        var transfer: UInt16
        repeat {
            transfer = UInt16.random(in: 0...UInt16.max, using: &random)
        } while transfers[transfer] != nil
        let isForAll = packet.destination == Packet.broadcast
        guard
            var sender = FragmentSender(
                body, transfer: transfer, mtu: mtu, isUnacknowledged: isForAll)
        else {
            let most = (mtu - LoRaFrame.fragmentHeader) * LoRaFrame.maxFragments - 4
            return outputs.append(
                .failed(
                    packet: packet.id, "\(body.count) octets, at most \(most) fit", frames: 0))
        }
        let todo = sender.fragmentsToSend()
        transfers[transfer] = Work(packet: packet.id, priority: priority, sender: sender)
        enqueue(todo, priority: priority, transfer, packet.id, into: &outputs)
    }

    private mutating func enqueue(
        _ new: [LoRaFrame], priority: Int, _ transfer: UInt16?, _ packet: String,
        into outputs: inout [Output]
    ) {
        // Behind everything of the same urgency: fragments stay in order.
        let place = frames.firstIndex { $0.priority > priority } ?? frames.count
        frames.insert(contentsOf: new.map { (priority, transfer, packet, $0) }, at: place)
        pump(into: &outputs)
    }

    private mutating func pump(into outputs: inout [Output]) {
        guard flying == nil, !frames.isEmpty else { return }
        let next = frames.removeFirst()
        number += 1
        flying = (number, next.transfer, next.packet)
        outputs.append(.transmit(OutgoingFrame(id: number, payload: next.frame.bytes)))
    }

    /// A frame has left: the last one of a transfer starts the wait for its answer.
    private mutating func left(
        _ transfer: UInt16?, _ packet: String, at now: Instant, into outputs: inout [Output]
    ) {
        guard let transfer else {
            if let count = wholes.removeValue(forKey: packet) {
                outputs.append(.finished(packet: packet, frames: count))
            }
            return
        }
        guard let work = transfers[transfer], !frames.contains(where: { $0.transfer == transfer })
        else { return }
        if let sender = work.sender, sender.isUnacknowledged {
            transfers[transfer] = nil
            return outputs.append(.finished(packet: packet, frames: sender.framesSent))
        }
        timers.set(.answer(transfer), at: now + answerTime)
    }

    /// The answer's air time, the receivers' dice, and what modems take.
    private var answerTime: Duration { acknowledgementTime * 6 + .milliseconds(500) }

    private var acknowledgementTime: Duration {
        .microseconds(TimeOnAir(clamping: 9, modulation).microseconds)
    }

    private mutating func unanswered(
        _ transfer: UInt16, at now: Instant, into outputs: inout [Output]
    ) {
        guard var work = transfers[transfer], var sender = work.sender else { return }
        let step = sender.timedOut()
        work.sender = sender
        transfers[transfer] = work
        follow(step, transfer, work, into: &outputs)
    }

    private mutating func follow(
        _ step: FragmentSender.Step, _ transfer: UInt16, _ work: Work,
        into outputs: inout [Output]
    ) {
        let sent = work.sender?.framesSent ?? 0
        switch step {
        case .send(var todo):
            // Receivers answer by themselves behind the last fragment only.
            if case .fragment(_, let index, let count, _, _) = todo.last, index < count - 1 {
                todo.append(.request(transfer: transfer, count: count))
            }
            enqueue(todo, priority: work.priority, transfer, work.packet, into: &outputs)
        case .delivered:
            transfers[transfer] = nil
            frames.removeAll { $0.transfer == transfer }
            timers.cancel(.answer(transfer))
            outputs.append(.finished(packet: work.packet, frames: sent))
        case .failed(let missing):
            transfers[transfer] = nil
            let list = missing.map(String.init).joined(separator: ", ")
            outputs.append(
                .failed(
                    packet: work.packet, "fragments \(list) were never confirmed", frames: sent))
        }
    }

    private mutating func giveUp(
        _ transfer: UInt16?, _ packet: String, _ why: String, into outputs: inout [Output]
    ) {
        if let transfer, let work = transfers.removeValue(forKey: transfer) {
            frames.removeAll { $0.transfer == transfer }
            timers.cancel(.answer(transfer))
            outputs.append(.failed(packet: packet, why, frames: work.sender?.framesSent ?? 0))
        } else if wholes.removeValue(forKey: packet) != nil {
            outputs.append(.failed(packet: packet, why, frames: 0))
        }
    }

    // MARK: Hearing

    private mutating func hear(
        _ heard: ReceivedFrame, at now: Instant, into outputs: inout [Output]
    ) {
        guard let frame = LoRaFrame(heard.payload) else {
            return outputs.append(.foreign(heard))
        }
        switch frame {
        case .whole(let body): open(body, heard, at: now, into: &outputs)
        case .fragment(let transfer, let index, let count, let isUnacknowledged, let data):
            let body = receiver.take(
                transfer: UInt32(transfer), index: index, count: count, data: data, at: now)
            if !isUnacknowledged, body != nil || index == count - 1 {
                acknowledge(transfer, count, at: now)
            }
            if let body { open(body, heard, at: now, into: &outputs) }
        case .acknowledgement(let transfer, let count, let received):
            // Another receiver said as much as this one could: its own answer would only collide.
            if let own = receiver.bits(transfer, count), own & ~received == 0 {
                acknowledgements[transfer] = nil
                timers.cancel(.acknowledge(transfer))
            }
            guard var work = transfers[transfer], var sender = work.sender,
                !frames.contains(where: { $0.transfer == transfer })
            else { return }
            timers.cancel(.answer(transfer))
            let step = sender.acknowledged(received)
            work.sender = sender
            transfers[transfer] = work
            if let step { follow(step, transfer, work, into: &outputs) }
        case .request(let transfer, let count):
            if receiver.bits(transfer, count) != nil {
                acknowledge(transfer, count, at: now)
            }
        }
    }

    /// Answers after a roll of the dice: several may have heard the same.
    private mutating func acknowledge(_ transfer: UInt16, _ count: Int, at now: Instant) {
        acknowledgements[transfer] = count
        let slots = Int.random(in: 0...3, using: &random)
        timers.set(.acknowledge(transfer), at: now + acknowledgementTime * slots)
    }

    private mutating func open(
        _ body: [UInt8], _ heard: ReceivedFrame, at now: Instant, into outputs: inout [Output]
    ) {
        let packet: Packet
        do {
            packet = try CompactPacket.decode(body, names)
        } catch {
            return outputs.append(.rejected("a packet's body is malformed"))
        }
        guard isNew(packet, at: now) else {
            overhear(packet, heard)
            return outputs.append(.rejected("duplicate"))
        }
        outputs.append(.deliver(packet, heard))
        note(packet)
        if packet.destination != own?.text { flood(packet, heard, at: now) }
    }

    /// Whether the packet is to be looked at: it was not here before, or its sender tries it again.
    /// A new attempt comes over as many hops as the first one, and later than any echo of that.
    private mutating func isNew(_ packet: Packet, at now: Instant) -> Bool {
        // What this node said comes back as often as it is repeated.
        guard packet.source != own else { return false }
        let isFirst = seen.insert(packet.id, at: now)
        let isSameWay = !seen.insert("\(packet.id) \(packet.metadata.hops)", at: now)
        let isLate = recent[packet.id].map { now - $0 > echo } ?? true
        guard isFirst || isSameWay && isLate else {
            // What is said again for want of an echo is no new attempt, however often.
            if isSameWay, recent[packet.id] != nil { recent[packet.id] = now }
            return false
        }
        if recent.count >= 1024 { recent = recent.filter { now - $0.value <= echo } }
        if recent.count < 1024 { recent[packet.id] = now }
        return true
    }
}

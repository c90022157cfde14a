import KosCore

/// Access to the air as IEEE 802.11's distributed coordination function has it: carrier sense,
/// slots that stop while the air is busy, acknowledgements, retries with a window that doubles.
extension RadioSimulation {
    private var radio: RadioModel { scenario.radio }

    mutating func enqueue(_ frame: HopFrame, _ node: Int) {
        if let resolution = radio.resolution, !frame.isBroadcast,
            !isResolved(frame, node, resolution)
        {
            return
        }
        enqueue(.datagram(frame), node)
    }

    mutating func enqueue(_ frame: LinkFrame, _ node: Int) {
        guard nodes[node].queue.count - nodes[node].head < radio.queue else {
            metrics.queueDrops += 1
            return
        }
        nodes[node].queue.append(frame)
        contend(node)
    }

    /// Has the node try to send once the air is free.
    mutating func contend(_ node: Int) {
        guard !nodes[node].isWaiting, !nodes[node].isSending, !nodes[node].isAwaiting,
            nodes[node].head < nodes[node].queue.count
        else { return }
        nodes[node].isWaiting = true
        nodes[node].isFrozen = false
        var start = now
        let free = nodes[node].airUntil + radio.interframe
        let isAtOnce = nodes[node].tries == 0 && nodes[node].restsUntil <= now && free <= now
        if radio.hasCollisions, !isAtOnce || nodes[node].slotsLeft != nil {
            let slots = nodes[node].slotsLeft ?? drawSlots(tries: nodes[node].tries)
            nodes[node].slotsLeft = slots
            nodes[node].countsFrom = max(now, nodes[node].airUntil) + radio.interframe
            start = nodes[node].countsFrom + radio.slot * slots
        }
        nodes[node].attemptAt = start
        push(start, RadioEvent.attempt, node)
    }

    private mutating func drawSlots(tries: Int) -> Int {
        Int.random(in: 0..<min(radio.maxSlots, radio.slots << min(tries, 10)), using: &random)
    }

    /// Stops the count of a node that hears the air fill; one whose slot this is does not hear it
    /// in time.
    mutating func freeze(_ node: Int) {
        guard nodes[node].isWaiting, !nodes[node].isFrozen, nodes[node].attemptAt > now else {
            return
        }
        nodes[node].isFrozen = true
        let counted = now - nodes[node].countsFrom
        guard let left = nodes[node].slotsLeft, counted > .zero else { return }
        let slots = Int(counted.nanoseconds / max(1, radio.slot.nanoseconds))
        nodes[node].slotsLeft = max(0, left - slots)
    }

    mutating func attempt(_ node: Int, _ tap: Tap?) {
        nodes[node].isWaiting = false
        guard nodes[node].isAlive, nodes[node].head < nodes[node].queue.count,
            !nodes[node].isSending
        else { return }
        guard !nodes[node].isFrozen else {
            contend(node)
            return
        }
        nodes[node].slotsLeft = nil
        let frame = nodes[node].queue[nodes[node].head]
        if case .datagram(let frame) = frame { tap?(now, frame) }
        let until = now + radio.airtime(octets: count(frame))
        begin(node, until, reserves: frame.receiver == nil ? .zero : radio.acknowledgement)
        push(
            radio.hasCollisions || frame.receiver == nil ? until : until + radio.acknowledgement,
            RadioEvent.ending, node)
    }

    private mutating func begin(_ node: Int, _ until: Instant, reserves: Duration) {
        nodes[node].isSending = true
        nodes[node].receivers = terrain.neighbours[node]
        if radio.hasCollisions { occupy(node, until, reserves: reserves) }
    }

    /// Takes what a node sent out of the air; who could hear it, and where it was spoilt.
    private mutating func finish(_ node: Int) -> (receivers: [Int], spoilt: Set<Int>) {
        nodes[node].isSending = false
        let sent = (nodes[node].receivers, nodes[node].spoilt)
        nodes[node].receivers = []
        nodes[node].spoilt = []
        if radio.hasCollisions { clear(node, sent.0) }
        return sent
    }

    private mutating func count(_ frame: LinkFrame) -> Int {
        guard case .datagram(let frame) = frame else {
            metrics.resolutionFrames += 1
            return AddressResolution.octets
        }
        let datagram = frame.datagram
        let octets = datagram.payload.count + (datagram.content == .sourceRouted ? 20 : 28)
        if isControl(datagram) {
            metrics.controlFrames += 1
            metrics.controlOctets += octets
        } else {
            metrics.dataFrames += 1
            metrics.dataOctets += octets
        }
        return octets
    }

    mutating func end(_ node: Int, _ watch: Watch?) {
        guard nodes[node].isSending else { return }
        let (receivers, spoilt) = finish(node)
        guard nodes[node].isAlive, nodes[node].head < nodes[node].queue.count else { return }
        let frame = nodes[node].queue[nodes[node].head]
        let target = frame.receiver
        var hearers: [Int] = []
        var isReceived = target == nil
        for other in receivers where nodes[other].isAlive {
            if spoilt.contains(other) {
                metrics.collisions += 1
                continue
            }
            if radio.loss > 0, random.unit() < radio.loss { continue }
            hearers.append(other)
            if other == target { isReceived = true }
        }
        guard radio.hasCollisions, let target else {
            settleFrame(frame, node, isReceived, hearers, watch)
            return
        }
        nodes[node].isAwaiting = true
        if isReceived {
            // The answer follows after SIFS, without regard to anybody.
            let until = now + radio.acknowledgement
            nodes[target].acknowledges = node
            begin(target, until, reserves: .zero)
            push(until, RadioEvent.acknowledged, target)
            let number = nodes[node].number
            if nodes[target].lastNumbers.updateValue(number, forKey: node) == number {
                hearers.removeAll { $0 == target }
            }
        } else {
            push(now + radio.acknowledgement + radio.slot, RadioEvent.unacknowledged, node)
        }
        for other in hearers { hear(frame, from: node, other, watch) }
    }

    /// The end of an acknowledgement that `node` sent.
    mutating func acknowledged(_ node: Int, _ watch: Watch?) {
        let (receivers, spoilt) = finish(node)
        contend(node)
        guard let sender = nodes[node].acknowledges else { return }
        nodes[node].acknowledges = nil
        guard nodes[sender].isAwaiting else { return }
        let isHeard = receivers.contains(sender) && !spoilt.contains(sender)
        conclude(sender, isHeard, watch)
    }

    mutating func conclude(_ node: Int, _ isReceived: Bool, _ watch: Watch?) {
        nodes[node].isAwaiting = false
        guard nodes[node].isAlive, nodes[node].head < nodes[node].queue.count else { return }
        settleFrame(nodes[node].queue[nodes[node].head], node, isReceived, [], watch)
    }

    /// Done with the frame at the head of the queue, or not yet.
    private mutating func settleFrame(
        _ frame: LinkFrame, _ node: Int, _ isReceived: Bool, _ hearers: [Int], _ watch: Watch?
    ) {
        if !isReceived, nodes[node].tries + 1 < radio.tries {
            nodes[node].tries += 1
            contend(node)
            return
        }
        nodes[node].tries = 0
        nodes[node].number &+= 1
        if radio.hasCollisions {
            nodes[node].restsUntil =
                now + radio.interframe + radio.slot * drawSlots(tries: 0)
        }
        dequeue(node)
        for other in hearers { hear(frame, from: node, other, watch) }
        if !isReceived, case .datagram(let frame) = frame {
            if !radio.returnsFrames, !E.keepsFrames, !isControl(frame.datagram) {
                metrics.unacknowledged += 1
            }
            giveUp(frame, node, watch)
        }
        contend(node)
    }

    /// Tells the protocol that a neighbour was not reached.
    mutating func giveUp(_ frame: HopFrame, _ node: Int, _ watch: Watch?) {
        metrics.undelivered += 1
        guard radio.tellsOfLosses || E.keepsFrames else { return }
        let returns = radio.returnsFrames || E.keepsFrames
        inject(
            returns ? .undelivered(frame) : .neighbourDown(frame.receiver), into: node,
            watch: watch)
    }

    private mutating func dequeue(_ node: Int) {
        nodes[node].head += 1
        if nodes[node].head == nodes[node].queue.count {
            nodes[node].queue.removeAll(keepingCapacity: true)
            nodes[node].head = 0
        } else if nodes[node].head > 64 {
            nodes[node].queue.removeFirst(nodes[node].head)
            nodes[node].head = 0
        }
    }
}

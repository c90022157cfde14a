package import KosCore

/// The kinds of entries in a simulator's heap.
private enum Kind {
    static let wake: UInt32 = 0
    static let frame: UInt32 = 1
    static let input: UInt32 = 2
    static let step: UInt32 = 3
}

private struct Node: Sendable {
    var isAlive = true
    var links: [Int] = []
    /// The earliest wake-up in the heap for this node; nil if there is none.
    var wake: Instant?
}

private struct Link: Sendable {
    let ends: (Int, Int)
    /// The direction from the first end to the second, and back.
    var there, back: NetemLink
    /// Whether the ends know the link to be up, and whether it was taken down on purpose.
    var isUp = true
    var isCut = false
    /// Directions in which frames vanish without notice.
    var blocksThere = false, blocksBack = false
    /// Counts the times that the link went down: frames from before do not come out after.
    var epoch: UInt32 = 0
}

private struct FlyingFrame: Sendable {
    var bytes: [UInt8]
    var link: Int
    var isThere: Bool
    var epoch: UInt32
}

/// Runs any number of engines over links in virtual time, from a seed: same seed, same run.
///
/// It stands where the driver and the network stand in the real thing. Inputs are handed in with
/// `schedule`, faults with `script` (a step at a time, with the simulator in hand) or by calling
/// `cut`, `partition`, `crash` and the rest between two runs. Outputs that are not frames go to the
/// observer, which may schedule further steps.
package struct Simulator<E: Engine>: Sendable {
    package typealias Observer = (inout Simulator<E>, _ node: Int, _ time: Instant, E.Output) ->
        Void
    package typealias Step = @Sendable (inout Simulator<E>) -> Void

    package private(set) var now = Instant.zero
    package private(set) var counts = SimulatorCounts()
    /// A fingerprint of everything that happened: equal for equal runs.
    package private(set) var trace = Fingerprint()
    /// The number of events that may be pending; frames beyond it are dropped and counted.
    package var maxPending = 4_000_000

    private let seed: UInt64
    private let wiring: Wiring<E>
    private var nodes: [Node] = []
    /// Kept apart from the nodes: what is read often should be small.
    private var engines: [E] = []
    private var links: [Link] = []
    private var heap = EventHeap()
    private var frames: [FlyingFrame] = []
    private var freeFrames: [Int] = []
    private var inputs: [Int: (node: Int, input: E.Input)] = [:]
    private var steps: [Int: Step] = [:]
    private var tickets = 0
    private var outputs: [E.Output] = []

    package init(seed: UInt64, wiring: Wiring<E>) {
        self.seed = seed
        self.wiring = wiring
    }

    package var nodeCount: Int { nodes.count }
    package var linkCount: Int { links.count }
    /// Adds a node; its number is the count of those before it.
    @discardableResult
    package mutating func add(_ engine: E) -> Int {
        nodes.append(Node())
        engines.append(engine)
        arm(nodes.count - 1)
        return nodes.count - 1
    }

    /// Joins two nodes by a link with one quality there and perhaps another back, and tells both
    /// ends at the present time. Returns the link's number; nil when an end does not exist.
    @discardableResult
    package mutating func connect(_ first: Int, _ second: Int, by there: Netem, back: Netem? = nil)
        -> Int?
    {
        guard nodes.indices.contains(first), nodes.indices.contains(second), first != second else {
            return nil
        }
        let number = links.count
        let dice = seed &+ UInt64(number) &* 0x9E37_79B9_7F4A_7C15
        links.append(
            Link(
                ends: (first, second), there: NetemLink(there, seed: dice ^ 0x5448_4552),
                back: NetemLink(back ?? there, seed: dice ^ 0x4241_434B)))
        nodes[first].links.append(number)
        nodes[second].links.append(number)
        announce(number, isUp: true)
        return number
    }

    /// The engine of a node; nil while it is down.
    package subscript(node: Int) -> E? {
        nodes.indices.contains(node) && nodes[node].isAlive ? engines[node] : nil
    }

    package func ends(of link: Int) -> (Int, Int)? {
        links.indices.contains(link) ? links[link].ends : nil
    }

    package mutating func schedule(_ input: E.Input, to node: Int, at time: Instant) {
        tickets &+= 1
        inputs[tickets] = (node, input)
        heap.push(max(time, now), kind: Kind.input, index: UInt32(truncatingIfNeeded: tickets))
    }

    /// Has `step` done at `time`, with the simulator in hand.
    package mutating func script(at time: Instant, _ step: @escaping Step) {
        tickets &+= 1
        steps[tickets] = step
        heap.push(max(time, now), kind: Kind.step, index: UInt32(truncatingIfNeeded: tickets))
    }

    /// Takes a link down or up and tells both ends; what is under way on it is lost.
    package mutating func setLink(_ link: Int, isUp: Bool) {
        guard links.indices.contains(link) else { return }
        links[link].isCut = !isUp
        let (first, second) = links[link].ends
        // A link to a node that is down waits for the node.
        guard !isUp || (nodes[first].isAlive && nodes[second].isAlive) else { return }
        change(link, isUp: isUp)
    }

    private mutating func change(_ link: Int, isUp: Bool) {
        guard links[link].isUp != isUp else { return }
        links[link].isUp = isUp
        if !isUp { links[link].epoch &+= 1 }
        announce(link, isUp: isUp)
    }

    /// Lets frames that `node` sends on `link` vanish, or pass again; nobody is told.
    package mutating func block(_ link: Int, from node: Int, _ isBlocked: Bool = true) {
        guard links.indices.contains(link) else { return }
        if links[link].ends.0 == node { links[link].blocksThere = isBlocked }
        if links[link].ends.1 == node { links[link].blocksBack = isBlocked }
    }

    /// Changes the quality of one direction of a link.
    package mutating func setNetem(_ netem: Netem, of link: Int, from node: Int) {
        guard links.indices.contains(link) else { return }
        if links[link].ends.0 == node { links[link].there.netem = netem }
        if links[link].ends.1 == node { links[link].back.netem = netem }
    }

    /// Lets everything vanish that crosses between two groups; nobody is told. A node in no group
    /// stands alone. `heal` ends it.
    package mutating func partition(_ groups: [[Int]]) {
        var group: [Int: Int] = [:]
        for (number, members) in groups.enumerated() {
            for member in members { group[member] = number }
        }
        for link in links.indices {
            let (first, second) = links[link].ends
            let isApart = group[first] == nil || group[first] != group[second]
            links[link].blocksThere = isApart
            links[link].blocksBack = isApart
        }
    }

    /// Ends every `partition` and `block`.
    package mutating func heal() {
        for link in links.indices {
            links[link].blocksThere = false
            links[link].blocksBack = false
        }
    }

    /// Stops a node: its engine and all it knew are gone. Neighbours are told only if `isNoticed`,
    /// as by a stream that is reset.
    package mutating func crash(_ node: Int, isNoticed: Bool = true) {
        guard nodes.indices.contains(node), nodes[node].isAlive else { return }
        nodes[node].isAlive = false
        nodes[node].wake = nil
        for link in nodes[node].links where links[link].isUp {
            links[link].epoch &+= 1
            if isNoticed { change(link, isUp: false) }
        }
    }

    /// Starts a node anew with `engine`, with all links to nodes that run but those that were cut.
    package mutating func restart(_ node: Int, with engine: E) {
        guard nodes.indices.contains(node) else { return }
        engines[node] = engine
        nodes[node].isAlive = true
        nodes[node].wake = nil
        arm(node)
        for link in nodes[node].links {
            let (first, second) = links[link].ends
            guard !links[link].isCut, nodes[first].isAlive, nodes[second].isAlive else {
                continue
            }
            // The others may never have missed it; their link is a new one all the same.
            change(link, isUp: false)
            change(link, isUp: true)
        }
    }

    /// Runs until nothing is due up to and including `limit`, and leaves the clock there.
    ///
    /// - Returns: the number of events that it took, at most `maxEvents`.
    @discardableResult
    package mutating func run(
        until limit: Instant, maxEvents: Int = .max, observe: Observer = { _, _, _, _ in }
    ) -> Int {
        var count = 0
        while count < maxEvents, let entry = heap.pop(until: limit) {
            now = entry.time
            guard let node = take(entry) else { continue }
            count += 1
            counts.events += 1
            if node >= 0 { settle(node, observe) }
        }
        if count < maxEvents { now = max(now, limit) }
        return count
    }

    /// Runs for `duration` from now.
    @discardableResult
    package mutating func run(
        for duration: Duration, maxEvents: Int = .max, observe: Observer = { _, _, _, _ in }
    ) -> Int {
        run(until: now + duration, maxEvents: maxEvents, observe: observe)
    }

    /// Does one event. Returns the node that acted, -1 if none did, nil if it was stale.
    private mutating func take(_ entry: EventHeap.Entry) -> Int? {
        let index = Int(entry.index)
        switch entry.kind {
        case Kind.wake: return wake(index, at: entry.time)
        case Kind.frame: return arrive(index)
        case Kind.input:
            guard let (node, input) = inputs.removeValue(forKey: index) else { return nil }
            guard nodes.indices.contains(node) else { return -1 }
            mark(UInt64(truncatingIfNeeded: node) &+ 2 << 40)
            if nodes[node].isAlive { engines[node].handle(input, at: now, into: &outputs) }
            return node
        default:
            guard let step = steps.removeValue(forKey: index) else { return nil }
            mark(3 << 40)
            step(&self)
            return -1
        }
    }

    private mutating func wake(_ node: Int, at time: Instant) -> Int? {
        guard nodes[node].wake == time else { return nil }
        nodes[node].wake = nil
        guard nodes[node].isAlive, let deadline = Self.nextDeadline(of: &engines[node]) else {
            return nil
        }
        guard deadline <= time else {
            arm(node)
            return nil
        }
        mark(UInt64(truncatingIfNeeded: node))
        engines[node].advance(to: now, into: &outputs)
        return node
    }

    private mutating func arrive(_ index: Int) -> Int? {
        let frame = frames[index]
        frames[index].bytes = []
        freeFrames.append(index)
        let node: Int
        if frame.isThere {
            links[frame.link].there.release()
            node = links[frame.link].ends.1
        } else {
            links[frame.link].back.release()
            node = links[frame.link].ends.0
        }
        guard links[frame.link].epoch == frame.epoch else {
            counts.framesToDownLink += 1
            return -1
        }
        guard nodes[node].isAlive else {
            counts.framesToDownNode += 1
            return -1
        }
        counts.framesDelivered += 1
        mark(UInt64(truncatingIfNeeded: frame.link) &+ 1 << 40)
        trace.mix(frame.bytes)
        engines[node].handle(
            wiring.received(frame.bytes, frame.link), at: now, into: &outputs)
        return node
    }

    /// Acts on what `node` put out and sets its alarm.
    private mutating func settle(_ node: Int, _ observe: Observer) {
        if !outputs.isEmpty {
            var acting: [E.Output] = []
            swap(&acting, &outputs)
            for output in acting {
                if let transmission = wiring.transmission(output) {
                    transmit(transmission, from: node)
                } else {
                    observe(&self, node, now, output)
                }
            }
            if outputs.isEmpty {
                acting.removeAll(keepingCapacity: true)
                swap(&acting, &outputs)
            }
        }
        arm(node)
    }

    /// Asked in place: a copy of an engine costs a count for each of its tables.
    private static func nextDeadline(of engine: inout E) -> Instant? { engine.nextDeadline }

    private mutating func arm(_ node: Int) {
        guard nodes[node].isAlive, let deadline = Self.nextDeadline(of: &engines[node]),
            deadline < .distantFuture
        else { return }
        let due = max(deadline, now)
        // A later deadline needs nothing: the wake-up that is pending will ask again.
        if let wake = nodes[node].wake, wake <= due { return }
        nodes[node].wake = due
        heap.push(due, kind: Kind.wake, index: UInt32(truncatingIfNeeded: node))
    }

    private mutating func announce(_ link: Int, isUp: Bool) {
        let (first, second) = links[link].ends
        for (node, neighbour) in [(first, second), (second, first)] where nodes[node].isAlive {
            let input =
                isUp ? wiring.linkUp(link, node, neighbour) : wiring.linkDown(link, node, neighbour)
            if let input { schedule(input, to: node, at: now) }
        }
    }

    private mutating func transmit(_ transmission: Wiring<E>.Transmission, from node: Int) {
        counts.framesSent += 1
        counts.octetsSent &+= transmission.bytes.count
        let number = transmission.link
        guard links.indices.contains(number),
            links[number].ends.0 == node || links[number].ends.1 == node
        else {
            counts.framesToUnknownLink += 1
            return
        }
        let isThere = links[number].ends.0 == node
        guard links[number].isUp, !(isThere ? links[number].blocksThere : links[number].blocksBack)
        else {
            counts.framesToDownLink += 1
            return
        }
        let octets = transmission.bytes.count
        let passage =
            isThere
            ? links[number].there.send(octets: octets, at: now)
            : links[number].back.send(octets: octets, at: now)
        switch passage {
        case .lost: counts.framesLost += 1
        case .queueFull: counts.framesToFullQueue += 1
        case .arrives(let time): launch(transmission.bytes, number, isThere, time)
        case .arrivesTwice(let first, let second):
            counts.framesDuplicated += 1
            launch(transmission.bytes, number, isThere, first)
            launch(transmission.bytes, number, isThere, second)
        }
    }

    private mutating func launch(_ bytes: [UInt8], _ link: Int, _ isThere: Bool, _ time: Instant) {
        guard heap.count < maxPending else {
            counts.framesBeyondHeap += 1
            return
        }
        let frame = FlyingFrame(
            bytes: bytes, link: link, isThere: isThere, epoch: links[link].epoch)
        let index: Int
        if let free = freeFrames.popLast() {
            index = free
            frames[free] = frame
        } else {
            index = frames.count
            frames.append(frame)
        }
        heap.push(time, kind: Kind.frame, index: UInt32(truncatingIfNeeded: index))
    }

    /// Takes an event into the fingerprint.
    private mutating func mark(_ what: UInt64) {
        trace.mix(what ^ UInt64(bitPattern: now.nanoseconds))
    }
}

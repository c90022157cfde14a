/// Packets that a node keeps for others which are away, until the destination itself has said that
/// it has them: what is taken, for how long, what goes first when room is short, and when the next
/// try is due.
///
/// The value decides; a journal outside makes it last. `requests` go there, `take(_:at:)` brings
/// its answers back, and nothing is acknowledged or handed on before the journal has it.
package struct Custody: Sendable {
    package struct Settings: Sendable, Hashable {
        package var maxPackets = 65_536
        package var maxOctets = 64 << 20
        /// Of one source.
        package var quota = 8192
        package var lifetime = Duration.seconds(86_400)
        /// Packets on their way to one destination at a time.
        package var window = 64
        /// Wait for the receipt of a packet that was handed on; doubled each time, up to the cap.
        package var patience = Duration.seconds(1)
        package var maxPatience = Duration.seconds(4)
        package init() {}
    }

    /// A packet is named by its source: another's packet may have the same id.
    package struct Name: Hashable, Sendable {
        package let id: String
        package let source: String

        package init(id: String, source: String) {
            self.id = id
            self.source = source
        }
    }

    /// One packet as the journal has it.
    package struct Item: Hashable, Sendable {
        package let name: Name
        package let destination: String
        package let priority: Int
        package let expires: Timestamp
        /// Whether its source wants to hear of it; what nobody asks for is handed on once.
        package let wantsReceipt: Bool
        /// The packet as it came, without a newline.
        package let octets: [UInt8]

        package init(
            name: Name, destination: String, priority: Int, expires: Timestamp,
            wantsReceipt: Bool, octets: [UInt8]
        ) {
            self.name = name
            self.destination = destination
            self.priority = priority
            self.expires = expires
            self.wantsReceipt = wantsReceipt
            self.octets = octets
        }
    }

    package enum Request: Hashable, Sendable {
        case store(Item)
        case remove(Name)
    }

    package enum Answer: Hashable, Sendable {
        /// These will outlive the process and the machine.
        case stored([Name])
        /// These could not be written.
        case failed([Name])
        /// At the start: what an earlier life kept.
        case recovered([Item])
    }

    package enum Verdict: Hashable, Sendable {
        case kept
        /// A copy of one that is kept, and already stored or still being written.
        case known(isStored: Bool)
        case refused(DropReason)
    }

    /// Who is to hear that the journal has a packet: its source, over the way that it came, or the
    /// custodian that hands it over.
    package struct Asker: Hashable, Sendable {
        package let back: [String]
        package let giver: NodeID?

        package init(back: [String], giver: NodeID? = nil) {
            self.back = back
            self.giver = giver
        }
    }

    private enum State: Sendable {
        /// The journal has not answered.
        case writing(Asker)
        case waiting
        /// Handed on; tried again unless the destination's receipt comes.
        case away
    }
    private struct Kept: Sendable {
        let item: Item
        var state: State
        var attempts = 0
        /// To whom it was offered last; only that one's word that it has it counts.
        var heir: NodeID?
    }
    /// What one destination is to get.
    private struct Mailbox: Sendable {
        var count = 0
        var waiting = PriorityQueue<Name>()
        var away: Set<Name> = []
        var isReachable = false
    }
    private enum Timer: Hashable {
        case expiry(Name)
        case retry(Name)
    }

    package let settings: Settings
    private var kept: [Name: Kept] = [:]
    private var mailboxes: [String: Mailbox] = [:]
    private var bySource: [String: Int] = [:]
    private var arrivals = PriorityQueue<Name>()
    private var timers = Timers<Timer>()
    /// Octets of all packets that are kept.
    package private(set) var octets = 0
    /// For the journal; whoever drives the node takes them.
    package private(set) var requests: [Request] = []
    /// Acknowledgements that are due: the item, whether it is stored, and who asked.
    private var words: [(item: Item, isStored: Bool, asker: Asker)] = []
    /// Destinations for which something may have become possible.
    private var stirred: Set<String> = []
    private var losses: [(item: Item, reason: DropReason)] = []

    package init(_ settings: Settings) { self.settings = settings }

    package var count: Int { kept.count }
    package var isEmpty: Bool { kept.isEmpty }
    package var nextDeadline: Instant? { timers.next }

    package func isDestination(_ node: String) -> Bool { mailboxes[node] != nil }
    /// The nodes for which something is kept.
    package var destinations: [String] { mailboxes.keys.sorted() }

    // MARK: Taking

    /// Takes a packet into custody, or says why not; `asker` is told when the journal has it.
    /// `lifetime` is what is left of its life where another custodian has kept it before.
    package mutating func keep(
        _ item: Item, for asker: Asker, lifetime: Duration? = nil, at now: Instant
    ) -> Verdict {
        if let known = kept[item.name] {
            guard case .writing = known.state else { return .known(isStored: true) }
            return .known(isStored: false)
        }
        guard bySource[item.name.source] ?? 0 < settings.quota else { return .refused(.quota) }
        guard makeRoom(for: item) else { return .refused(.custodyFull) }
        let left = min(lifetime ?? settings.lifetime, settings.lifetime)
        add(item, .writing(asker), expiring: now + left)
        requests.append(.store(item))
        return .kept
    }

    /// Takes the journal's answer; `clock` is the wall clock, for what an earlier life kept.
    package mutating func take(_ answer: Answer, at now: Instant, clock: Timestamp) {
        switch answer {
        case .stored(let names): for name in names { stored(name) }
        case .failed(let names):
            for name in names {
                guard let entry = kept[name], case .writing(let asker) = entry.state else {
                    continue
                }
                forget(name)
                words.append((entry.item, false, asker))
            }
        case .recovered(let items):
            for item in items where kept[item.name] == nil {
                // A clock that was set back while the node was down does not prolong a life.
                let left = min(item.expires - clock, settings.lifetime)
                add(item, .waiting, expiring: now + left)
                mailboxes[item.destination]?.waiting.append(item.name, item.priority)
                stirred.insert(item.destination)
            }
        }
    }

    private mutating func stored(_ name: Name) {
        guard let entry = kept[name], case .writing(let asker) = entry.state else { return }
        kept[name]?.state = .waiting
        mailboxes[entry.item.destination]?.waiting.append(name, entry.item.priority)
        stirred.insert(entry.item.destination)
        words.append((entry.item, true, asker))
    }

    private mutating func add(_ item: Item, _ state: State, expiring: Instant) {
        kept[item.name] = Kept(item: item, state: state)
        mailboxes[item.destination, default: Mailbox()].count += 1
        bySource[item.name.source, default: 0] += 1
        octets += item.octets.count
        arrivals.append(item.name, item.priority)
        timers.set(.expiry(item.name), at: expiring)
    }

    /// Lets the oldest of the least urgent go, but only for something more urgent than it.
    private mutating func makeRoom(for item: Item) -> Bool {
        guard item.octets.count <= settings.maxOctets else { return false }
        while kept.count >= settings.maxPackets
            || octets + item.octets.count > settings.maxOctets
        {
            let victim = arrivals.popLeastUrgent(below: item.priority) { kept[$0] != nil }
            guard let victim, let entry = kept[victim] else { return false }
            drop(entry.item, .evicted)
        }
        return true
    }

    // MARK: Handing on

    /// Packets to hand on to `destination` now; those that are on their way already are not among
    /// them. `isReachable` tells whether there is a way to it. With an `heir` they go to that
    /// custodian, and are kept until it says that it has them.
    package mutating func hand(
        to destination: String, isReachable: Bool, heir: NodeID? = nil, at now: Instant
    ) -> [Item] {
        guard var mailbox = mailboxes.removeValue(forKey: destination) else { return [] }
        if isReachable != mailbox.isReachable {
            mailbox.isReachable = isReachable
            // Whatever was on the way when the way was lost is tried at once on the new one.
            for name in mailbox.away.sorted(by: { ($0.id, $0.source) < ($1.id, $1.source) }) {
                guard let entry = kept[name] else { continue }
                timers.cancel(.retry(name))
                kept[name]?.state = .waiting
                kept[name]?.attempts = 0
                mailbox.waiting.append(name, entry.item.priority)
            }
            mailbox.away = []
        }
        var items: [Item] = []
        while isReachable, mailbox.away.count < settings.window,
            let name = mailbox.waiting.popMostUrgent(where: { isWaiting($0) }),
            let entry = kept[name]
        {
            items.append(entry.item)
            mailbox.away.insert(name)
            kept[name]?.state = .away
            kept[name]?.heir = heir
            kept[name]?.attempts += 1
            let wait = settings.patience * (1 << min(entry.attempts, 16))
            timers.set(.retry(name), at: now + min(wait, settings.maxPatience))
        }
        mailboxes[destination] = mailbox
        if heir == nil {
            for item in items where !item.wantsReceipt { release(item.name) }
        }
        return items
    }

    /// Another custodian says that it has the packet; false where it was not offered to that one.
    package mutating func handed(_ name: Name, to heir: NodeID) -> Bool {
        guard kept[name]?.heir == heir else { return false }
        return release(name)
    }

    private func isWaiting(_ name: Name) -> Bool {
        if case .waiting = kept[name]?.state { return true }
        return false
    }

    /// The destination has the packet, or nobody wants it any more; false when it was not kept.
    @discardableResult
    package mutating func release(_ name: Name) -> Bool {
        guard kept[name] != nil else { return false }
        forget(name)
        requests.append(.remove(name))
        return true
    }

    private mutating func forget(_ name: Name) {
        guard let entry = kept.removeValue(forKey: name) else { return }
        timers.cancel(.expiry(name))
        timers.cancel(.retry(name))
        octets -= entry.item.octets.count
        let left = (bySource[name.source] ?? 1) - 1
        bySource[name.source] = left > 0 ? left : nil
        let isThere = { [kept] (name: Name) in kept[name] != nil }
        arrivals.removed(isThere)
        guard var mailbox = mailboxes.removeValue(forKey: entry.item.destination) else { return }
        mailbox.count -= 1
        guard mailbox.count > 0 else { return }
        if mailbox.away.remove(name) != nil { stirred.insert(entry.item.destination) }
        mailbox.waiting.removed(isThere)
        mailboxes[entry.item.destination] = mailbox
    }

    private mutating func drop(_ item: Item, _ reason: DropReason) {
        release(item.name)
        losses.append((item, reason))
    }

    /// What became due: packets that are too old, packets without a receipt.
    package mutating func advance(to now: Instant) {
        while let timer = timers.popDue(at: now) {
            switch timer {
            case .expiry(let name):
                if let entry = kept[name] { drop(entry.item, .expired) }
            case .retry(let name):
                guard let entry = kept[name], case .away = entry.state else { continue }
                kept[name]?.state = .waiting
                mailboxes[entry.item.destination]?.away.remove(name)
                mailboxes[entry.item.destination]?.waiting.append(name, entry.item.priority)
                stirred.insert(entry.item.destination)
            }
        }
    }

    /// Ways have changed: every destination is worth a look, or this one.
    package mutating func stir(_ destination: String? = nil) {
        if let destination { stirred.insert(destination) } else { stirred = Set(mailboxes.keys) }
    }

    // MARK: Taking out

    package mutating func takeStirred() -> [String] {
        defer { stirred = [] }
        return stirred.sorted()
    }

    package mutating func takeRequests() -> [Request] {
        defer { requests = [] }
        return requests
    }

    /// Those who are to hear that their packet is stored, or could not be.
    package mutating func takeWords() -> [(item: Item, isStored: Bool, asker: Asker)] {
        defer { words = [] }
        return words
    }

    /// Packets that were given up, and why.
    package mutating func takeLosses() -> [(item: Item, reason: DropReason)] {
        defer { losses = [] }
        return losses
    }
}

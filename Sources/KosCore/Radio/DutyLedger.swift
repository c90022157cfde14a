/// Both clocks at one moment, and the boot that one of them counts from.
package struct LedgerTime: Hashable, Sendable {
    package let wall: Timestamp
    /// The running boot's id (Linux: /proc/sys/kernel/random/boot_id).
    package let boot: String
    /// ms since that boot, suspended time included.
    package let sinceBootMs: Int64

    package init(wall: Timestamp, boot: String, sinceBootMs: Int64) {
        self.wall = wall
        self.boot = boot
        self.sinceBootMs = sinceBootMs
    }

    /// An empty id is an unknown boot: two of them need not be the same.
    fileprivate func isOfSameBoot(as other: LedgerTime) -> Bool {
        boot == other.boot && !boot.isEmpty
    }
}

/// One use of the air, as the ledger keeps it.
package struct Transmission: Hashable, Sendable {
    package let sent: LedgerTime
    /// Which transmitter: the law counts each for itself.
    package let radio: String
    package let region: String
    package let subBand: String
    package let frequencyHz: Int
    /// µs.
    package let airtime: Int64

    package init(
        sent: LedgerTime, radio: String, region: String, subBand: String, frequencyHz: Int,
        airtime: Int64
    ) {
        self.sent = sent
        self.radio = radio
        self.region = region
        self.subBand = subBand
        self.frequencyHz = frequencyHz
        self.airtime = airtime
    }

    /// ms since it was sent. Within one boot the wall clock's steps do not matter; across boots a
    /// wall clock that went back makes it count as sent just now, never as sent in the future.
    package func age(at now: LedgerTime) -> Int64 {
        let age =
            sent.boot == now.boot
            ? now.sinceBootMs &- sent.sinceBootMs
            : now.wall.milliseconds &- sent.wall.milliseconds
        return max(0, age)
    }

    /// ms until the last of it has left a window of `windowMs`.
    package func leaves(windowMs: Int, at now: LedgerTime) -> Int64 {
        Int64(windowMs) + (airtime + 999) / 1000 - age(at: now)
    }
}

/// Who asks: the part of a budget that is its own.
package struct DutyAccount: Hashable, Sendable {
    package let region: LoRaRegion
    package let subBand: SubBand
    /// Nil counts every radio together.
    package let radio: String?
    /// Hz; matters where a limit holds per channel. Nil counts all channels together.
    package let frequencyHz: Int?

    package init(region: LoRaRegion, subBand: SubBand, radio: String?, frequencyHz: Int?) {
        self.region = region
        self.subBand = subBand
        self.radio = radio
        self.frequencyHz = frequencyHz
    }

    fileprivate func includes(_ entry: Transmission) -> Bool {
        entry.region == region.name && entry.subBand == subBand.name
            && (radio.map { $0 == entry.radio } ?? !entry.isSimulated)
            && (!subBand.isPerChannel || frequencyHz == nil || frequencyHz == entry.frequencyHz)
    }
}

/// What was sent, and what the law still allows: a sliding window over every transmission, so that
/// neither a restart nor the turn of an hour gives back what was used.
package struct DutyLedger: Hashable, Sendable {
    package private(set) var entries: [Transmission] = []
    /// Beyond this many, neighbours of one account are joined (counted later than they were sent).
    package static let capacity = 16_384
    /// No limit looks further back.
    package static let horizonMs = 3_600_000

    package init() {}

    package mutating func record(_ entry: Transmission) {
        entries.append(entry)
        if entries.count > DutyLedger.capacity { condense() }
    }

    /// Drops what no limit counts any more, and sets a time that lies ahead to now, so that a clock
    /// which was wrong before the last boot blocks for one window and not for years. True if
    /// anything changed.
    package mutating func settle(at now: LedgerTime) -> Bool {
        let before = entries
        entries.removeAll { $0.leaves(windowMs: DutyLedger.horizonMs, at: now) <= 0 }
        for index in entries.indices where isAhead(entries[index], now) {
            let entry = entries[index]
            entries[index] = Transmission(
                sent: now, radio: entry.radio, region: entry.region, subBand: entry.subBand,
                frequencyHz: entry.frequencyHz, airtime: entry.airtime)
        }
        return entries != before
    }

    private func isAhead(_ entry: Transmission, _ now: LedgerTime) -> Bool {
        entry.sent.isOfSameBoot(as: now)
            ? entry.sent.sinceBootMs > now.sinceBootMs : entry.sent.wall > now.wall
    }

    /// µs used within the account's window.
    package func used(_ account: DutyAccount, at now: LedgerTime) -> Int64 {
        live(account, at: now).reduce(0) { $0 &+ $1.airtime }
    }

    /// What a frame of `airtime` µs may do.
    package enum Verdict: Hashable, Sendable {
        case free
        /// In so many ms it may.
        case wait(Int64)
        /// Longer than the law ever allows; the most it does allow, in µs.
        case never(Int64)
    }

    package func verdict(
        airtime: Int64, _ account: DutyAccount, at now: LedgerTime
    ) -> Verdict {
        if let longest = account.subBand.longestFrame, airtime > longest { return .never(longest) }
        guard let budget = account.subBand.budget else { return .free }
        guard airtime <= budget else { return .never(budget) }
        let sent = live(account, at: now)
        var used = sent.reduce(0) { $0 &+ $1.airtime }
        guard used > budget - airtime else { return .free }
        let windowMs = account.subBand.windowMs
        let ends = sent.map { (ends: $0.leaves(windowMs: windowMs, at: now), $0.airtime) }
            .sorted { $0.ends < $1.ends }
        for (end, freed) in ends {
            used -= freed
            if used <= budget - airtime { return .wait(end) }
        }
        return .free
    }

    private func live(_ account: DutyAccount, at now: LedgerTime) -> [Transmission] {
        let windowMs = account.subBand.windowMs
        return entries.filter {
            account.includes($0) && $0.leaves(windowMs: windowMs, at: now) > 0
        }
    }

    /// Joins the transmissions of one account pairwise; a pair counts from the later of the two.
    private mutating func condense() {
        var joined: [Transmission] = []
        var open: [Transmission.Account: Int] = [:]
        joined.reserveCapacity(entries.count / 2 + 1)
        for entry in entries {
            guard let index = open.removeValue(forKey: entry.account) else {
                open[entry.account] = joined.count
                joined.append(entry)
                continue
            }
            joined[index] = Transmission(
                sent: entry.sent, radio: entry.radio, region: entry.region,
                subBand: entry.subBand, frequencyHz: entry.frequencyHz,
                airtime: joined[index].airtime &+ entry.airtime)
        }
        entries = joined
    }
}

extension Transmission {
    /// A simulated radio uses no air that anybody else could miss.
    fileprivate var isSimulated: Bool { radio.hasPrefix("sim:") }

    fileprivate struct Account: Hashable {
        let radio: String
        let region: String
        let subBand: String
        let frequencyHz: Int
    }
    fileprivate var account: Account {
        Account(radio: radio, region: region, subBand: subBand, frequencyHz: frequencyHz)
    }
}

import KosCore
import KosRadio
import KosTool

/// The law that holds for one modem: its sub-band, and the ledger that it shares with other programs.
struct AirtimeLaw {
    let account: DutyAccount
    let file: LedgerFile
    private let radio: String
    private let frequencyHz: Int

    init(_ address: RadioAddress) throws {
        let band = try LoRaFailure.legal { try address.subBand() }
        radio = address.name
        frequencyHz = address.settings.frequencyHz
        account = DutyAccount(
            region: address.region ?? .eu868, subBand: band, radio: radio,
            frequencyHz: frequencyHz)
        file = try AirtimeLedger.file()
    }

    /// What a frame may do now, without entering it.
    func verdict(_ airtime: Int64) throws -> DutyLedger.Verdict {
        let now = LedgerTime.now
        return try file.reading(at: now).verdict(airtime: airtime, account, at: now)
    }

    /// Enters a frame that may go now.
    func reserve(_ airtime: Int64) throws -> DutyLedger.Verdict {
        if !file.makeDirectory() {
            throw Station.failure("ledger", "cannot write the air time ledger at \(file.path)")
        }
        do {
            return try file.reserve(
                airtime: airtime, account, radio: radio, frequencyHz: frequencyHz,
                at: LedgerTime.now)
        } catch {
            throw Station.failure("ledger", "cannot write the ledger: \(error)", error.errno)
        }
    }
}

/// Sends frames one after the other and tells what became of each.
struct FrameSender {
    let station: Station
    let law: AirtimeLaw
    let isDryRun: Bool
    let waits: Bool
    private var random = SplitMix64(seed: SystemClock.seed)
    private var number: UInt64 = 0
    private var pending: [UInt64: SendResultRecord] = [:]
    private var succeeded = 0
    private var refused = 0

    init(station: Station, law: AirtimeLaw, isDryRun: Bool, waits: Bool) {
        self.station = station
        self.law = law
        self.isDryRun = isDryRun
        self.waits = waits
    }

    mutating func send(_ payload: [UInt8]) throws {
        let modem = station.loop.modem
        var result = SendResultRecord(
            timestamp: SystemClock.timestamp, success: false,
            packetId: PacketID(at: SystemClock.timestamp, using: &random).description,
            destination: Packet.broadcast, bytesSent: 0, attempts: 0)
        guard (1...modem.mtu).contains(payload.count) else {
            let limit = "\(payload.count) octets do not fit: 1 to \(modem.mtu)"
            return try refuse(&result, "tooLong", limit)
        }
        let airtime = modem.airtime(of: payload.count)
        if isDryRun {
            try station.io.output.write(budget(airtime))
            let verdict = try law.verdict(airtime)
            if verdict == .free { succeeded += 1 } else { refused += 1 }
            return
        }
        guard try clear(airtime, &result) else { return }
        // Room is made before more is given: the engine's queue is bounded.
        while station.loop.modem.queueLength >= ModemLimits.queue / 2 { try step() }
        number += 1
        result.bytesSent = payload.count
        result.attempts = 1
        pending[number] = result
        station.loop.send(OutgoingFrame(id: number, payload: payload))
        try step(until: SystemClock.now)
    }

    /// Waits for what is still on its way, and says how it all went.
    mutating func finish() throws -> ExitStatus {
        let limit = SystemClock.now + .seconds(60)
        while !pending.isEmpty, !station.isInterrupted, SystemClock.now < limit {
            try step(until: limit)
        }
        for var result in pending.values {
            try refuse(&result, "timeout", "the modem did not take the frame")
        }
        if refused == 0 { return succeeded > 0 ? .yes : .no }
        return succeeded == 0 ? .no : .partly
    }

    /// Enters the frame in the ledger, after a wait if it may wait. False when it was refused.
    private mutating func clear(
        _ airtime: Int64, _ result: inout SendResultRecord
    ) throws -> Bool {
        while true {
            switch try law.reserve(airtime) {
            case .free: return true
            case .never(let most):
                try refuse(
                    &result, "tooLong",
                    "\(Double(airtime) / 1000) ms on the air, \(law.account.region.name) "
                        + "\(law.account.subBand.name) allows \(Double(most) / 1000) ms")
                return false
            case .wait(let ms):
                guard waits else {
                    try refuse(
                        &result, "dutyCycle",
                        "the air time of \(law.account.region.name) \(law.account.subBand.name) "
                            + "is used up; free in \(ms) ms")
                    return false
                }
                let due = SystemClock.now + .milliseconds(ms)
                while SystemClock.now < due, !station.isInterrupted { try step(until: due) }
                if station.isInterrupted { return false }
            }
        }
    }

    private func budget(_ airtime: Int64) throws -> BudgetRecord {
        let now = LedgerTime.now
        let ledger = try law.file.reading(at: now)
        var record = BudgetRecord(
            timestamp: now.wall, account: law.account, used: ledger.used(law.account, at: now))
        record.packet = BudgetRecord.Packet(
            airtime: airtime, milliseconds: Double(airtime) / 1000,
            verdict: ledger.verdict(airtime: airtime, law.account, at: now))
        return record
    }

    private mutating func step(until limit: Instant? = nil) throws {
        var events: [RadioLoop.Event] = []
        try station.turn(until: limit ?? SystemClock.now + .seconds(1)) { events.append($0) }
        for event in events {
            switch event {
            case .sent(let id):
                guard var result = pending.removeValue(forKey: id) else { continue }
                succeeded += 1
                result.success = true
                result.status = "sent"
                result.timestamp = SystemClock.timestamp
                try station.io.output.write(result)
            case .failed(let id, let fault):
                guard var result = pending.removeValue(forKey: id) else { continue }
                try refuse(&result, fault.code.rawValue, fault.message)
            default: break
            }
        }
    }

    private mutating func refuse(
        _ result: inout SendResultRecord, _ code: String, _ message: String
    ) throws {
        refused += 1
        result.success = false
        result.errorCode = code
        result.error = message
        try station.io.output.write(result)
        station.io.errors.note(message, level: 0)
    }
}

extension LedgerFile {
    /// Makes the directory that the ledger lies in.
    func makeDirectory() -> Bool {
        guard let end = path.lastIndex(of: "/") else { return false }
        return RadioDirectories.make(String(path[..<end]))
    }
}

import CBluetooth
import Glibc
package import KosCore

/// A radio as programs use it: packets and raw frames in and out, every frame within the law.
///
/// kos-lora, and whatever else sends over LoRa, goes through here: the modem, the ledger of air
/// time and the packet link are in one place, and no frame reaches a modem that the ledger has not
/// let go.
package final class LoRaStation {
    package enum Event: Sendable {
        case ready(ModemInfo)
        case lost(String, retryIn: Duration?)
        case note(String)
        /// The next frame waits so many ms until the law lets it go.
        case waits(Int64)
        case status(ModemInfo)
        /// Every frame as it was heard.
        case heard(ReceivedFrame)
        /// One that is no kOS frame.
        case foreign(ReceivedFrame)
        case packet(Packet, ReceivedFrame)
        /// A packet or raw frame has left, in so many frames.
        case finished(String, frames: Int)
        case failed(String, code: String, message: String, frames: Int)
    }
    package let loop: RadioLoop
    package let account: DutyAccount
    /// Whether a frame waits for legal air time instead of being refused.
    package let waits: Bool
    /// Whether frames of ours are taken apart here; else every frame is only told of.
    package var opensPackets = true
    /// Bytes and frames given to the modem.
    package private(set) var octetsSent = 0
    private let ledger: LedgerFile
    private let now: () -> Instant
    private var link: LoRaLink
    private var events: [Event] = []
    private var linkOutputs: [LoRaLink.Output] = []
    /// What waits for legal air time: the frame, and when it may be tried again.
    private var held: (frame: OutgoingFrame, due: Instant)?
    /// Raw frames by their number for the modem; numbers of the link's frames are below.
    private var raw: [UInt64: String] = [:]
    private var rawQueue: [(name: String, payload: [UInt8])] = []
    private var rawNumber: UInt64 = 1 << 62
    private var codes: [String: String] = [:]

    package init(
        _ address: RadioAddress, ledger: LedgerFile, names: ShortNames = ShortNames(),
        waits: Bool, reconnects: Bool, forwards: Bool = false, own: NodeID? = nil, seed: UInt64,
        now: @escaping () -> Instant
    ) throws(LoRaSettingError) {
        let region = address.region ?? .eu868
        let band = try region.subBand(
            frequencyHz: address.settings.frequencyHz,
            bandwidthHz: address.settings.modulation.bandwidthHz,
            powerDbm: Double(address.settings.powerDbm))
        account = DutyAccount(
            region: region, subBand: band, radio: address.name,
            frequencyHz: address.settings.frequencyHz)
        self.ledger = ledger
        self.waits = waits
        self.now = now
        loop = RadioLoop(address, reconnects: reconnects, seed: seed, now: now)
        let limit = band.longestFrame.map { Duration.microseconds($0) }
        let modulation = loop.modem.modulation
        link = LoRaLink(
            mtu: LoRaLink.mtu(
                modulation, modem: min(255, loop.modem.mtu),
                limit: min(.milliseconds(1500), limit ?? .milliseconds(1500))),
            modulation: modulation, names: names,
            forwarding: forwards ? .managed : .none, own: own, seed: seed, at: now())
    }

    package var names: ShortNames {
        get { link.names }
        set { link.names = newValue }
    }
    /// Nodes that this one hears, for flooding.
    package var neighbours: Set<String>? {
        get { link.neighbours }
        set { link.neighbours = newValue }
    }
    package var queueLength: Int { link.queueLength + rawQueue.count + raw.count }

    package var isBusy: Bool { link.isBusy || !raw.isEmpty || !rawQueue.isEmpty }

    package func send(_ packet: Packet) { feed(.send(packet)) }

    /// Sends octets as one frame of nobody's format; `name` comes back in the event.
    package func send(raw payload: [UInt8], name: String) {
        rawQueue.append((name, payload))
        pumpRaw()
    }

    package func turn(
        until limit: Instant?, flush: () throws -> Void = {}, _ body: (Event) throws -> Void
    ) throws {
        if let due = held?.due, due <= now() { retryHeld() }
        if let due = link.nextDeadline, due <= now() {
            link.advance(to: now(), into: &linkOutputs)
            perform()
        }
        let deadline = [limit, held?.due, link.nextDeadline].compactMap { $0 }.min()
        let stop = events.isEmpty ? deadline : now()
        try loop.turn(until: stop, flush: flush) { take($0) }
        link.advance(to: now(), into: &linkOutputs)
        perform()
        let pending = events
        events = []
        for event in pending { try body(event) }
    }

    // MARK: The modem's events

    private func take(_ event: RadioLoop.Event) {
        switch event {
        case .ready(let info):
            events.append(.ready(info))
            pumpRaw()
        case .lost(let reason, let wait):
            events.append(.lost(reason, retryIn: wait))
            failFlights(reason)
        case .status(let info): events.append(.status(info))
        case .note(let text): events.append(.note(text))
        case .received(let frame):
            events.append(.heard(frame))
            if opensPackets { feed(.heard(frame)) }
        case .sent(let id):
            if let name = raw.removeValue(forKey: id) {
                events.append(.finished(name, frames: 1))
                pumpRaw()
            } else {
                feed(.sent(id))
            }
        case .failed(let id, let fault): fail(id, fault.code.rawValue, fault.message)
        }
    }

    private func failFlights(_ reason: String) {
        for (id, _) in raw.sorted(by: { $0.key < $1.key }) { fail(id, "lost", reason) }
        if let id = flying { fail(id, "lost", reason) }
    }

    private var flying: UInt64?

    private func fail(_ id: UInt64, _ code: String, _ message: String) {
        if let name = raw.removeValue(forKey: id) {
            events.append(.failed(name, code: code, message: message, frames: 0))
            pumpRaw()
        } else {
            lastCode = code
            feed(.refused(id, message))
        }
    }
    private var lastCode = "notDelivered"

    // MARK: The link's outputs

    private func feed(_ input: LoRaLink.Input) {
        link.handle(input, at: now(), into: &linkOutputs)
        perform()
    }

    private func perform() {
        while !linkOutputs.isEmpty {
            let todo = linkOutputs
            linkOutputs = []
            for output in todo {
                switch output {
                case .transmit(let frame):
                    flying = frame.id
                    transmit(frame)
                case .deliver(let packet, let frame): events.append(.packet(packet, frame))
                case .foreign(let frame): events.append(.foreign(frame))
                case .finished(let packet, let frames):
                    events.append(.finished(packet, frames: frames))
                case .failed(let packet, let why, let frames):
                    events.append(
                        .failed(packet, code: lastCode, message: why, frames: frames))
                    lastCode = "notDelivered"
                case .rejected(let why): events.append(.note(why))
                }
            }
        }
    }

    private func pumpRaw() {
        guard loop.isReady else { return }
        while let next = rawQueue.first, held == nil,
            loop.modem.queueLength < ModemLimits.queue / 2
        {
            rawQueue.removeFirst()
            rawNumber += 1
            raw[rawNumber] = next.name
            transmit(OutgoingFrame(id: rawNumber, payload: next.payload))
        }
    }

    // MARK: The law

    private func transmit(_ frame: OutgoingFrame) {
        let airtime = loop.modem.airtime(of: frame.payload.count)
        switch reserve(airtime) {
        case .success(.free):
            octetsSent += frame.payload.count
            loop.send(frame)
        case .success(.wait(let ms)) where waits:
            held = (frame, now() + .milliseconds(ms))
            events.append(.waits(ms))
        case .success(.wait(let ms)):
            fail(
                frame.id, "dutyCycle",
                "the air time of \(account.region.name) \(account.subBand.name) is used up; "
                    + "free in \(ms) ms")
        case .success(.never(let most)):
            fail(
                frame.id, "tooLong",
                "\(Double(airtime) / 1000) ms on the air; \(account.region.name) "
                    + "\(account.subBand.name) allows \(Double(most) / 1000) ms")
        case .failure(let failure): fail(frame.id, "ledger", "cannot keep the ledger: \(failure)")
        }
    }

    private func retryHeld() {
        guard let frame = held?.frame else { return }
        held = nil
        transmit(frame)
        pumpRaw()
    }

    private func reserve(_ airtime: Int64) -> Result<DutyLedger.Verdict, LedgerFile.Failure> {
        if !isDirectoryMade, let end = ledger.path.lastIndex(of: "/") {
            isDirectoryMade = RadioDirectories.make(String(ledger.path[..<end]))
        }
        do throws(LedgerFile.Failure) {
            return .success(
                try ledger.reserve(
                    airtime: airtime, account, radio: loop.address.name,
                    frequencyHz: loop.address.settings.frequencyHz, at: LedgerTime.now))
        } catch {
            return .failure(error)
        }
    }
    private var isDirectoryMade = false

    /// What a frame of so many octets would meet now; nothing is entered.
    package func budget(of payload: Int) throws(LedgerFile.Failure) -> BudgetRecord {
        let time = LedgerTime.now
        let book = try ledger.read(at: time)
        let airtime = loop.modem.airtime(of: payload)
        var record = BudgetRecord(
            timestamp: time.wall, account: account, used: book.used(account, at: time))
        record.packet = BudgetRecord.Packet(
            airtime: airtime, milliseconds: Double(airtime) / 1000,
            verdict: book.verdict(airtime: airtime, account, at: time))
        return record
    }
}

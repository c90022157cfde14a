import KosCore
import KosCrypto
import KosNet
import KosRadio
import KosTool

/// A modem in use by a verb: opened, watched together with the signals, and left in order.
final class Station {
    let radio: LoRaStation
    let io: ToolIO
    private(set) var isInterrupted = false
    private(set) var info = ModemInfo()
    /// Frames heard, and told of, so far.
    private(set) var heard = 0
    var told = 0
    /// When the law lets the next frame go, if it waits for that.
    private(set) var airFreeAt: Instant?

    private var early: [LoRaStation.Event] = []

    var loop: RadioLoop { radio.loop }
    var isOver: Bool { isInterrupted || io.deadline.map { SystemClock.now >= $0 } ?? false }

    init(
        _ address: RadioAddress, io: ToolIO, waits: Bool = false, reconnects: Bool = false,
        forwards: Bool = false
    ) throws {
        self.io = io
        let ledger = try AirtimeLedger.file()
        radio = try LoRaFailure.legal {
            try LoRaStation(
                address, ledger: ledger, waits: waits, reconnects: reconnects,
                forwards: forwards, seed: SystemClock.seed, now: { SystemClock.now })
        }
        if let signals = Signals.descriptor(for: Station.endings) {
            loop.watch(signals) { [weak self] in self?.isInterrupted = true }
        }
    }

    /// SIGINT and SIGTERM.
    private static let endings: [Int32] = [2, 15]

    /// Opens the modem and waits until it is set as asked.
    func start() throws {
        do {
            try loop.open()
        } catch {
            throw Station.failure(error.code.rawValue, error.message, error.errno)
        }
        guard !loop.reconnects else { return }
        let limit = SystemClock.now + .seconds(10)
        while !loop.isReady, !isInterrupted {
            // What is heard at once belongs to whoever asks first.
            try wait(until: limit) { early.append($0) }
            guard SystemClock.now < limit else {
                throw Station.failure("noAnswer", "\(loop.address.name): no answer in 10 s")
            }
        }
    }

    /// Waits once and hands out what happened; a modem that is lost for good ends the tool.
    func turn(until limit: Instant?, _ body: (LoRaStation.Event) throws -> Void) throws {
        let kept = early
        early = []
        for event in kept { try body(event) }
        if kept.isEmpty { try wait(until: limit, body) }
    }

    private func wait(
        until limit: Instant?, _ body: (LoRaStation.Event) throws -> Void
    ) throws {
        try radio.turn(until: limit, flush: { try io.output.flush() }) { event in
            switch event {
            case .ready(let info), .status(let info): self.info = info
            case .note(let text): io.errors.note("\(loop.address.name): \(text)")
            case .waits(let ms):
                airFreeAt = SystemClock.now + .milliseconds(ms)
                io.errors.note("\(loop.address.name): waits \(ms) ms for legal air time")
            case .heard: heard += 1
            case .packet(let packet, _): learn(packet)
            case .lost(let reason, nil):
                throw Station.failure("modem", "\(loop.address.name): \(reason)")
            case .lost(let reason, let wait?):
                let ms = Int(wait.seconds * 1000)
                io.errors.note("\(loop.address.name): \(reason); again in \(ms) ms")
            case .foreign, .finished, .failed: break
            }
            try body(event)
        }
    }

    /// A packet with its whole id tells who stands behind a short one.
    private func learn(_ packet: Packet) {
        if let short = ShortID.octets(of: packet.source) {
            radio.names.learn(packet.source, short: short)
        }
    }

    /// Gives the answers that a sender still waits for: an acknowledgement that is lost is asked
    /// for again within about a second.
    func linger() throws {
        guard radio.isBusy else { return }
        var quiet = SystemClock.now + .seconds(2)
        while !isInterrupted, SystemClock.now < quiet {
            try turn(until: quiet) { event in
                if case .heard = event { quiet = SystemClock.now + .seconds(2) }
            }
        }
    }

    func stop() { loop.stop() }

    func report(of frame: ReceivedFrame) -> RadioReport {
        RadioReport(
            settings: loop.address.settings, frame: frame,
            airtime: loop.modem.airtime(of: frame.payload.count))
    }

    static func failure(_ code: String, _ message: String, _ errno: Int32? = nil) -> ToolFailure {
        ToolFailure(.failure, code: code, message, errno: errno)
    }
}

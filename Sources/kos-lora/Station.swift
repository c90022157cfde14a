import KosCore
import KosRadio
import KosTool

/// A modem in use by a verb: opened, watched together with the signals, and left in order.
final class Station {
    let loop: RadioLoop
    let io: ToolIO
    private var signals: Int32?
    private(set) var isInterrupted = false
    private(set) var info = ModemInfo()
    /// Frames heard so far.
    private(set) var heard = 0

    init(_ address: RadioAddress, io: ToolIO, reconnects: Bool = false) {
        self.io = io
        loop = RadioLoop(address, reconnects: reconnects, seed: SystemClock.seed) {
            SystemClock.now
        }
        signals = Signals.descriptor(for: [2, 15])
        if let signals {
            loop.watch(signals) { [weak self] in self?.isInterrupted = true }
        }
    }

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
            try turn(until: limit) { _ in }
            guard SystemClock.now < limit else {
                throw Station.failure("noAnswer", "\(loop.address.name): no answer in 10 s")
            }
        }
    }

    /// Waits once and hands out what happened; a modem that is lost for good ends the tool.
    func turn(until limit: Instant?, _ body: (RadioLoop.Event) throws -> Void) throws {
        try loop.turn(until: limit, flush: { try io.output.flush() }) { event in
            switch event {
            case .ready(let info), .status(let info): self.info = info
            case .note(let text): io.errors.note("\(loop.address.name): \(text)", level: 0)
            case .received: heard += 1
            case .lost(let reason, nil):
                throw Station.failure("modem", "\(loop.address.name): \(reason)")
            case .lost(let reason, let wait?):
                let seconds = Int(wait.seconds * 1000)
                io.errors.note("\(loop.address.name): \(reason); again in \(seconds) ms")
            case .sent, .failed: break
            }
            try body(event)
        }
    }

    func stop() { loop.stop() }

    func record(of frame: ReceivedFrame) -> RadioFrameRecord {
        RadioFrameRecord(
            timestamp: SystemClock.timestamp, number: heard, interface: loop.address.name,
            frame: frame, radio: report(of: frame))
    }

    func report(of frame: ReceivedFrame) -> RadioReport {
        RadioReport(
            settings: loop.address.settings, frame: frame,
            airtime: loop.modem.airtime(of: frame.payload.count))
    }

    func record(_ event: RadioRecord.Event, reason: String? = nil) -> RadioRecord {
        var record = RadioRecord(
            timestamp: SystemClock.timestamp, event: event, port: loop.address.name)
        record.driver = loop.address.driver.rawValue
        record.model = info.model
        record.firmware = info.firmware
        record.settings = loop.address.settings
        record.mtuBytes = loop.modem.mtu
        record.batteryPercent = info.batteryPercent
        record.temperatureC = info.temperatureC
        record.noiseFloorDbm = info.noiseFloorDbm
        record.reason = reason
        return record
    }

    static func failure(_ code: String, _ message: String, _ errno: Int32? = nil) -> ToolFailure {
        ToolFailure(.failure, code: code, message, errno: errno)
    }
}

import KosCore
import KosRadio
import KosTool

/// Sends and tells what became of each packet or frame.
final class Sender {
    let station: Station
    private var random = SplitMix64(seed: SystemClock.seed)
    private var pending: [String: SendResultRecord] = [:]
    private var succeeded = 0
    private var refused = 0

    init(_ station: Station) { self.station = station }

    func send(_ packet: Packet, ref: String?) {
        var result = SendResultRecord(
            timestamp: SystemClock.timestamp, success: false, packetId: packet.id,
            destination: packet.destination, bytesSent: 0, attempts: 0)
        result.ref = ref
        pending[packet.id] = result
        station.radio.send(packet)
    }

    func send(raw payload: [UInt8]) {
        let id = PacketID(at: SystemClock.timestamp, using: &random).description
        pending[id] = SendResultRecord(
            timestamp: SystemClock.timestamp, success: false, packetId: id,
            destination: Packet.broadcast, bytesSent: payload.count, attempts: 0)
        station.radio.send(raw: payload, name: id)
    }

    /// What one frame would cost; status 1 when it may not go now.
    func estimate(_ payload: [UInt8]) throws -> ExitStatus {
        do {
            let record = try station.radio.budget(of: payload.count)
            try station.io.output.write(record)
            return record.packet?.verdict == .free ? .yes : .no
        } catch let failure as LedgerFile.Failure {
            throw Station.failure("ledger", "cannot read the ledger: \(failure)", failure.errno)
        }
    }

    /// Goes on until fewer than `count` are on their way.
    func settle(below count: Int) throws {
        while pending.count >= count, !station.isOver {
            try station.turn(until: station.io.deadline) { try take($0) }
        }
    }

    /// Waits for what is still on its way, and says how it all went.
    func finish() throws -> ExitStatus {
        try settle(below: 1)
        let wait = station.airFreeAt.map { Int((max(.zero, $0 - SystemClock.now)).milliseconds) }
        for (id, _) in pending {
            if let wait {
                try fail(id, "dutyCycle", "the legal air time is used up; free in \(wait) ms", 0)
            } else {
                try fail(id, "timeout", "it was not sent in time", 0)
            }
        }
        if refused == 0 { return succeeded > 0 ? .yes : .no }
        return succeeded == 0 ? .no : .partly
    }

    private func take(_ event: LoRaStation.Event) throws {
        switch event {
        case .finished(let id, let frames):
            guard var result = pending.removeValue(forKey: id) else { return }
            succeeded += 1
            result.success = true
            result.status = "sent"
            result.attempts = frames
            result.bytesSent = station.radio.octetsSent
            result.timestamp = SystemClock.timestamp
            try station.io.output.write(result)
        case .failed(let id, let code, let message, let frames):
            try fail(id, code, message, frames)
        default: break
        }
    }

    private func fail(_ id: String, _ code: String, _ message: String, _ frames: Int) throws {
        guard var result = pending.removeValue(forKey: id) else { return }
        refused += 1
        result.errorCode = code
        result.error = message
        result.attempts = frames
        result.timestamp = SystemClock.timestamp
        if frames == 0 { result.bytesSent = 0 }
        try station.io.output.write(result)
        station.io.errors.say(message)
    }
}

import KosCapture
import KosCore
import KosPcap
import KosTool

/// What cannot be opened, and what cannot be read on.
extension FrameSource {
    /// The file at `path`; `-` is standard input.
    static func open(_ path: String) throws -> CaptureFile {
        do {
            return try CaptureFile(path)
        } catch let failure as CaptureFile.Failure {
            throw ToolFailure(
                .failure, code: "cannotOpen", failure.message, errno: failure.errno)
        }
    }

    func tell(_ damage: CaptureDamage, _ name: String) throws {
        let message = "\(name): \(damage.message)"
        if damage.code == .notACapture {
            throw ToolFailure(
                .badInput, code: damage.code.rawValue, message,
                hint: "pcap, pcapng and btsnoop, or gzip of these, are read")
        }
        status = .failure
        let place = "\(message) (octet \(damage.offset))"
        io.errors.say(place)
        try io.output.write(
            ErrorRecord(
                timestamp: SystemClock.timestamp, tool: "kos-capture", code: damage.code.rawValue,
                message: place, isFatal: false))
    }
}

import KosCapture
import KosCore
import KosPcap
import KosTool

/// Octets of files: what cannot be opened, and what cannot be read on.
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

    /// Gives `reader` the next octets of `file`; false at its end.
    func fill(_ reader: inout CaptureReader, from file: CaptureFile) throws -> Bool {
        var failure: (any Error)?
        let count = reader.withFreeSpace { space in
            do {
                return try file.read(into: space, isStopped: { Signals.isPending }) {
                    try io.output.flush()
                }
            } catch let error {
                failure = error
                return 0
            }
        }
        if let failure = failure as? CaptureFile.Failure {
            throw ToolFailure(.failure, code: "readFailed", failure.message, errno: failure.errno)
        }
        if let failure { throw failure }
        if count <= 0 { reader.endInput() }
        return count > 0
    }

    func tooLong(_ reader: CaptureReader) -> CaptureDamage {
        CaptureDamage(
            code: .tooLong, message: "longer than --max-bytes", offset: reader.position)
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

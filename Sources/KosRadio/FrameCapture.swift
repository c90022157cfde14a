import CBluetooth
import Glibc
package import KosCore

/// A capture file, or a FIFO, that grows by a frame at a time.
package final class FrameCapture {
    private let descriptor: Int32
    private let version: Int

    package struct Failure: Error, Sendable, CustomStringConvertible {
        package let description: String
        package let errno: Int32
    }

    package init(_ path: String, version: Int) throws(Failure) {
        descriptor =
            path == "-" ? dup(1) : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        self.version = version
        guard descriptor >= 0 else {
            throw Failure(description: "\(path): \(String(cString: strerror(errno)))", errno: errno)
        }
        try write(LoRaTap.fileHeader)
    }

    deinit { close(descriptor) }

    package func write(
        _ frame: ReceivedFrame, _ settings: LoRaSettings, at time: Timestamp
    ) throws(Failure) {
        try write(LoRaTap.record(frame, settings, at: time, version: version))
    }

    /// Whole frames, at once, so that a reader never sees half of one.
    private func write(_ bytes: [UInt8]) throws(Failure) {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress.map { $0 + done }, $0.count - done)
            }
            if count > 0 {
                done += count
            } else if errno != EINTR {
                throw Failure(
                    description: "capture: \(String(cString: strerror(errno)))", errno: errno)
            }
        }
    }
}

import Glibc

/// Octets of a capture from a file or standard input.
package final class CaptureFile {
    /// The file cannot be opened or read.
    package struct Failure: Error {
        package let message: String
        package let errno: Int32
    }

    package let path: String
    package let name: String
    private let descriptor: Int32

    /// `-` is standard input.
    package init(_ path: String) throws {
        self.path = path
        name = path == "-" ? "stdin" : path
        descriptor = path == "-" ? 0 : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw CaptureFile.failure(name) }
    }

    deinit { if descriptor > 0 { close(descriptor) } }

    private var ahead: [UInt8] = []

    /// Whether somebody types there.
    package var isTerminal: Bool { isatty(descriptor) == 1 }

    /// The first octets, up to `count`; `read` gives them again.
    package func peek(_ count: Int) throws -> [UInt8] {
        while ahead.count < count {
            var more = [UInt8](repeating: 0, count: count - ahead.count)
            let got = try more.withUnsafeMutableBytes { try take(into: $0, isStopped: { false }) }
            guard got > 0 else { break }
            ahead += more[..<got]
        }
        return ahead
    }

    /// Reads into `space` and returns the count, 0 at the end. `beforeWait` is called first when
    /// there is nothing to be read yet; a signal that `isStopped` tells of ends the file.
    package func read(
        into space: UnsafeMutableRawBufferPointer, isStopped: () -> Bool = { false },
        beforeWait: () throws -> Void = {}
    ) throws -> Int {
        if !ahead.isEmpty {
            let count = min(ahead.count, space.count)
            space.copyBytes(from: ahead[..<count])
            ahead.removeFirst(count)
            return count
        }
        var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        if poll(&ready, 1, 0) == 0 { try beforeWait() }
        return try take(into: space, isStopped: isStopped)
    }

    private func take(
        into space: UnsafeMutableRawBufferPointer, isStopped: () -> Bool
    ) throws -> Int {
        while true {
            let count = Glibc.read(descriptor, space.baseAddress, space.count)
            if count >= 0 { return count }
            guard errno == EINTR else { throw CaptureFile.failure(name) }
            if isStopped() { return 0 }
        }
    }

    static func failure(_ name: String) -> Failure {
        Failure(message: "\(name): \(String(cString: strerror(errno)))", errno: errno)
    }
}

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

/// Files that a capture is written to, one after the other. Their folder is opened at the start, so
/// that new ones can be made when the right to look the path up again is gone.
package final class CaptureSink {
    private let folder: Int32
    private let stem: String
    private let suffix: String
    /// How many files are kept when they rotate; nil for all.
    private let keeps: Int?
    private let rotates: Bool
    private var descriptor: Int32 = -1
    private var number = 0
    private var names: [String] = []
    /// Name of the file that is being written.
    package private(set) var name = "stdout"
    package private(set) var octetsWritten = 0

    /// `-` is standard output. With `rotates`, files are named `NAME.00001.pcapng` and so on.
    package init(_ path: String, rotates: Bool = false, keeps: Int? = nil) throws {
        self.rotates = rotates && path != "-"
        self.keeps = keeps
        let slash = path.lastIndex(of: "/")
        let file = slash.map { String(path[path.index(after: $0)...]) } ?? path
        let parent = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let dot = file.lastIndex(of: ".") ?? file.endIndex
        stem = String(file[..<dot])
        suffix = String(file[dot...])
        guard path != "-" else {
            folder = -1
            descriptor = 1
            return
        }
        folder = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw CaptureFile.failure(parent) }
        try startFile()
    }

    deinit {
        if descriptor > 2 { close(descriptor) }
        if folder >= 0 { close(folder) }
    }

    /// The folder that files are made in; nil for standard output.
    package var folderDescriptor: Int32? { folder >= 0 ? folder : nil }

    /// Whether new files can be made now, with the rights that are left.
    package var canRotate: Bool { folder < 0 || faccessat(folder, ".", W_OK, AT_EACCESS) == 0 }

    /// Ends the file and begins the next one.
    package func startFile() throws {
        guard folder >= 0 else { return }
        if descriptor > 2 { close(descriptor) }
        number += 1
        let digits = String(100_000 + number).dropFirst(number < 100_000 ? 1 : 0)
        name = rotates ? "\(stem).\(digits)\(suffix)" : stem + suffix
        descriptor = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw CaptureFile.failure(name) }
        octetsWritten = 0
        guard rotates, let keeps else { return }
        names.append(name)
        while names.count > max(1, keeps) { unlinkat(folder, names.removeFirst(), 0) }
    }

    /// Writes all of `octets`.
    package func write(_ octets: [UInt8]) throws {
        octetsWritten += octets.count
        try octets.withUnsafeBytes { all in
            var done = 0
            while done < all.count {
                let count = Glibc.write(
                    descriptor, all.baseAddress.map { $0 + done }, all.count - done)
                if count >= 0 {
                    done += count
                } else if errno != EINTR {
                    throw CaptureFile.failure(name)
                }
            }
        }
    }
}

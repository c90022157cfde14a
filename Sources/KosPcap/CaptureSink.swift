import Glibc

/// Files that a capture is written to, one after the other. Their folder is opened at the start, so
/// that new ones can be made when the right to look the path up again is gone. Files that rotate
/// have `.part` behind their names until they are whole.
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

    /// The file that is being written; nil for standard output.
    package var fileDescriptor: Int32? { descriptor > 2 ? descriptor : nil }

    /// Whether new files can be made now, with the rights that are left.
    package var canRotate: Bool { folder < 0 || faccessat(folder, ".", W_OK, AT_EACCESS) == 0 }

    private var openName: String { rotates ? name + ".part" : name }

    /// Ends the file: it has its name from now on. Nothing can be written until the next is begun.
    package func finish() throws {
        guard descriptor > 2 else { return }
        close(descriptor)
        descriptor = -1
        guard !rotates || renameat(folder, openName, folder, name) == 0 else {
            throw CaptureFile.failure(name)
        }
    }

    /// Ends the file and begins the next one.
    package func startFile() throws {
        guard folder >= 0 else { return }
        try finish()
        number += 1
        let digits = String(100_000 + number).dropFirst(number < 100_000 ? 1 : 0)
        name = rotates ? "\(stem).\(digits)\(suffix)" : stem + suffix
        descriptor = openat(folder, openName, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
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

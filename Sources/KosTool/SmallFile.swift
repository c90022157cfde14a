import Glibc

/// Files of a few kilobytes that are read and replaced whole.
package enum SmallFile {
    /// The first `limit` octets; nothing when it cannot be read.
    package static func read(_ path: String, limit: Int) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return [] }
        defer { close(file) }
        var octets = [UInt8](repeating: 0, count: limit)
        var done = 0
        while done < limit {
            let count = octets.withUnsafeMutableBytes {
                Glibc.read(file, $0.baseAddress.map { $0 + done }, limit - done)
            }
            guard count > 0 else { break }
            done += count
        }
        return Array(octets[..<done])
    }

    /// Writes beside the file and renames, so that a reader sees the old or the new whole. 0600.
    package static func write(_ octets: [UInt8], to path: String) -> Bool {
        let draft = "\(path).\(getpid())"
        let file = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { return false }
        var done = 0
        while done < octets.count {
            let count = octets.withUnsafeBytes {
                Glibc.write(file, $0.baseAddress.map { $0 + done }, octets.count - done)
            }
            guard count > 0 else { break }
            done += count
        }
        close(file)
        guard done == octets.count, rename(draft, path) == 0 else {
            unlink(draft)
            return false
        }
        return true
    }
}

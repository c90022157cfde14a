import Glibc
package import KosCore

/// What a node has delivered, in a file beside its key: 16 octets for each packet, behind a head of
/// 16 with the seed of the hashes. It is written before the receipts go out, without waiting for
/// the disk: all of it outlives the process, and all but the last moments a loss of power.
///
/// A file that is full becomes the old one, and what the old one had is forgotten.
package final class DeliveryFile {
    private static let mark = Array("kosseen1".utf8)
    private static let head = 16
    private static let entry = 16

    private let path: String
    private let capacity: Int
    private let say: (String) -> Void
    private let seed: UInt64
    private var file: Int32 = -1
    private var count = 0
    private var past: DeliveryMemory

    /// Opens or makes the file; where that is not possible it says so, and nothing outlives the
    /// run. `capacity` packets are remembered at least.
    package init(
        _ path: String, capacity: Int = 1 << 17, seed: UInt64, say: @escaping (String) -> Void
    ) {
        self.path = path
        self.capacity = capacity
        self.say = say
        let limit = DeliveryFile.head + capacity * DeliveryFile.entry
        let files = [path + ".old", path].map { name in
            SmallFile.read(name, limit: min(limit, DeliveryFile.size(of: name)))
        }
        let known = files.last.flatMap { DeliveryFile.seed(of: $0) }
        self.seed = known ?? seed
        past = DeliveryMemory(seed: self.seed)
        for octets in files where DeliveryFile.seed(of: octets) == self.seed {
            past.keys += DeliveryFile.keys(in: octets)
            count = (octets.count - DeliveryFile.head) / DeliveryFile.entry
        }
        start(isKnown: known != nil)
    }

    deinit { if file >= 0 { close(file) } }

    /// What was read at the start, once.
    package func takePast() -> DeliveryMemory {
        defer { past.keys = [] }
        return past
    }

    /// Writes down what was delivered.
    package func add(_ keys: [OctetHash]) {
        guard file >= 0, !keys.isEmpty else { return }
        if count + keys.count > capacity, !turn() { return fail("cannot be written") }
        var octets: [UInt8] = []
        octets.reserveCapacity(keys.count * DeliveryFile.entry)
        for key in keys {
            octets += DeliveryFile.octets(of: key.words.high)
            octets += DeliveryFile.octets(of: key.words.low)
        }
        guard write(octets) else { return fail("cannot be written") }
        count += keys.count
    }

    private func start(isKnown: Bool) {
        file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_APPEND, 0o600)
        guard file >= 0 else { return fail("cannot be opened") }
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
            return fail("is in use by another run under the same key")
        }
        // The last entry may be torn.
        let size = off_t(DeliveryFile.head + count * DeliveryFile.entry)
        guard isKnown ? ftruncate(file, size) == 0 : begin() else {
            return fail("cannot be written")
        }
    }

    private func fail(_ what: String) {
        let reason = errno == 0 ? "" : ": \(String(cString: strerror(errno)))"
        say("\(path) \(what)\(reason); after a restart a packet may be delivered twice")
        if file >= 0 { close(file) }
        file = -1
    }

    private func begin() -> Bool {
        count = 0
        return ftruncate(file, 0) == 0
            && write(DeliveryFile.mark + DeliveryFile.octets(of: seed))
    }

    /// Goes on with a file that is empty.
    private func turn() -> Bool {
        guard rename(path, path + ".old") == 0 else { return false }
        close(file)
        file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_APPEND, 0o600)
        return file >= 0 && flock(file, LOCK_EX | LOCK_NB) == 0 && begin()
    }

    private func write(_ octets: [UInt8]) -> Bool {
        errno = 0
        var start = 0
        while start < octets.count {
            let written = octets.withUnsafeBytes {
                Glibc.write(file, $0.baseAddress?.advanced(by: start), $0.count - start)
            }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { return false }
            start += written
        }
        return true
    }

    // MARK: The form

    private static func size(of path: String) -> Int {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : 0
    }

    private static func octets(of word: UInt64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) }
    }

    private static func word(_ octets: [UInt8], at place: Int) -> UInt64 {
        (0..<8).reduce(0) { $0 | UInt64(octets[place + $1]) << (8 * $1) }
    }

    /// Nil where it is no such file.
    private static func seed(of octets: [UInt8]) -> UInt64? {
        guard octets.count >= head, Array(octets[..<mark.count]) == mark else { return nil }
        return word(octets, at: mark.count)
    }

    private static func keys(in octets: [UInt8]) -> [OctetHash] {
        stride(from: head, through: octets.count - entry, by: entry).map {
            OctetHash(high: word(octets, at: $0), low: word(octets, at: $0 + 8))
        }
    }
}

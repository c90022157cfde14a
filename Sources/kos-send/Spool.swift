import Glibc
import KosCore
import KosTool

/// Packets that must not be lost, in a file of lines: each packet as it was taken, and the ids of
/// those that are done. A run that was killed is gone on with by the next one: the same packets,
/// under the same ids, so that their destination hands none to its application twice.
final class Spool {
    /// Done packets whose ids are remembered when the file is written anew.
    private static let memory = 1_000_000
    private static let chunk = 1 << 20

    private let path: String
    private let file: Int32
    private var pending: [String: [UInt8]] = [:]
    private var order: [String] = []
    private var done: Set<String> = []
    private var unwritten: [UInt8] = []

    init(_ path: String) throws {
        self.path = path
        file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_APPEND, 0o600)
        guard file >= 0 else { throw ToolFailure.system("cannotOpen", path) }
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
            throw ToolFailure(
                .locked, code: "spoolInUse", "\(path) is in use by another run",
                hint: "give each run a --spool of its own")
        }
        try load()
    }

    private func load() throws {
        var octets: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: Spool.chunk)
        while case let count = read(file, &chunk, chunk.count), count > 0 {
            octets += chunk.prefix(count)
        }
        // The last line may be torn: it was never sent.
        let end = (octets.lastIndex(of: 0x0A) ?? -1) + 1
        if end < octets.count { ftruncate(file, off_t(end)) }
        Lines.forEach(of: Array(octets[..<end])) { range in
            guard let object = try? JSONObject(parsing: octets.span.extracting(range)) else {
                return
            }
            if let id = object["done"]?.string {
                done.insert(id)
                pending[id] = nil
            } else if let id = object["id"]?.string, !done.contains(id) {
                if pending.updateValue(Array(octets[range]), forKey: id) == nil { order.append(id) }
            }
        }
        order.removeAll { pending[$0] == nil }
    }

    /// Packets that an earlier run has left, in their order.
    var left: [[UInt8]] { order.compactMap { pending[$0] } }

    /// Takes a packet down; false when it is there already, or was delivered before.
    func add(_ packet: Packet) -> Bool {
        guard pending[packet.id] == nil, !done.contains(packet.id) else { return false }
        pending[packet.id] = []
        unwritten += packet.wire
        unwritten.append(0x0A)
        return true
    }

    func finish(_ id: String) {
        guard pending.removeValue(forKey: id) != nil else { return }
        if done.count < Spool.memory { done.insert(id) }
        unwritten += Array("{\"done\":\(JSONValue.string(id).text)}\n".utf8)
    }

    /// The end of a run: with nothing left to deliver only the ids of what was delivered stay.
    func close() throws {
        try commit()
        guard pending.isEmpty, ftruncate(file, 0) == 0 else { return }
        for id in done.sorted().suffix(Spool.memory / 10) {
            unwritten += Array("{\"done\":\(JSONValue.string(id).text)}\n".utf8)
        }
        try commit()
    }

    /// What was taken down outlives this process from here on, and, if it is to last, the machine's
    /// power as well.
    func commit(isLasting: Bool = true) throws {
        guard !unwritten.isEmpty else { return }
        var start = 0
        while start < unwritten.count {
            let count = unwritten.withUnsafeBytes {
                write(file, $0.baseAddress?.advanced(by: start), $0.count - start)
            }
            guard count > 0 else {
                if errno == EINTR { continue }
                throw ToolFailure.system("cannotWrite", path)
            }
            start += count
        }
        unwritten = []
        guard !isLasting || fdatasync(file) == 0 else {
            throw ToolFailure.system("cannotWrite", path)
        }
    }
}

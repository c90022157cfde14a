import Glibc
import KosCore

/// The names of what is in custody, beside the database: the only way to tell what was in a
/// database that can no longer be read. A line each, `+` when it is there and `-` when it has gone.
///
/// It is written after what it tells of is committed and before what it tells of is removed, and
/// never waited for: it helps to name what is lost, and nothing else rests on it.
struct NameList {
    private let path: String
    private var descriptor: Int32 = -1
    private var size = 0
    private static let usualSize = 4 << 20

    init(path: String) { self.path = path }

    /// The names that the file tells of; lines that make no sense are passed over.
    func read() -> Set<Custody.Name> {
        var names: Set<Custody.Name> = []
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return [] }
        defer { close(file) }
        var octets: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(file, &chunk, chunk.count)
            guard count > 0, octets.count < 1 << 28 else { break }
            octets += chunk[..<count]
        }
        for line in octets.split(separator: 0x0A) {
            let parts = line.dropFirst().split(separator: 0x20)
            guard parts.count == 2, let id = String(validating: parts[0], as: UTF8.self),
                let source = String(validating: parts[1], as: UTF8.self)
            else { continue }
            let name = Custody.Name(id: id, source: source)
            switch line.first {
            case 0x2B: names.insert(name)
            case 0x2D: names.remove(name)
            default: continue
            }
        }
        return names
    }

    /// Begins the file anew with these names.
    mutating func begin(with names: some Sequence<Custody.Name>) {
        if descriptor >= 0 { close(descriptor) }
        let fresh = path + ".new"
        descriptor = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0o600)
        size = 0
        var lines: [UInt8] = []
        for name in names { NameList.append(name, 0x2B, to: &lines) }
        write(lines)
        _ = rename(fresh, path)
    }

    /// Whether the file has grown far beyond what it tells.
    func isLong(for count: Int) -> Bool { size > NameList.usualSize && size > count * 512 }

    mutating func add(_ names: some Sequence<Custody.Name>) { append(names, 0x2B) }
    mutating func remove(_ names: some Sequence<Custody.Name>) { append(names, 0x2D) }

    private mutating func append(_ names: some Sequence<Custody.Name>, _ mark: UInt8) {
        var lines: [UInt8] = []
        for name in names { NameList.append(name, mark, to: &lines) }
        write(lines)
    }

    private static func append(_ name: Custody.Name, _ mark: UInt8, to lines: inout [UInt8]) {
        lines.append(mark)
        lines += name.id.utf8
        lines.append(0x20)
        lines += name.source.utf8
        lines.append(0x0A)
    }

    private mutating func write(_ lines: [UInt8]) {
        guard !lines.isEmpty else { return }
        let count = Glibc.write(descriptor, lines, lines.count)
        size += max(0, count)
    }
}

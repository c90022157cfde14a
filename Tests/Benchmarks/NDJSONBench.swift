import Glibc
import KosCore

/// `ndjson decode|heads|encode FILE`: octets per second of the spine's parts over a file of link
/// lines that is in memory, on one core; one line of JSON with the best of five turns.
@main struct NDJSONBench {
    static func main() {
        let arguments = CommandLine.arguments
        guard arguments.count == 3, let text = read(arguments[2]) else {
            _ = write(2, "usage: ndjson decode|heads|encode FILE\n", 39)
            exit(2)
        }
        var best = Double.infinity
        var count = 0
        for _ in 0..<5 {
            let start = processorTime()
            switch arguments[1] {
            case "decode": count = decode(text)
            case "heads": count = heads(text)
            default: count = encode(text.count)
            }
            best = min(best, processorTime() - start)
        }
        var writer = JSONWriter()
        writer.beginObject()
        writer.field("benchmark", "ndjson \(arguments[1])")
        writer.field("records", count)
        writer.field("megabytesPerSecond", (Double(octets) / best / 1e6).rounded())
        writer.field("recordsPerSecond", (Double(count) / best).rounded())
        writer.endObject()
        writer.newline()
        writer.bytes.withUnsafeBytes { _ = write(1, $0.baseAddress, $0.count) }
    }

    /// Octets that the last turn went through.
    nonisolated(unsafe) private static var octets = 0

    /// Every member of every link, as kos-route reads them.
    private static func decode(_ text: [UInt8]) -> Int {
        var scan = LinkScan()
        var at = 0
        var count = 0
        var sum = 0.0
        let span = text.span
        while at < text.count, let next = scan.scanLine(span, from: at) {
            sum += scan.latency(or: 0) + scan.reliability(or: 0) + scan.bandwidth(or: 0)
            count += 1
            at = next
        }
        octets = at
        return sum.isFinite ? count : 0
    }

    /// Lines cut and validated whole, their type told: what passes through a filter.
    private static func heads(_ text: [UInt8]) -> Int {
        var lines = NDJSONReader()
        var reader = JSONReader()
        var count = 0
        var at = 0
        while at < text.count {
            let end = min(text.count, at + 256 * 1024)
            lines.append(text.span.extracting(at..<end))
            at = end
            while case .line(_, let range)? = lines.next() {
                let line = lines.buffer.span.extracting(range)
                if (try? RecordHead(line, using: &reader))?.type != nil { count += 1 }
            }
        }
        octets = text.count
        return count
    }

    /// A million link records to lines, the buffer emptied at 64 KiB as the output does.
    private static func encode(_ wanted: Int) -> Int {
        guard let from = NodeID("n012345"), let to = NodeID("n054321") else { return 0 }
        var writer = JSONWriter(reserving: 1 << 17)
        var link = LinkRecord(
            source: from, destination: to, transport: .udp, latency: 0, reliability: 0.97)
        octets = 0
        for index in 0..<1_000_000 {
            link.latency = Double(index % 100_000) / 1000
            link.bandwidth = Double(index % 1000) * 1000
            link.write(to: &writer)
            if writer.bytes.count >= 1 << 16 {
                octets += writer.bytes.count
                writer.removeAll()
            }
        }
        octets += writer.bytes.count
        return 1_000_000
    }

    private static func processorTime() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    private static func read(_ path: String) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        var octets = [UInt8](repeating: 0, count: Int(status.st_size))
        var done = 0
        while done < octets.count {
            let count = octets.withUnsafeMutableBytes { space in
                Glibc.read(descriptor, space.baseAddress.map { $0 + done }, space.count - done)
            }
            guard count > 0 else { return nil }
            done += count
        }
        return octets
    }
}

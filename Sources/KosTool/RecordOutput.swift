import Glibc
package import KosCore

/// Where a tool's records go: stdout or `-o FILE`, as lines or as a table.
///
/// Records are collected and written when a wait is near (`flush`), when 64 KiB are there, or 100
/// ms after the oldest one. A reader that left (EPIPE) is no error: `Closed` is thrown, and the
/// tool ends.
package final class RecordOutput {
    /// The reader has enough.
    package struct Closed: Error {}

    package enum Format: String, Sendable, CaseIterable {
        case auto, ndjson, text
    }

    private static let capacity = 64 * 1024
    private static let patience = Duration.milliseconds(100)

    /// Where octets go: to be watched by who is not patient.
    package private(set) var descriptor: Int32
    private let place: String
    private let file: OutputFile?
    private var writer = JSONWriter(reserving: 2 * RecordOutput.capacity)
    private var oldest: Instant?
    /// Whether records are drawn as a table for people.
    package let isText: Bool
    /// `-q`: nothing is written at all.
    package let isQuiet: Bool
    private var table: TextTable
    /// Octets written so far.
    package private(set) var octetsWritten = 0

    package init(
        descriptor: Int32, place: String, isText: Bool, isQuiet: Bool, isColored: Bool = false
    ) {
        self.descriptor = descriptor
        self.place = place
        self.isText = isText
        self.isQuiet = isQuiet
        file = nil
        table = TextTable(isColored: isColored)
    }

    /// Output to `-o FILE`.
    package init(file: OutputFile, isText: Bool) {
        self.file = file
        descriptor = file.descriptor
        place = file.path
        self.isText = isText
        isQuiet = false
        table = TextTable(isColored: false)
    }

    /// For a run without an end: `-o FILE` is written to directly.
    package func writeThrough() throws {
        guard let file else { return }
        try file.writeThrough()
        descriptor = file.descriptor
    }

    /// SIGHUP: opens `-o FILE` anew, after everything held has gone to the old one.
    package func reopen() throws {
        guard let file else { return }
        try flush()
        try file.reopen()
        descriptor = file.descriptor
    }

    /// The end of a run that succeeded: `-o FILE` gets its name.
    package func commit() throws { try file?.commit() }

    /// The end of a run that failed: what was written to `-o FILE` goes, the old file stays.
    package func discard() { file?.discard() }

    package func write(_ record: some Record) throws {
        guard !isQuiet else { return }
        if isText {
            table.add(record)
        } else {
            record.write(to: &writer)
        }
        try settle()
    }

    /// Writes a record that another of these tools has made for this one: a line, or a row of the
    /// table.
    package func draw(_ line: [UInt8]) throws {
        guard !isQuiet else { return }
        if isText {
            table.add(line: line)
            return try settle()
        }
        try pass(line.span)
    }

    /// Takes the name out of a peer record, for tables: nodes are called by it from then on.
    package func learn(from line: borrowing Span<UInt8>) {
        if isText { table.learn(from: line) }
    }

    /// A table begins anew; at a terminal in the place of the one before.
    package func startPage() throws {
        guard isText, !isQuiet else { return }
        table.startPage(clearing: isatty(descriptor) == 1)
    }

    /// Passes on somebody else's line as it is, with a newline behind it; not drawn in a table.
    package func pass(_ line: borrowing Span<UInt8>) throws {
        guard !isQuiet, !isText else { return }
        writer.append(line)
        writer.newline()
        try settle()
    }

    /// Passes on whole lines of somebody else's as they are; not drawn in a table.
    package func pass(run: borrowing Span<UInt8>) throws {
        guard !isText else { return }
        try write(octets: run)
    }

    /// Appends octets of one's own making: whole lines, or text when the format is text.
    package func write(octets: borrowing Span<UInt8>) throws {
        guard !isQuiet else { return }
        writer.append(octets)
        try settle()
    }

    /// Lets the caller append many lines at once to the buffer, which is cheaper than one by one.
    package func withWriter(_ body: (inout JSONWriter) -> Void) throws {
        guard !isQuiet else { return }
        body(&writer)
        try settle()
    }

    package func write(text: String) throws {
        try write(octets: Array(text.utf8).span)
    }

    /// Writes everything that is held; to be called before every wait.
    package func flush() throws {
        if isText { writer.append(Array(table.render().utf8).span) }
        try drain()
    }

    /// The last flush: a table draws what it still holds.
    package func finish() throws {
        if isText { writer.append(Array(table.render().utf8).span) }
        guard !isPatient else { return try drain() }
        // The last words are worth a moment.
        try drainWithoutWaiting(patience: 1000)
    }

    private func settle() throws {
        if writer.bytes.count >= RecordOutput.capacity { return try drain() }
        guard let since = oldest else {
            oldest = SystemClock.now
            return
        }
        // Reading the clock for each record would cost more than the record.
        pending += 1
        guard pending & 63 == 0 else { return }
        if SystemClock.now - since > RecordOutput.patience { try drain() }
    }
    private var pending = 0

    /// Whether a reader that does not read is waited for. A relay must not stand still for its log:
    /// it sets this to false, and what does not fit into `hoard` is dropped and counted.
    package var isPatient = true
    /// Octets dropped because the reader did not read.
    package private(set) var octetsDropped = 0
    private static let hoard = 4 << 20
    /// Whether something waits for a reader who does not read: whoever is not patient flushes again
    /// after a moment, for no record need come that would do it.
    package var isHolding: Bool { !writer.bytes.isEmpty }

    /// Writes what the reader takes at once; pieces of PIPE_BUF octets go into a pipe whole or not.
    private func drainWithoutWaiting(patience: Int32 = 0) throws {
        let held = writer.bytes
        var done = 0
        while done < held.count {
            var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            guard poll(&ready, 1, patience) > 0 else { break }
            let count = held.withUnsafeBytes { octets in
                Glibc.write(
                    descriptor, octets.baseAddress.map { $0 + done }, min(4096, octets.count - done)
                )
            }
            if count > 0 {
                done += count
                octetsWritten += count
            } else if errno != EAGAIN {
                try waitOrFail(errno)
            }
        }
        guard done < held.count else { return writer.removeAll() }
        guard done > 0 || held.count > RecordOutput.hoard else { return }
        let rest = held[done...]
        writer.removeAll()
        guard rest.count <= RecordOutput.hoard else {
            // The line that was begun is ended, so that the next one is whole.
            octetsDropped += rest.count
            let end = rest.firstIndex(of: 0x0A).map { $0 + 1 } ?? rest.endIndex
            return writer.append(Array(rest[..<end]).span)
        }
        writer.append(Array(rest).span)
    }

    private func drain() throws {
        oldest = nil
        guard !writer.bytes.isEmpty else { return }
        guard isPatient else { return try drainWithoutWaiting() }
        defer { writer.removeAll() }
        try writer.bytes.withUnsafeBytes { octets in
            var done = 0
            while done < octets.count {
                let count = Glibc.write(
                    descriptor, octets.baseAddress.map { $0 + done }, octets.count - done)
                if count >= 0 {
                    done += count
                    octetsWritten += count
                    continue
                }
                try waitOrFail(errno)
            }
        }
    }

    private func waitOrFail(_ code: Int32) throws {
        switch code {
        case EINTR: return
        case EAGAIN:
            var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            poll(&wait, 1, 1000)
        case EPIPE: throw Closed()
        default: throw ToolFailure.system("writeFailed", "cannot write to \(place)", number: code)
        }
    }
}

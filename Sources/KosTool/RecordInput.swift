import Glibc
package import KosCore

/// Where a tool's records come from: stdin or files, one after the other, in bounded memory.
package final class RecordInput {
    /// One line, or why a line is none.
    package enum Line {
        /// The octets are to be had with `withText(range)` until the next call.
        case line(number: Int, range: Range<Int>)
        case bad(number: Int, RecordError)
        case end
    }

    private static let chunk = 256 * 1024

    private var reader: NDJSONReader
    /// Name of the source for messages: `stdin` or the file's name.
    package let name: String
    package let descriptor: Int32
    private let maxLine: Int
    private var isAtEnd = false
    private let beforeWait: () throws -> Void
    /// A descriptor that is watched beside the input, and what to do when it can be read; true ends
    /// the input.
    package var interrupt: (descriptor: Int32, take: () throws -> Bool)?

    /// `beforeWait` is called before a read that may block, so that output is not held back.
    package init(
        descriptor: Int32, name: String, maxLine: Int, isStrict: Bool,
        beforeWait: @escaping () throws -> Void
    ) {
        self.descriptor = descriptor
        self.name = name
        self.beforeWait = beforeWait
        self.maxLine = maxLine
        reader = NDJSONReader(maxLine: maxLine, isStrict: isStrict)
    }

    package func next() throws -> Line {
        while true {
            switch isAtEnd ? reader.finish() : reader.next() {
            case .line(let number, let range): return .line(number: number, range: range)
            case .bad(let number, let error): return .bad(number: number, error)
            case nil:
                if isAtEnd { return .end }
                try fill()
            }
        }
    }

    /// Whether another line is there already, so that `next` does not wait.
    package var hasLine: Bool { reader.hasLine }

    /// Hands out the octets of a line.
    package func withText<Result>(
        _ range: Range<Int>, _ body: (borrowing Span<UInt8>) throws -> Result
    ) rethrows -> Result {
        // A borrowed copy of the array's reference: released before the buffer is next written to.
        let buffer = reader.buffer
        return try body(buffer.span.extracting(range))
    }

    /// The buffer in which ranges lie, until the next call of `next`. Let go of it before then: a
    /// second reference makes the reader copy.
    package var text: [UInt8] { reader.buffer }
    /// Lets `take` have as many of the buffered lines as it can use at once; returns their number.
    package func takeRun(
        _ take: (borrowing Span<UInt8>, Int) -> (lines: Int, end: Int)
    ) -> Int {
        isAtEnd ? 0 : reader.takeRun(take)
    }

    /// Passes the next run of records that are not the tool's own to `output`; nowhere when nil.
    package func passRun(_ run: inout ForeignRun, to output: RecordOutput?) throws {
        let start = reader.runStart
        var end = start
        _ = takeRun { text, first in
            let found = run.scan(text, from: first, maxLine: maxLine)
            end = found.end
            return found
        }
        guard let output, end > start else { return }
        try withBuffer { try output.pass(run: $0.extracting(start..<end)) }
    }

    /// Hands out everything that is buffered; the line's range are offsets into it.
    package func withBuffer<Result>(
        _ body: (borrowing Span<UInt8>) throws -> Result
    ) rethrows -> Result {
        let buffer = reader.buffer
        return try body(buffer.span)
    }

    /// The next octets as they come, for a tool that cuts lines itself; nil at the end.
    package func chunk() throws -> [UInt8]? {
        guard !isAtEnd else { return nil }
        let held = reader.buffer.count
        try fill()
        return isAtEnd ? nil : Array(reader.buffer[held...])
    }

    /// The first octets of the source without consuming them, to tell formats apart.
    package func peek(_ count: Int) throws -> [UInt8] {
        // Never waits for more than the first line: what follows it may be a minute away.
        while reader.buffer.count < count, !isAtEnd, !reader.buffer.contains(0x0A) { try fill() }
        return Array(reader.buffer.prefix(count))
    }

    /// Everything that is left, up to `limit` octets; for formats that are not line by line.
    package func readAll(limit: Int) throws -> [UInt8] {
        while !isAtEnd {
            guard reader.buffer.count <= limit else {
                throw ToolFailure(
                    .failure, code: "resource", "\(name) is longer than \(limit) octets")
            }
            try fill()
        }
        return reader.buffer
    }

    private func fill() throws {
        guard try waitForInput() else {
            isAtEnd = true
            return
        }
        var failure: Int32 = 0
        let count = reader.withFreeSpace(RecordInput.chunk) { space in
            var count = -1
            repeat {
                count = read(descriptor, space.baseAddress, space.count)
                failure = errno
            } while count < 0 && failure == EINTR && !Signals.isPending
            return count
        }
        if count < 0, failure == EAGAIN {
            var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            poll(&ready, 1, -1)
            return
        }
        if count < 0, failure != EINTR {
            throw ToolFailure.system("readFailed", "cannot read \(name)", number: failure)
        }
        if count <= 0 { isAtEnd = true }
    }

    /// Waits where nothing is there yet, with the output written out first; false when the input is
    /// to end.
    private func waitForInput() throws -> Bool {
        var watched = [
            pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: interrupt?.descriptor ?? -1, events: Int16(POLLIN), revents: 0),
        ]
        if poll(&watched, 2, 0) == 0 { try beforeWait() }
        guard let interrupt else { return true }
        while true {
            watched[0].revents = 0
            watched[1].revents = 0
            if poll(&watched, 2, -1) < 0, errno != EINTR { return true }
            if watched[1].revents != 0, try interrupt.take() { return false }
            if watched[0].revents != 0 { return true }
        }
    }
}

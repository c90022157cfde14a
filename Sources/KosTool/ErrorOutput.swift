import Glibc
package import KosCore

/// stderr: one line a message, `tool: message`, or records with `--log-format json`. Where stderr
/// is the system's journal and no records are wanted, what lines say goes there with fields.
///
/// Text that came from outside cannot bend the terminal: control characters are shown, not sent.
package final class ErrorOutput {
    private static let longest = 4096

    private let tool: String
    private let verbosity: Int
    private let isJSON: Bool
    private let started = SystemClock.now
    private lazy var isTerminal = isatty(2) == 1
    private var hasProgress = false
    private lazy var journal = isJSON ? nil : SystemJournal(tool: tool)

    package init(tool: String, verbosity: Int, isJSON: Bool = false) {
        self.tool = tool
        self.verbosity = verbosity
        self.isJSON = isJSON
    }

    /// A message that is always shown.
    package func say(_ message: String) { log(message, level: "notice") }

    /// A note, shown from `-v` on (level 1), `-vv` (2), `-vvv` (3).
    package func note(_ message: @autoclosure () -> String, level: Int = 1) {
        guard verbosity >= level else { return }
        log(message(), level: level == 1 ? "info" : "debug")
    }

    /// Why the tool gives up.
    package func tell(_ failure: ToolFailure) {
        tell(
            ErrorRecord(
                timestamp: SystemClock.timestamp, tool: tool, code: failure.code,
                message: failure.message, hint: failure.hint, isFatal: true,
                errno: failure.errno.map { Int($0) }),
            place: failure.message)
    }

    /// An error as a line (`place` says where and what) or as the record.
    package func tell(_ record: ErrorRecord, place: String) {
        if isJSON {
            write(record.line)
        } else {
            let fields: [(String, String?)] = [
                ("KOS_CODE", record.code), ("KOS_HINT", record.hint?.printable),
                ("KOS_LINE", record.line.map { "\($0)" }), ("ERRNO", record.errno.map { "\($0)" }),
            ]
            if journal?.tell(place.printable, priority: record.isFatal ? 3 : 4, fields) == true {
                return
            }
            guard let hint = record.hint else { return line(place) }
            line(place + (place.last == "?" ? " " : "; ") + hint)
        }
    }

    /// One line that is overwritten by the next and erased by the first real one: only on a
    /// terminal, and only when the call has lasted half a second.
    package func progress(_ message: @autoclosure () -> String) {
        guard isTerminal, !isJSON, SystemClock.now - started > .milliseconds(500) else { return }
        hasProgress = true
        write(Array("\r\u{1B}[K\(tool): \(message().printable)".utf8))
    }

    /// Erases the progress line.
    package func endProgress() {
        guard hasProgress else { return }
        hasProgress = false
        write(Array("\r\u{1B}[K".utf8))
    }

    private func log(_ message: String, level: String) {
        guard isJSON else {
            let priorities = ["notice": 5, "info": 6]
            let text = message.printable
            if journal?.tell(text, priority: priorities[level] ?? 7, []) != true { line(message) }
            return
        }
        write(
            LogRecord(
                timestamp: SystemClock.timestamp, tool: tool, level: level, message: message
            ).line)
    }

    private func line(_ message: String) {
        endProgress()
        var text = "\(tool): \(message.printable)"
        if text.utf8.count > ErrorOutput.longest {
            text = String(text.prefix(ErrorOutput.longest)) + "…"
        }
        write(Array((text + "\n").utf8))
    }

    private func write(_ octets: [UInt8]) {
        // One write a line, so that lines of several processes do not mix; stderr may be gone.
        octets.withUnsafeBytes { _ = Glibc.write(2, $0.baseAddress, $0.count) }
    }
}

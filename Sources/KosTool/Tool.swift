package import ArgumentParser
import Glibc
package import KosCore

/// A tool, or one verb of a tool: options that were parsed, and what to do with them.
///
/// `run` writes records to `io.output`, says the rest by throwing `ToolFailure`, and answers with the
/// exit status. It never prints, never exits, never reads a clock but through `SystemClock`.
package protocol Tool: ParsableCommand {
    var common: CommonOptions { get }
    mutating func run(_ io: ToolIO) throws -> ExitStatus
}

/// What a running tool is given.
package final class ToolIO {
    /// Name of the executable, as messages and records have it.
    package let tool: String
    package let common: CommonOptions
    package let output: RecordOutput
    package let errors: ErrorOutput
    /// When the whole call is over (`-t`); nil without a limit.
    package private(set) var deadline: Instant?
    /// Whether some input record was bad, and whether some was usable: manual §1.3, status 4.
    package var badLines = 0
    package var goodLines = 0

    package init(tool: String, common: CommonOptions, output: RecordOutput, errors: ErrorOutput) {
        self.tool = tool
        self.common = common
        self.output = output
        self.errors = errors
        deadline = common.timeout.map { SystemClock.now + $0.duration }
    }

    /// Sets the tool's default deadline where the user gave none.
    package func limit(to duration: Duration) {
        if deadline == nil { deadline = SystemClock.now + duration }
    }

    /// stdin, or the named file; `-` is stdin.
    package func input(_ path: String?) throws -> RecordInput {
        let name = path ?? "-"
        var descriptor: Int32 = 0
        if name == "-" {
            if path == nil, isatty(0) == 1 {
                throw ToolFailure.usage(
                    "records are read from standard input, which is a terminal",
                    hint: "pipe records in, name a file, or give -")
            }
        } else {
            descriptor = open(name, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else {
                throw ToolFailure(
                    .failure, code: "cannotOpen", "\(name): \(String(cString: strerror(errno)))",
                    errno: errno)
            }
        }
        return RecordInput(
            descriptor: descriptor, name: name == "-" ? "stdin" : name,
            maxLine: common.maxLine, isStrict: common.strict,
            beforeWait: { [output] in try output.flush() })
    }

    /// Tells of a bad line: an `error` record in its place, one line on stderr; with `--strict` the end.
    package func report(_ error: RecordError, line: Int, of input: RecordInput) throws {
        badLines += 1
        let place = "\(input.name):\(line): \(error.message)"
        let hint = error.hint.isEmpty ? nil : error.hint
        if common.strict {
            throw ToolFailure(.badInput, code: error.code.rawValue, place, hint: hint)
        }
        errors.say(place + (hint.map { "; \($0)" } ?? ""))
        try output.write(ErrorRecord(
            timestamp: SystemClock.timestamp, tool: tool, code: error.code.rawValue,
            message: error.message, hint: hint, isFatal: false, line: line))
    }

    /// The status that bad input asks for: 4 when no record was usable, 5 when some were, else `status`.
    package func status(_ status: ExitStatus) -> ExitStatus {
        guard badLines > 0 else { return status }
        return status.merged(with: goodLines == 0 ? .badInput : .partly)
    }
}

/// stderr: one line a message, `tool: message`, or records with `--log-format json`.
package final class ErrorOutput {
    private let tool: String
    private let verbosity: Int

    package init(tool: String, verbosity: Int) {
        self.tool = tool
        self.verbosity = verbosity
    }

    package func say(_ message: String) {
        write("\(tool): \(message)\n")
    }

    /// A note, shown from `-v` on (level 1), `-vv` (2), `-vvv` (3).
    package func note(_ message: @autoclosure () -> String, level: Int = 1) {
        if verbosity >= level { write("\(tool): \(message())\n") }
    }

    package func tell(_ failure: ToolFailure) {
        say(failure.message + (failure.hint.map { "; \($0)" } ?? ""))
    }

    private func write(_ text: String) {
        var text = text
        text.withUTF8 { octets in _ = Glibc.write(2, octets.baseAddress, octets.count) }
    }
}

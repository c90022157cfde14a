import Glibc
package import KosCore

/// What a running tool is given.
package final class ToolIO {
    /// Name of the executable, as messages and records have it.
    package let tool: String
    package let common: CommonOptions
    package let output: RecordOutput
    package let errors: ErrorOutput
    /// `-f`, where it is none of auto, ndjson, text.
    package let format: String?
    /// When the whole call is over (`-t`); nil without a limit. Counted from after `--splay`.
    package private(set) var deadline: Instant?
    /// Whether some input record was bad, and whether some was usable: manual §1.3, status 4.
    package var badLines = 0
    package var goodLines = 0
    /// The signals of a run that lasts until it is told to stop; nil in a one-shot.
    package private(set) var watch: WatchSignals?
    /// Where this machine and user keep what outlives a run.
    package let directories = StateDirectories()

    package init(
        tool: String, common: CommonOptions, output: RecordOutput, errors: ErrorOutput,
        format: String? = nil
    ) {
        self.tool = tool
        self.common = common
        self.output = output
        self.errors = errors
        self.format = format
        deadline = common.timeout.map { SystemClock.now + $0.duration }
    }

    /// Sets the tool's default deadline where the user gave none.
    package func limit(to duration: Duration) {
        if deadline == nil { deadline = SystemClock.now + duration }
    }

    /// Time left until the deadline, never negative; nil without a limit.
    package var timeLeft: Duration? {
        deadline.map { max(.zero, $0 - SystemClock.now) }
    }

    /// Declares that the run lasts until SIGINT or SIGTERM, which then are its normal end.
    ///
    /// `-o FILE` is written to directly from now on, and opened anew at SIGHUP. A `RecordInput`
    /// made after this answers `.end` when the stop comes; a tool that waits on anything else
    /// watches
    /// `watch.descriptor` and calls `takeSignals`. At the end the tool writes its summary, status
    /// 0.
    package func startWatching(
        onInterim: @escaping () throws -> Void = {}, onReload: @escaping () throws -> Void = {}
    ) throws {
        watch = try WatchSignals()
        self.onInterim = onInterim
        self.onReload = onReload
        try output.writeThrough()
    }
    private var onInterim: () throws -> Void = {}
    private var onReload: () throws -> Void = {}

    /// Acts on the signals that came: SIGUSR1 writes an interim summary, SIGHUP opens the output
    /// anew and reloads. True when the run is to stop.
    package func takeSignals() throws -> Bool {
        guard let watch else { return false }
        return try take(watch.take())
    }

    /// The same for a tool whose loop reads `watch.descriptor` itself.
    package func take(_ events: [WatchSignals.Event]) throws -> Bool {
        for event in events {
            switch event {
            case .stop: isStopping = true
            case .interim:
                try onInterim()
                try output.flush()
            case .reload:
                try output.reopen()
                try onReload()
            }
        }
        return isStopping
    }
    package private(set) var isStopping = false

    /// stdin, or the named file; `-` is stdin. Nil is stdin that must not be a terminal.
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
            guard descriptor >= 0 else { throw ToolFailure.system("cannotOpen", name) }
        }
        let input = RecordInput(
            descriptor: descriptor, name: name == "-" ? "stdin" : name,
            maxLine: common.maxLine, isStrict: common.strict,
            beforeWait: { [output] in try output.flush() })
        if let watch {
            input.interrupt = (watch.descriptor, { [unowned self] in try takeSignals() })
        }
        return input
    }

    /// Tells of a bad line: an `error` record in its place, one line on stderr; with `--strict` the
    /// end.
    package func report(_ error: RecordError, line: Int, of input: RecordInput) throws {
        try report(error, line: line, of: input.name)
    }

    /// The same for a tool that reads lines on a loop of its own.
    package func report(_ error: RecordError, line: Int, of name: String) throws {
        badLines += 1
        let place = "\(name):\(line): \(error.message)"
        let hint = error.hint.isEmpty ? nil : error.hint
        if common.strict {
            throw ToolFailure(.badInput, code: error.code.rawValue, place, hint: hint)
        }
        let record = ErrorRecord(
            timestamp: SystemClock.timestamp, tool: tool, code: error.code.rawValue,
            message: error.message, hint: hint, isFatal: false, line: line)
        errors.tell(record, place: place)
        // At a terminal the line on stderr is enough.
        if !output.isText { try output.write(record) }
    }

    /// The status that bad input asks for: 4 when no record was usable, 5 when some were, else
    /// `status`.
    package func status(_ status: ExitStatus) -> ExitStatus {
        guard badLines > 0 else { return status }
        return status.merged(with: goodLines == 0 ? .badInput : .partly)
    }

    /// Passes on somebody else's line, unless `--only` drops it.
    package func pass(_ line: [UInt8]) throws {
        if !common.only { try output.pass(line.span) }
    }
}

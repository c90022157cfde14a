import Glibc
import KosCore

/// One run of a tool whose options were parsed: delay, lock, streams, the tool, the ends of it.
struct Run {
    private let name: String
    private let common: CommonOptions
    private let errors: ErrorOutput
    private let format: String?

    init(_ name: String, _ tool: any Tool) {
        self.name = name
        common = tool.common
        errors = ErrorOutput(
            tool: name, verbosity: common.verbose, isJSON: common.logFormat == .json)
        format = common.format.flatMap { OutputFormat.all.contains($0.name) ? nil : $0.name }
    }

    /// A table for people: asked for by name, or at a terminal that nothing else was asked of.
    static func isText(_ common: CommonOptions, descriptor: Int32) -> Bool {
        if common.json { return false }
        switch common.format?.name {
        case "text": return true
        case nil, "auto": return isatty(descriptor) == 1
        default: return false
        }
    }

    func run(_ tool: inout any Tool) throws -> ExitStatus {
        if let splay = common.splay {
            let delay = Splay.delay(upTo: splay.duration, isFixed: common.splayFixed, tool: name)
            errors.note("starts in \(delay.text)")
            SystemClock.sleep(delay)
        }
        if let lock = common.lock { try take(lock) }
        let output = try makeOutput()
        let io = ToolIO(tool: name, common: common, output: output, errors: errors, format: format)
        if common.verbose > 0, let note = io.directories.runtimeNote { errors.note(note) }
        do {
            let status = try tool.run(io)
            try output.finish()
            errors.endProgress()
            if status == .usage || status == .failure {
                output.discard()
            } else {
                try output.commit()
            }
            return status
        } catch {
            return try end(error, output)
        }
    }

    private func end(_ error: any Error, _ output: RecordOutput) throws -> ExitStatus {
        errors.endProgress()
        defer { output.discard() }
        if error is RecordOutput.Closed { return .yes }
        let failure =
            error as? ToolFailure
            ?? (error as? any AdapterFailure).map {
                ToolFailure(.failure, code: $0.code, $0.message, hint: $0.hint)
            } ?? ToolFailure(.failure, code: "failed", "\(error)")
        if failure.code != "writeFailed" {
            do {
                try output.finish()
            } catch is RecordOutput.Closed {
                // Nobody reads: what went wrong is still said below.
            } catch {
                errors.note("\(error)")
            }
        }
        errors.tell(failure)
        return failure.status
    }

    private func take(_ lock: String) throws(ToolFailure) {
        let path =
            lock == "-"
            ? try StateDirectories().prepared("\(name).lock", in: .runtime) : lock
        try RunLock.take(path, patience: common.lockWait?.duration ?? .zero)
    }

    private func makeOutput() throws(ToolFailure) -> RecordOutput {
        if let path = common.output, path != "-" {
            let file = try OutputFile(path: path)
            return RecordOutput(file: file, isText: Run.isText(common, descriptor: file.descriptor))
        }
        return RecordOutput(
            descriptor: 1, place: "stdout", isText: Run.isText(common, descriptor: 1),
            isQuiet: common.quiet, isColored: Terminal.isColored(common.color, descriptor: 1))
    }
}

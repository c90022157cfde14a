import Glibc
import KosCore

/// Runs a tool from its arguments to its exit status.
package enum ToolMain {
    /// `arguments`: where a tool is called in another program's terms, the same in its own.
    package static func run(
        _ root: any ParsableCommand.Type,
        arguments: [String] = Array(CommandLine.arguments.dropFirst())
    ) -> Never {
        signal(SIGPIPE, SIG_IGN)
        occupyStandardDescriptors()
        let name = root.configuration.commandName ?? "kos"
        if let text = answerWithoutParsing(arguments, name) { exit(put(text, name).rawValue) }
        exit(start(root, arguments, name).rawValue)
    }

    /// Ends a call whose whole answer is `text`.
    package static func answer(_ text: String) -> Never {
        signal(SIGPIPE, SIG_IGN)
        exit(put(text, "kos").rawValue)
    }

    /// Standard streams that were closed are opened so that their use fails, and that no file of
    /// ours takes their numbers.
    private static func occupyStandardDescriptors() {
        for descriptor: Int32 in 0...2 where fcntl(descriptor, F_GETFD) < 0 {
            _ = open("/dev/null", descriptor == 0 ? O_WRONLY : O_RDONLY)
        }
    }

    /// `--version` and `--schema` need no options and stand alone: they are answered before the
    /// command line is read, which costs more than the answer.
    private static func answerWithoutParsing(_ arguments: [String], _ name: String) -> String? {
        for (index, argument) in arguments.enumerated() {
            switch argument {
            case "--": return nil
            case "--version", "-V": return "\(name) \(Version.toolkit)\n"
            case "--schema":
                let next = index + 1 < arguments.count ? arguments[index + 1] : "-"
                guard !next.hasPrefix("-") else { return Schema.text(of: RecordTypes.all) + "\n" }
                // A type that is unknown is told where the command line is read.
                return RecordTypes.named(next).map { Schema.text(of: [$0]) + "\n" }
            default: continue
            }
        }
        return nil
    }

    private static func start(
        _ root: any ParsableCommand.Type, _ arguments: [String], _ name: String
    ) -> ExitStatus {
        let plain = ErrorOutput(
            tool: name, verbosity: 0, isJSON: arguments.wantsJSON(after: "--log-format"))
        do {
            switch try CommandLineParser(root: root).parse(arguments) {
            case .text(let text): return put(text, name)
            case .settings(let rows, let common): return try show(rows, common)
            case .tool(var tool): return try Run(name, tool).run(&tool)
            }
        } catch is RecordOutput.Closed {
            return .yes
        } catch let failure as ToolFailure {
            if failure.status != .locked || !arguments.wantsQuiet { plain.tell(failure) }
            return failure.status
        } catch {
            plain.say("\(error)")
            return .failure
        }
    }

    private static func show(_ rows: [SettingRecord], _ common: CommonOptions) throws -> ExitStatus
    {
        let output = RecordOutput(
            descriptor: 1, place: "stdout", isText: Run.isText(common, descriptor: 1),
            isQuiet: false, isColored: Terminal.isColored(common.color, descriptor: 1))
        for row in rows { try output.write(row) }
        try output.finish()
        return .yes
    }

    /// Writes an answer to stdout; status 3 when that cannot be done.
    private static func put(_ text: String, _ name: String) -> ExitStatus {
        let output = RecordOutput(descriptor: 1, place: "stdout", isText: false, isQuiet: false)
        do {
            try output.write(text: text)
            try output.finish()
            return .yes
        } catch is RecordOutput.Closed {
            return .yes
        } catch {
            let failure = error as? ToolFailure
            ErrorOutput(tool: name, verbosity: 0).say(failure?.message ?? "\(error)")
            return .failure
        }
    }
}

/// What can be known of a command line that could not be parsed.
extension [String] {
    fileprivate var wantsQuiet: Bool {
        contains {
            $0 == "--quiet" || ($0.hasPrefix("-") && !$0.hasPrefix("--") && $0.contains("q"))
        }
    }
    fileprivate func wantsJSON(after option: String) -> Bool {
        contains("\(option)=json")
            || firstIndex(of: option).map { $0 + 1 < count && self[$0 + 1] == "json" } ?? false
    }
}

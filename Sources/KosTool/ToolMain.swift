package import ArgumentParser
import Glibc
import KosCore

/// Runs a tool from its arguments to its exit status.
package enum ToolMain {
    package static func run<Root: ParsableCommand>(_ root: Root.Type) -> Never {
        signal(SIGPIPE, SIG_IGN)
        let arguments = Array(CommandLine.arguments.dropFirst())
        let name = root.configuration.commandName ?? "kos"
        if let text = answerWithoutParsing(arguments, name) {
            put(text, to: 1)
            exit(0)
        }
        exit(start(root, arguments, name).rawValue)
    }

    /// `--version` and `--schema` need no options and stand alone: they are answered before the parser,
    /// which costs more than the answer, is set up.
    private static func answerWithoutParsing(_ arguments: [String], _ name: String) -> String? {
        switch arguments.first {
        case "--version", "-V": return "\(name) \(Version.toolkit)\n"
        case "--schema":
            guard arguments.count > 1 else { return Schema.text(of: RecordTypes.all) + "\n" }
            return RecordTypes.named(arguments[1]).map { Schema.text(of: [$0]) + "\n" }
        default: return nil
        }
    }

    private static func start<Root: ParsableCommand>(
        _ root: Root.Type, _ arguments: [String], _ name: String
    ) -> ExitStatus {
        let command: any ParsableCommand
        do {
            command = try root.parseAsRoot(arguments)
        } catch {
            let code = root.exitCode(for: error)
            if code == .success {
                put(root.fullMessage(for: error) + "\n", to: 1)
                return .yes
            }
            put("\(name): \(root.message(for: error)); try '\(name) --help'\n", to: 2)
            return .usage
        }
        guard var tool = command as? any Tool else {
            put(root.helpMessage() + "\n", to: 1)
            return .usage
        }
        return run(&tool, name)
    }

    private static func run(_ tool: inout any Tool, _ name: String) -> ExitStatus {
        let common = tool.common
        let errors = ErrorOutput(tool: name, verbosity: common.verbose)
        let isText = !common.json && (common.format?.name == "text"
            || common.format == nil && isatty(1) == 1)
        let output = RecordOutput(
            descriptor: 1, place: "stdout", isText: isText, isQuiet: common.quiet)
        let io = ToolIO(tool: name, common: common, output: output, errors: errors)
        do {
            let status = try tool.run(io)
            try output.finish()
            return status
        } catch is RecordOutput.Closed {
            return .yes
        } catch let failure as ToolFailure {
            try? output.finish()
            errors.tell(failure)
            return failure.status
        } catch {
            try? output.finish()
            errors.say("\(error)")
            return .failure
        }
    }

    static func put(_ text: String, to descriptor: Int32) {
        var text = text
        text.withUTF8 { octets in
            var done = 0
            while done < octets.count {
                let count = write(descriptor, octets.baseAddress.map { $0 + done }, octets.count - done)
                guard count > 0 else { return }
                done += count
            }
        }
    }
}

import ArgumentParser
import KosCore

/// From arguments and settings to a tool, a text to print, or one line of complaint (status 2).
struct CommandLineParser<Root: ParsableCommand> {
    enum Result {
        case tool(any Tool)
        /// Help, a completion script: to stdout, status 0.
        case text(String)
        /// `--print-config`.
        case settings([SettingRecord], CommonOptions)
    }
    private let root: Root.Type
    private let name: String

    init(_ root: Root.Type, _ name: String) {
        self.root = root
        self.name = name
    }

    func parse(_ arguments: [String]) throws -> Result {
        try checkSchemaType(arguments)
        guard Settings.areNeeded(arguments), let shape = CommandShape(of: root) else {
            return try tool(arguments)
        }
        let settings = try Settings(arguments, of: shape)
        if arguments.contains("--print-config") {
            let rows = settings.rows(tool: name)
            return .settings(rows, try commonOptions(arguments))
        }
        do {
            return try tool(settings.completed(arguments))
        } catch let failure as ToolFailure {
            // A bad setting is told with its origin: it cannot be seen on the command line.
            for setting in settings.settings {
                let values = setting.values.joined(separator: ",")
                guard failure.message.contains("--\(setting.option.name)"), !values.isEmpty,
                    failure.message.contains(values)
                else { continue }
                throw ToolFailure(
                    .usage, code: failure.code, "\(setting.origin): \(failure.message)",
                    hint: failure.hint)
            }
            throw failure
        }
    }

    private func commonOptions(_ arguments: [String]) throws -> CommonOptions {
        var common = CommonOptions()
        common.json = arguments.contains("-j") || arguments.contains("--json")
        common.format = arguments.contains("text") ? OutputFormat(argument: "text") : nil
        let color = arguments.firstIndex(of: "--color").map { arguments[($0 + 1)...].first ?? "" }
        common.color = color.flatMap { ColorChoice(rawValue: $0) } ?? .auto
        return common
    }

    private func tool(_ arguments: [String]) throws -> Result {
        do {
            var command = try root.parseAsRoot(arguments)
            if let tool = command as? any Tool {
                try check(tool)
                return .tool(tool)
            }
            guard type(of: command) != root else { throw verbIsMissing() }
            // The parser's own commands (help) throw what they have to say.
            try command.run()
            return .text("")
        } catch let failure as ToolFailure {
            throw failure
        } catch {
            guard root.exitCode(for: error) == .success else { throw failure(error, arguments) }
            let text = root.fullMessage(for: error)
            let isHelp = text.contains("USAGE: ")
            return .text(
                isHelp ? "\(text)\nSee also: man \(name), \(name) --schema\n" : text + "\n")
        }
    }

    /// `--schema TYPE` comes this far only where there is no such type.
    private func checkSchemaType(_ arguments: [String]) throws(ToolFailure) {
        guard let index = arguments.prefix(while: { $0 != "--" }).firstIndex(of: "--schema"),
            index + 1 < arguments.count
        else { return }
        let names = RecordTypes.names
        let near = NearestName.of(arguments[index + 1], among: names)
        throw .usage(
            "there is no record type \(arguments[index + 1])",
            hint: near.map { "did you mean \($0)?" } ?? "one of \(names.joined(separator: ", "))")
    }

    private func verbIsMissing() -> ToolFailure {
        let verbs = CommandShape(of: root)?.commands.map(\.name).filter { $0 != "help" } ?? []
        return .usage(
            "a verb is missing: \(verbs.joined(separator: ", "))", hint: "try '\(name) --help'")
    }

    private func check(_ tool: some Tool) throws(ToolFailure) {
        if let format = tool.common.format?.name, !type(of: tool).formats.contains(format) {
            let formats = type(of: tool).formats
            let near = NearestName.of(format, among: formats)
            throw .usage(
                "-f \(format) is not one of \(formats.joined(separator: ", "))",
                hint: near.map { "did you mean \($0)?" })
        }
    }

    /// The parser's complaint as one line, with the cure.
    private func failure(_ error: any Error, _ arguments: [String]) -> ToolFailure {
        let lines = root.message(for: error).split(whereSeparator: \.isNewline)
        var message = lines.map { line in
            String(line.drop { $0 == " " })
        }.joined(separator: " ")
        if message.last == "." { message.removeLast() }
        var hint = "try '\(name) --help'"
        let shape = message.contains("Did you mean") ? nil : CommandShape(of: root)
        if let shape {
            let given = GivenOptions(arguments, of: shape)
            for argument in arguments where message.contains("'\(argument)'") {
                let isOption = argument.hasPrefix("--")
                let names =
                    isOption
                    ? given.shape.options.flatMap(\.longNames).map { "--" + $0 }
                    : shape.commands.map(\.name)
                if let near = NearestName.of(argument, among: names), near != argument {
                    hint = "did you mean '\(near)'? " + hint
                    break
                }
            }
        }
        return ToolFailure(.usage, code: "usage", message, hint: hint)
    }
}

import KosCore

/// From arguments and settings to a tool, a text to print, or one line of complaint (status 2).
struct CommandLineParser {
    enum Result {
        case tool(any Tool)
        /// Help, a completion script: to stdout, status 0.
        case text(String)
        /// `--print-config`.
        case settings([SettingRecord], CommonOptions)
    }
    let root: any ParsableCommand.Type

    func parse(_ arguments: [String]) throws -> Result {
        try checkSchemaType(arguments)
        var reader = CommandReader(root, arguments)
        try reader.read()
        let builtIns = reader.shape.builtIns
        if reader.isHelpVerb || builtIns.help { return .text(HelpText(reader.shape).text) }
        if let shell = builtIns.generateCompletionScript {
            return .text(Completions(CommandShape(root)).script(for: shell))
        }
        guard let tool = reader.shape.command.tool else {
            throw reader.usage(
                "a verb is missing: \(reader.shape.verbNames.joined(separator: ", "))")
        }
        guard Settings.areNeeded(arguments) else {
            try check(tool, reader)
            return .tool(tool)
        }
        let settings = try Settings(arguments, of: reader.shape, root: root)
        if tool.common.printConfig {
            return .settings(settings.rows(tool: reader.shape.path[0]), tool.common)
        }
        try settings.apply()
        do throws(ToolFailure) {
            try check(tool, reader)
        } catch {
            // A bad setting is told with its origin: it cannot be seen on the command line.
            throw settings.located(error)
        }
        return .tool(tool)
    }

    private func check(_ tool: any Tool, _ reader: CommandReader) throws(ToolFailure) {
        try reader.check()
        guard let format = tool.common.format?.name else { return }
        let formats = type(of: tool).formats
        guard !formats.contains(format) else { return }
        throw .usage(
            "-f \(format) is not one of \(formats.joined(separator: ", "))",
            hint: NearestName.of(format, among: formats).map { "did you mean \($0)?" })
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
}

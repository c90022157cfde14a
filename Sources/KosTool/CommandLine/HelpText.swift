/// What `--help` prints: 80 columns, whatever the terminal.
struct HelpText {
    private static let width = 80
    private static let indent = 26
    let text: String

    init(_ shape: CommandShape) {
        let command = shape.path.joined(separator: " ")
        let configuration = shape.configuration
        var parts = ["OVERVIEW: \(configuration.abstract)"]
        if !configuration.discussion.isEmpty { parts.append(configuration.discussion) }
        parts.append("USAGE: " + HelpText.usage(shape, command))
        let operands = shape.operands.map { HelpText.row($0.placeholder, $0) }
        if !operands.isEmpty {
            parts.append("ARGUMENTS:\n" + operands.joined(separator: "\n"))
        }
        let options = shape.options.filter { !$0.help.isHidden }
        parts.append(
            "OPTIONS:\n"
                + options.map { HelpText.row(HelpText.names($0), $0) }.joined(separator: "\n"))
        let verbs = shape.verbs
        if !verbs.isEmpty {
            let preferred = shape.defaultVerb?.name
            let rows = verbs.map { verb in
                HelpText.row(
                    verb.name + (verb.name == preferred ? " (default)" : ""),
                    verb.configuration.abstract)
            }
            parts.append("VERBS:\n" + rows.joined(separator: "\n"))
            parts.append("  See '\(command) help <verb>' for the options of a verb.")
        }
        let tool = shape.path.first ?? ""
        parts.append("See also: man \(tool), \(tool) --schema\n")
        text = parts.joined(separator: "\n\n")
    }

    private static func usage(_ shape: CommandShape, _ command: String) -> String {
        var words = [command]
        if shape.hasVerbs {
            let isNeeded = shape.command.tool == nil && shape.defaultVerb == nil
            words.append(isNeeded ? "<verb>" : "[<verb>]")
        }
        words.append("[<options>]")
        words += shape.options.filter(\.isRequired).map(\.title)
        words += shape.operands.map { operand in
            let name = operand.placeholder + (operand.isRepeating ? " ..." : "")
            return operand.isRequired ? name : "[\(name)]"
        }
        return words.joined(separator: " ")
    }

    /// `-t, --timeout <dur>`, `--ack/--no-ack`.
    private static func names(_ option: Declaration) -> String {
        let short = option.shortNames.map { "-\($0)" }
        let long = option.longNames.map { "--\($0)" }.joined(separator: "/")
        let names = (short + (long.isEmpty ? [] : [long])).joined(separator: ", ")
        guard option.takesValue else { return names }
        return option.alone == nil
            ? "\(names) \(option.placeholder)" : "\(names)[=\(option.placeholder)]"
    }

    private static func row(_ names: String, _ declaration: Declaration) -> String {
        var text = declaration.help.text
        var notes: [String] = []
        let values = declaration.values.joined(separator: ", ")
        if !values.isEmpty, !declaration.values.allSatisfy({ text.contains($0) }) {
            notes.append("values: \(values)")
        }
        let isSaid = ["false", ""].contains(declaration.builtIn ?? "")
        if let builtIn = declaration.builtIn, !isSaid, !declaration.isOperand {
            notes.append("default: \(builtIn)")
        }
        if !notes.isEmpty { text += " (\(notes.joined(separator: "; ")))" }
        return row(names, text)
    }

    private static func row(_ names: String, _ text: String) -> String {
        var lines: [String] = []
        var line = "  " + names
        if line.count + 1 >= indent {
            lines.append(line)
            line = ""
        }
        line += String(repeating: " ", count: indent - line.count)
        var isEmpty = true
        for word in text.split(separator: " ") {
            if !isEmpty, line.count + 1 + word.count > width {
                lines.append(line)
                line = String(repeating: " ", count: indent)
                isEmpty = true
            }
            line += (isEmpty ? "" : " ") + word
            isEmpty = false
        }
        return (lines + [line]).joined(separator: "\n")
    }
}

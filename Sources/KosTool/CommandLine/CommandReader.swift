/// Reads a command line into the declarations of the command that it calls, as POSIX and GNU have
/// it: short options bundle, values are joined or apart, options and operands may be mixed, `--`
/// ends the options, `-` is an operand. Long options are not abbreviated.
struct CommandReader {
    /// The command that is called.
    private(set) var shape: CommandShape
    /// Whether help was asked for as a verb: `kos-lora help send`.
    private(set) var isHelpVerb = false
    /// What could have been called.
    private let verbNames: [String]
    private var rest: ArraySlice<String>
    private var operands: [String] = []

    /// Finds the command; verbs stand in front.
    init(_ root: any ParsableCommand.Type, _ arguments: [String]) {
        shape = CommandShape(root)
        verbNames = shape.verbNames
        rest = arguments[...]
        guard shape.hasVerbs else { return }
        if rest.first == "help" {
            isHelpVerb = true
            rest.removeFirst()
        }
        while let word = rest.first, let verb = shape.verb(word) {
            shape = verb
            rest.removeFirst()
        }
        let isLoneHelp = rest.count == 1 && (rest.first == "--help" || rest.first == "-h")
        if !isHelpVerb, !isLoneHelp, let verb = shape.defaultVerb { shape = verb }
    }

    /// Takes every argument; what is missing is not told yet, as settings may give it.
    mutating func read() throws(ToolFailure) {
        while let argument = rest.popFirst() {
            if argument == "--" {
                operands += rest
                rest = []
            } else if argument.hasPrefix("--") {
                try readLong(argument.dropFirst(2))
            } else if argument.hasPrefix("-"), argument != "-" {
                try readBundle(argument)
            } else {
                operands.append(argument)
            }
        }
        try readOperands()
    }

    /// What must be given and was not, and what the command itself says.
    func check() throws(ToolFailure) {
        if let missing = shape.declarations.first(where: { $0.isRequired && $0.given.isEmpty }) {
            throw usage("\(missing.title) is missing")
        }
        do {
            try shape.validate()
        } catch let failure as ToolFailure {
            throw failure
        } catch {
            throw usage((error as? ValidationError)?.message ?? "\(error)")
        }
    }

    // MARK: Options

    private mutating func readLong(_ text: Substring) throws(ToolFailure) {
        let name = String(text.prefix { $0 != "=" })
        guard let option = shape.option(long: name) else {
            throw unknown("--\(name)", among: shape.options.flatMap(\.longNames).map { "--\($0)" })
        }
        let attached = name.utf8.count < text.utf8.count ? text.dropFirst(name.count + 1) : nil
        guard option.takesValue else {
            guard attached == nil else { throw usage("'--\(name)' takes no value") }
            _ = option.take(name)
            return
        }
        try readValue(of: option, called: "--\(name)", attached.map(String.init))
    }

    /// `-qjt5s`: flags, and an option with its value at the end.
    private mutating func readBundle(_ argument: String) throws(ToolFailure) {
        var letters = argument.dropFirst()
        while let letter = letters.popFirst() {
            guard let option = shape.option(short: letter) else {
                // One dash for two is a slip of its own.
                let near = shape.option(long: String(argument.dropFirst())) == nil ? "" : "-"
                throw unknown(
                    near.isEmpty ? "-\(letter)" : argument,
                    among: near.isEmpty ? [] : [near + argument])
            }
            guard option.takesValue else {
                _ = option.take(option.name)
                continue
            }
            if letters.first == "=" { letters.removeFirst() }
            let attached = letters.isEmpty ? nil : String(letters)
            return try readValue(of: option, called: "-\(letter)", attached)
        }
    }

    private mutating func readValue(
        of option: Declaration, called name: String, _ attached: String?
    ) throws(ToolFailure) {
        if let text = attached ?? option.alone {
            try take(text, for: option, called: name)
        } else {
            guard let text = nextValue() else {
                throw usage("'\(name) \(option.placeholder)' needs a value")
            }
            try take(text, for: option, called: name)
        }
        while option.isGreedy, let text = nextValue() {
            try take(text, for: option, called: name)
        }
    }

    /// The next argument unless it is an option: a number may be negative.
    private mutating func nextValue() -> String? {
        guard let next = rest.first else { return nil }
        if next.hasPrefix("-"), let letter = next.dropFirst().first {
            let isNumber = letter == "." || letter.isASCII && letter.isNumber
            guard isNumber, shape.option(short: letter) == nil else { return nil }
        }
        return rest.removeFirst()
    }

    private func take(
        _ text: String, for option: Declaration, called name: String
    ) throws(ToolFailure) {
        guard !option.take(text) else { return }
        throw usage(
            "'\(name) \(option.placeholder)' cannot be '\(text)'",
            hint: CommandReader.hint(text, for: option))
    }

    /// Which values there are, the one that was probably meant first.
    static func hint(_ text: String, for option: Declaration) -> String? {
        let values = option.values
        guard !values.isEmpty else { return nil }
        return NearestName.of(text, among: values).map { "did you mean \($0)?" }
            ?? "one of \(values.joined(separator: ", "))"
    }

    // MARK: Operands

    private mutating func readOperands() throws(ToolFailure) {
        var left = operands[...]
        for operand in shape.operands {
            while let text = left.popFirst() {
                guard operand.take(text) else { throw usage("'\(text)' is no \(operand.title)") }
                if !operand.isRepeating { break }
            }
        }
        guard let text = left.first else { return }
        let near = NearestName.of(text, among: verbNames).map { "did you mean \($0)?" }
        if shape.hasVerbs, shape.command.tool == nil {
            throw usage(
                "'\(text)' is no verb of \(shape.name)",
                hint: near ?? "one of \(verbNames.joined(separator: ", "))")
        }
        throw usage("'\(text)' is one argument too many", hint: near)
    }

    // MARK: Complaints

    private func unknown(_ name: String, among names: [String]) -> ToolFailure {
        let near = names.count == 1 ? names.first : NearestName.of(name, among: names)
        return usage(
            "there is no option '\(name)'", hint: near.map { "did you mean '\($0)'?" })
    }

    /// Asked wrongly, with the cure: `hint`, or where help is.
    func usage(_ message: String, hint: String? = nil) -> ToolFailure {
        let help = "try '\(shape.path.joined(separator: " ")) --help'"
        return .usage(message, hint: hint ?? help)
    }
}

import KosCore

/// A command as it is declared: its own name and options, and the verbs under it.
struct CommandShape {
    let configuration: CommandConfiguration
    /// The words that lead here: `kos-lora send`.
    let path: [String]
    /// The command whose properties the declarations are.
    let command: any ParsableCommand
    /// What every command takes.
    let builtIns = BuiltInOptions()
    /// All of them, those of groups where the groups stand, the built-in ones last.
    private(set) var declarations: [Declaration] = []
    private var groups: [any ParsableArguments] = []

    init(_ type: any ParsableCommand.Type, under path: [String] = []) {
        configuration = type.configuration
        self.path = path + [CommandShape.name(type)]
        command = type.init()
        collect(command)
        collect(builtIns)
    }

    private mutating func collect(_ arguments: any ParsableArguments) {
        for child in Mirror(reflecting: arguments).children {
            guard let declaration = child.value as? Declaration else { continue }
            if let group = declaration.group {
                collect(group)
                groups.append(group)
            } else {
                declaration.name(CommandShape.kebab(child.label ?? ""))
                declarations.append(declaration)
            }
        }
    }

    // MARK: Options and operands

    var options: [Declaration] { declarations.filter { !$0.isOperand } }
    var operands: [Declaration] { declarations.filter { $0.isOperand } }

    func option(long name: String) -> Declaration? {
        declarations.first { !$0.isOperand && $0.longNames.contains(name) }
    }
    func option(short name: Character) -> Declaration? {
        declarations.first { !$0.isOperand && $0.shortNames.contains(name) }
    }

    /// What the command and its groups say of the values that they were given.
    func validate() throws {
        for var group in groups { try group.validate() }
        var command = command
        try command.validate()
    }

    // MARK: Verbs

    var hasVerbs: Bool { !configuration.subcommands.isEmpty }
    var verbNames: [String] { configuration.subcommands.map { CommandShape.name($0) } }
    var verbs: [CommandShape] {
        configuration.subcommands.map { CommandShape($0, under: path) }
    }
    func verb(_ name: String) -> CommandShape? {
        configuration.subcommands.first { CommandShape.name($0) == name }
            .map { CommandShape($0, under: path) }
    }
    var defaultVerb: CommandShape? {
        configuration.defaultSubcommand.map { CommandShape($0, under: path) }
    }

    var name: String { path.last ?? "" }

    static func name(_ type: any ParsableCommand.Type) -> String {
        type.configuration.commandName ?? kebab("\(type)")
    }

    /// `maxLine` is `max-line`; the underscore of a wrapped property is left out.
    private static func kebab(_ name: String) -> String {
        var octets: [UInt8] = []
        for octet in name.utf8 {
            switch octet {
            case UInt8(ascii: "_") where octets.isEmpty: continue
            case UInt8(ascii: "A")...UInt8(ascii: "Z"):
                if !octets.isEmpty { octets.append(UInt8(ascii: "-")) }
                octets.append(octet + 0x20)
            default: octets.append(octet)
            }
        }
        return String(decoding: octets, as: UTF8.self)
    }
}

/// What every command takes beside its own options.
struct BuiltInOptions: ParsableArguments {
    @Flag(name: [.customShort("V"), .long], help: "Show the version.")
    var version = false

    @Flag(name: .shortAndLong, help: "Show this help.")
    var help = false

    @Option(help: ArgumentHelp("Print completions for bash, zsh or fish.", isHidden: true))
    var generateCompletionScript: Shell?

    enum Shell: String, ExpressibleByArgument, CaseIterable {
        case bash, zsh, fish
    }
}

/// Options that belong together: properties with `@Option`, `@Flag`, `@Argument`, `@OptionGroup`.
package protocol ParsableArguments {
    init()
    /// Throws what is wrong with the values that were given, once all are read.
    mutating func validate() throws
}

extension ParsableArguments {
    package mutating func validate() throws {}
}

/// A tool, one verb of it, or what its verbs stand under.
package protocol ParsableCommand: ParsableArguments, SendableMetatype {
    static var configuration: CommandConfiguration { get }
    /// The command as something to run; nil for one that only has verbs.
    var tool: (any Tool)? { get }
}

extension ParsableCommand {
    package var tool: (any Tool)? { nil }
}

/// What is said of a command as a whole.
package struct CommandConfiguration: Sendable {
    let commandName: String?
    let abstract: String
    let discussion: String
    let subcommands: [any ParsableCommand.Type]
    let defaultSubcommand: (any ParsableCommand.Type)?

    /// `commandName`: the type's own name in kebab case if not said. `defaultSubcommand`: the verb
    /// that is meant where none is given.
    package init(
        commandName: String? = nil, abstract: String, discussion: String = "",
        subcommands: [any ParsableCommand.Type] = [],
        defaultSubcommand: (any ParsableCommand.Type)? = nil
    ) {
        self.commandName = commandName
        self.abstract = abstract
        self.discussion = discussion
        self.subcommands = subcommands
        self.defaultSubcommand = defaultSubcommand
    }
}

/// What `validate` has to say: one line.
package struct ValidationError: Error, Sendable {
    let message: String
    package init(_ message: String) { self.message = message }
}

import ArgumentParser
import KosCore

/// What options a command has, as the parser itself says (`--experimental-dump-help`); read only
/// where a setting from elsewhere, a hint or `--print-config` needs it.
struct CommandShape {
    struct Option {
        let longNames: [String]
        let shortNames: [String]
        let takesValue: Bool
        let isRepeating: Bool
        let builtIn: String?

        init(_ argument: JSONObject) {
            let names = (argument["names"]?.array ?? []).compactMap(\.object)
            longNames = names.filter { $0["kind"]?.string == "long" }.compactMap {
                $0["name"]?.string
            }
            shortNames = names.filter { $0["kind"]?.string == "short" }.compactMap {
                $0["name"]?.string
            }
            takesValue = argument["kind"]?.string == "option"
            isRepeating = argument["isRepeating"]?.boolean == true
            builtIn = argument["defaultValue"]?.string
        }

        /// The name that settings go by.
        var name: String { longNames.first ?? "" }
    }
    let name: String
    let options: [Option]
    private(set) var commands: [CommandShape] = []
    let defaultCommand: String?

    init?<Root: ParsableCommand>(of root: Root.Type) {
        do {
            _ = try root.parseAsRoot(["--experimental-dump-help"])
            return nil
        } catch {
            let text = root.fullMessage(for: error)
            guard let tree = try? JSONValue(parsing: text).object?["command"]?.object else {
                return nil
            }
            self.init(tree)
        }
    }

    private init(_ tree: JSONObject) {
        name = tree["commandName"]?.string ?? ""
        let verbs = (tree["subcommands"]?.array ?? []).compactMap(\.object).map(CommandShape.init)
        commands = verbs
        // The parser does not tell which verb is meant when none is given; ours is always `run`.
        defaultCommand = verbs.contains { $0.name == "run" } ? "run" : nil
        let arguments = (tree["arguments"]?.array ?? []).compactMap(\.object)
        options = arguments.filter { $0["kind"]?.string != "positional" }.map(Option.init)
    }

    func option(long name: String) -> Option? { options.first { $0.longNames.contains(name) } }
    func option(short name: String) -> Option? { options.first { $0.shortNames.contains(name) } }
    func command(_ name: String) -> CommandShape? { commands.first { $0.name == name } }
}

/// The options that stand on a command line, found without parsing their values.
struct GivenOptions {
    /// The command that the verbs lead to.
    private(set) var shape: CommandShape
    /// Values by the option's name; a flag's is how it was spelt.
    private(set) var values: [String: [String]] = [:]
    /// Index of `--` or the count: where further options may be put.
    private(set) var end: Int

    init(_ arguments: [String], of root: CommandShape) {
        shape = root
        end = arguments.firstIndex(of: "--") ?? arguments.count
        var index = 0
        // Options in front of the verb that is meant when none is given belong to that verb.
        let usual = shape.defaultCommand.flatMap { root.command($0) }
        let hasVerb = arguments[..<end].contains { root.command($0) != nil }
        if let usual, !hasVerb { shape = usual }
        while index < end {
            let argument = arguments[index]
            index += 1
            if argument.hasPrefix("--") {
                let parts = argument.dropFirst(2).split(
                    separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                guard let option = shape.option(long: String(parts[0])) else { continue }
                if !option.takesValue {
                    note(option, String(parts[0]))
                } else if parts.count > 1 {
                    note(option, String(parts[1]))
                } else if index < end {
                    note(option, arguments[index])
                    index += 1
                }
            } else if argument.hasPrefix("-"), argument != "-" {
                index += cluster(argument.dropFirst(), arguments[index..<end].first)
            } else if let verb = shape.command(argument) {
                shape = verb
            }
        }
    }

    /// A bundle of short options; 1 when the last of them takes the next argument.
    private mutating func cluster(_ letters: Substring, _ next: String?) -> Int {
        for index in letters.indices {
            guard let option = shape.option(short: String(letters[index])) else { continue }
            guard option.takesValue else {
                note(option, option.name)
                continue
            }
            var rest = letters[letters.index(after: index)...]
            if rest.first == "=" { rest.removeFirst() }
            note(option, rest.isEmpty ? next ?? "" : String(rest))
            return rest.isEmpty ? 1 : 0
        }
        return 0
    }

    private mutating func note(_ option: CommandShape.Option, _ value: String) {
        values[option.name, default: []].append(value)
    }
}

/// Scripts that let a shell complete a tool's verbs, options and values.
struct Completions {
    /// One verb, or the tool itself where no verb is given.
    private struct Command {
        /// The verb; empty for the tool itself.
        let name: String
        let help: String
        let options: [Declaration]
        let operands: [Declaration]

        init(name: String, shape: CommandShape) {
            self.name = name
            help = shape.configuration.abstract
            options = shape.options.filter { !$0.help.isHidden }
            operands = shape.operands
        }
    }
    private let tool: String
    private let commands: [Command]
    private let verbs: [Command]

    init(_ root: CommandShape) {
        tool = root.name
        // Without a verb, what the verb takes that is meant then.
        let usual = root.defaultVerb ?? root
        verbs = root.verbs.map { Command(name: $0.name, shape: $0) }
        commands = [Command(name: "", shape: usual)] + verbs
    }

    func script(for shell: BuiltInOptions.Shell) -> String {
        switch shell {
        case .bash: bash
        case .zsh: zsh
        case .fish: fish
        }
    }
}

extension Declaration {
    /// Names with their dashes.
    fileprivate var spellings: [String] {
        shortNames.map { "-\($0)" } + longNames.map { "--\($0)" }
    }
    /// Whether the next word is a value.
    fileprivate var isFollowed: Bool { takesValue && alone == nil }
}

/// `text` as one word of a shell.
private func quoted(_ text: String) -> String {
    "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''")
        + "'"
}

// MARK: bash

extension Completions {
    private var bash: String {
        let function = "_" + tool.map { $0 == "-" ? "_" : String($0) }.joined()
        var lines = [
            "# bash completion for \(tool)", "\(function)() {",
            "    local word=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD-1]} verb= joined=",
            "    # bash takes '=' for a word of its own.",
            "    if [[ $word == '=' ]]; then word= joined=1",
            "    elif [[ $option == '=' ]]; then option=${COMP_WORDS[COMP_CWORD-2]} joined=1; fi",
            "    COMPREPLY=()",
        ]
        if !verbs.isEmpty {
            let names = verbs.map(\.name).joined(separator: "|")
            lines += [
                "    if ((COMP_CWORD > 1)); then",
                "        case ${COMP_WORDS[1]} in \(names)) verb=${COMP_WORDS[1]} ;; esac",
                "    fi",
            ]
        }
        lines.append("    case $verb in")
        for command in commands { lines += bash(command) }
        return (lines + ["    esac", "}", "complete -F \(function) \(tool)", ""])
            .joined(separator: "\n")
    }

    private func bash(_ command: Command) -> [String] {
        var lines = ["    '\(command.name)')", "        case $option in"]
        for option in command.options where option.takesValue {
            let action = bashAction(option)
            // An option that may stand alone has its value behind '=' only.
            let guarded =
                option.isFollowed ? action : "if [[ $joined ]]; then \(action); fi"
            lines.append("        \(option.spellings.joined(separator: "|"))) \(guarded) ;;")
        }
        lines.append("        esac")
        let names = command.options.flatMap(\.spellings).joined(separator: " ")
        lines += [
            "        if [[ $word == -* ]]; then",
            "            COMPREPLY=($(compgen -W '\(names)' -- \"$word\"))", "            return",
            "        fi",
        ]
        if command.name.isEmpty, !verbs.isEmpty {
            let names = (verbs.map(\.name) + ["help"]).joined(separator: " ")
            lines.append(
                "        ((COMP_CWORD == 1)) && COMPREPLY=($(compgen -W '\(names)' -- \"$word\"))")
        }
        if command.operands.contains(where: { $0.completion.isFile }) {
            lines += [
                "        compopt -o filenames", "        COMPREPLY+=($(compgen -f -- \"$word\"))",
            ]
        }
        return lines + ["        ;;"]
    }

    private func bashAction(_ option: Declaration) -> String {
        switch option.completion {
        case .file:
            return "compopt -o filenames; COMPREPLY=($(compgen -f -- \"$word\")); return"
        case .shellCommand(let command):
            return "COMPREPLY=($(compgen -W \"$(\(command))\" -- \"$word\")); return"
        case .values:
            let values = option.values.joined(separator: " ")
            return values.isEmpty
                ? "return" : "COMPREPLY=($(compgen -W '\(values)' -- \"$word\")); return"
        }
    }
}

extension CompletionKind {
    fileprivate var isFile: Bool { if case .file = self { true } else { false } }
}

// MARK: zsh

extension Completions {
    private var zsh: String {
        var lines = ["#compdef \(tool)", ""]
        for command in verbs { lines += zsh(command) }
        lines += ["_\(tool)() {"]
        if !verbs.isEmpty {
            lines += ["    if ((CURRENT > 2)); then", "        case $words[2] in"]
            for verb in verbs {
                lines.append(
                    "        \(verb.name)) shift words; ((CURRENT--)); \(function(verb)); return ;;"
                )
            }
            lines += ["        esac", "    fi", "    local -a verbs=("]
            lines += verbs.map { "        \(quoted("\($0.name):\($0.help)"))" }
            lines += ["        'help:Show the help of a verb.'", "    )"]
            lines += ["    ((CURRENT == 2)) && _describe verb verbs"]
        }
        lines += arguments(commands[0])
        return (lines + ["}", "", "_\(tool) \"$@\"", ""]).joined(separator: "\n")
    }

    private func function(_ command: Command) -> String { "_\(tool)_\(command.name)" }

    private func zsh(_ command: Command) -> [String] {
        ["\(function(command))() {"] + arguments(command) + ["}", ""]
    }

    private func arguments(_ command: Command) -> [String] {
        var specs = command.options.flatMap(specifications)
        for operand in command.operands {
            let kind = operand.isRepeating ? "*" : ""
            specs.append(quoted("\(kind):\(plain(operand.help.text)):\(zshAction(operand))"))
        }
        return ["    _arguments -s -S \\"]
            + specs.dropLast().map { "        \($0) \\" } + specs.suffix(1).map { "        \($0)" }
    }

    /// One for each name; they exclude each other where the option may stand once.
    private func specifications(_ option: Declaration) -> [String] {
        let names = option.spellings
        let value = ":\(plain(option.help.valueName ?? option.label)):\(zshAction(option))"
        return names.map { name in
            let head = option.isRepeating ? "*" : "(\(names.joined(separator: " ")))"
            var mark = ""
            if option.takesValue {
                mark = name.hasPrefix("--") ? (option.isFollowed ? "=" : "=-") : "+"
            }
            let tail = option.takesValue ? (option.isFollowed ? value : ":" + value) : ""
            return quoted("\(head)\(name)\(mark)[\(plain(option.help.text))]\(tail)")
        }
    }

    private func plain(_ text: String) -> String {
        text.map { "[]:\\".contains($0) ? "\\\($0)" : String($0) }.joined()
    }

    private func zshAction(_ option: Declaration) -> String {
        switch option.completion {
        case .file: "_files"
        case .shellCommand(let command): "{compadd -- ${(f)\"$(\(command))\"}}"
        case .values: option.values.isEmpty ? " " : "(\(option.values.joined(separator: " ")))"
        }
    }
}

// MARK: fish

extension Completions {
    private var fish: String {
        var lines = ["# fish completion for \(tool)", "complete -c \(tool) -f"]
        let names = verbs.map(\.name).joined(separator: " ")
        for verb in verbs {
            lines.append(
                "complete -c \(tool) -n __fish_use_subcommand -a \(verb.name) -d \(quoted(verb.help))"
            )
        }
        for command in commands {
            var condition = ""
            if !command.name.isEmpty {
                condition = " -n '__fish_seen_subcommand_from \(command.name)'"
            } else if !verbs.isEmpty {
                condition = " -n 'not __fish_seen_subcommand_from \(names)'"
            }
            let head = "complete -c \(tool)\(condition)"
            lines += command.options.map { option in
                let letters = option.shortNames.map { " -s \($0)" }.joined()
                let words = option.longNames.map { " -l \($0)" }.joined()
                return head + letters + words + fishValue(option)
                    + " -d \(quoted(option.help.text))"
            }
            if command.operands.contains(where: { $0.completion.isFile }) {
                lines.append(head + " -F")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func fishValue(_ option: Declaration) -> String {
        guard option.takesValue else { return "" }
        let required = option.isFollowed ? " -r" : ""
        switch option.completion {
        case .file: return required + " -F"
        case .shellCommand(let command): return required + " -f -a \(quoted("(\(command))"))"
        case .values: return required + " -f -a \(quoted(option.values.joined(separator: " ")))"
        }
    }
}

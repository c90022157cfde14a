/// What one property of a command declares: an option, a flag, an operand, or a group of these.
///
/// A class, so that what reflection finds in a command is the very thing that the property reads,
/// and a value is set where it lies. A cast to a class costs a walk up its ancestors; a cast to a
/// protocol makes Swift's runtime go through every conformance that the program has.
package class Declaration {
    /// How it is called; no names for an operand.
    let spelling: NameSpecification
    let help: ArgumentHelp
    let completion: CompletionKind
    /// Name of the property in kebab case; what `.long` and `.short` come from.
    private(set) var label = ""
    /// What was said of it, as it was written; empty where nothing was.
    private(set) var given: [String] = []

    init(_ spelling: NameSpecification, _ help: ArgumentHelp, _ completion: CompletionKind) {
        self.spelling = spelling
        self.help = help
        self.completion = completion
    }

    // What kind of thing it is: a subclass says otherwise.

    var isOperand: Bool { false }
    var takesValue: Bool { true }
    var isRepeating: Bool { false }
    /// Whether values follow each other up to the next option.
    var isGreedy: Bool { false }
    /// Whether the call is wrong without it.
    var isRequired: Bool { false }
    /// What the option means where it stands without `=VALUE`; nil where a value must follow.
    var alone: String? { nil }
    /// What it is when nobody says anything; nil for nothing.
    var builtIn: String? { nil }
    /// All the values that there are, where they can be counted.
    var values: [String] { [] }
    /// A group's command: declarations are found in it.
    var group: (any ParsableArguments)? { nil }

    /// Takes a value, or the name that a flag was called by; false for one that it cannot be.
    func accept(_ text: String) -> Bool { false }

    final func take(_ text: String) -> Bool {
        guard accept(text) else { return false }
        given.append(text)
        return true
    }

    // MARK: Names

    final func name(_ label: String) { self.label = label }

    /// Names behind `--`, the usual one first; a flag that can be taken back has its opposite too.
    var longNames: [String] {
        spelling.elements.compactMap { element in
            switch element {
            case .long: label
            case .customLong(let name): name
            case .short, .customShort: nil
            }
        }
    }

    final var shortNames: [Character] {
        spelling.elements.compactMap { element in
            switch element {
            case .short: label.first
            case .customShort(let letter): letter
            case .long, .customLong: nil
            }
        }
    }

    /// What settings and `--print-config` call it; empty for an operand.
    final var name: String { longNames.first ?? "" }

    /// How a value is spoken of: `<dur>`.
    final var placeholder: String { "<\(help.valueName ?? label)>" }

    /// How people are told of it: `--timeout <dur>`, `<file>`.
    final var title: String {
        if isOperand { return placeholder }
        let name = longNames.first.map { "--\($0)" } ?? shortNames.first.map { "-\($0)" } ?? label
        return takesValue ? "\(name) \(placeholder)" : name
    }
}

/// How an option may be called. `.short` and `.long` come from the property's name.
package struct NameSpecification: ExpressibleByArrayLiteral, Sendable {
    enum Element: Sendable {
        case short, long
        case customShort(Character)
        case customLong(String)
    }
    let elements: [Element]

    package init(arrayLiteral names: NameSpecification...) {
        elements = names.flatMap(\.elements)
    }
    private init(_ elements: Element...) { self.elements = elements }
    static let none: NameSpecification = []

    package static let short = NameSpecification(.short)
    package static let long = NameSpecification(.long)
    package static let shortAndLong = NameSpecification(.short, .long)
    package static func customShort(_ letter: Character) -> NameSpecification {
        NameSpecification(.customShort(letter))
    }
    package static func customLong(_ name: String) -> NameSpecification {
        NameSpecification(.customLong(name))
    }
}

/// One line of help, and how the value is called.
package struct ArgumentHelp: ExpressibleByStringInterpolation, Sendable {
    let text: String
    let valueName: String?
    /// Not told to people: for scripts and tests.
    let isHidden: Bool

    package init(_ text: String, valueName: String? = nil, isHidden: Bool = false) {
        self.text = text
        self.valueName = valueName
        self.isHidden = isHidden
    }
    package init(stringLiteral text: String) { self.init(text) }
}

/// How the values of a repeating option stand.
package enum ArrayParsing: Sendable {
    /// `--tag a --tag b`.
    case singleValue
    /// `--listen a b`: up to the next option.
    case upToNextOption
}

/// How a flag is taken back.
package enum FlagInversion: Sendable {
    case prefixedNo
}

/// What a shell offers for a value.
package enum CompletionKind: Sendable {
    /// The values that there are, where they can be counted.
    case values
    case file
    /// Words that a command of the shell prints, one a line.
    case shellCommand(String)
}

/// What can be read from one argument.
package protocol ExpressibleByArgument {
    init?(argument: String)
    /// How a value is written that nobody gave.
    var defaultValueDescription: String { get }
    /// All the values that there are; empty where they cannot be counted.
    static var allValueStrings: [String] { get }
}

extension ExpressibleByArgument {
    package var defaultValueDescription: String { "\(self)" }
    package static var allValueStrings: [String] { [] }
}

extension RawRepresentable where Self: ExpressibleByArgument, RawValue == String {
    package init?(argument: String) { self.init(rawValue: argument) }
    package var defaultValueDescription: String { rawValue }
}

extension CaseIterable where Self: ExpressibleByArgument & RawRepresentable, RawValue == String {
    package static var allValueStrings: [String] { allCases.map(\.rawValue) }
}

extension String: ExpressibleByArgument {
    package init?(argument: String) { self = argument }
}
extension LosslessStringConvertible where Self: ExpressibleByArgument {
    package init?(argument: String) { self.init(argument) }
}
extension Int: ExpressibleByArgument {}
extension UInt16: ExpressibleByArgument {}
extension UInt32: ExpressibleByArgument {}
extension UInt64: ExpressibleByArgument {}
extension Double: ExpressibleByArgument {}

/// `--timeout 5s`: an option with a value.
@propertyWrapper
package final class Option<Value>: Declaration {
    private let conversion: Conversion<Value>
    private let initial: Value?
    private var value: Value?
    private let whenAlone: String?
    private let upToNextOption: Bool

    /// The value given, or the one that the property begins with.
    package var wrappedValue: Value {
        get { conversion.require(value, title) }
        set { value = newValue }
    }

    private init(
        _ initial: Value?, _ conversion: Conversion<Value>, _ name: NameSpecification,
        _ help: ArgumentHelp, _ completion: CompletionKind, alone: String? = nil,
        isGreedy: Bool = false
    ) {
        self.conversion = conversion
        self.initial = initial
        value = initial
        whenAlone = alone
        upToNextOption = isGreedy
        super.init(name, help, completion)
    }

    /// An option that has a value whether or not one is given.
    package convenience init(
        wrappedValue: Value, name: NameSpecification = .long, help: ArgumentHelp,
        completion: CompletionKind = .values
    ) where Value: ExpressibleByArgument {
        self.init(wrappedValue, .single(), name, help, completion)
    }

    /// An option that must be given.
    package convenience init(
        name: NameSpecification = .long, help: ArgumentHelp, completion: CompletionKind = .values
    ) where Value: ExpressibleByArgument {
        self.init(nil, .single(), name, help, completion)
    }

    /// An option that may be left out. `alone`: what it means without `=VALUE`; a value then
    /// stands behind `=` only.
    package convenience init<Wrapped: ExpressibleByArgument>(
        wrappedValue: Value = Wrapped?.none, name: NameSpecification = .long, help: ArgumentHelp,
        completion: CompletionKind = .values, alone: String? = nil
    ) where Value == Wrapped? {
        self.init(wrappedValue, .optional(), name, help, completion, alone: alone)
    }

    /// An option that may be given again and again.
    package convenience init<Element: ExpressibleByArgument>(
        wrappedValue: Value, name: NameSpecification = .long,
        parsing: ArrayParsing = .singleValue, help: ArgumentHelp,
        completion: CompletionKind = .values
    ) where Value == [Element] {
        self.init(
            wrappedValue, .array(), name, help, completion, isGreedy: parsing == .upToNextOption)
    }

    /// The same where it must be given at least once.
    package convenience init<Element: ExpressibleByArgument>(
        name: NameSpecification = .long, parsing: ArrayParsing = .singleValue, help: ArgumentHelp,
        completion: CompletionKind = .values
    ) where Value == [Element] {
        self.init(nil, .array(), name, help, completion, isGreedy: parsing == .upToNextOption)
    }

    override var isRepeating: Bool { conversion.isRepeating }
    override var isGreedy: Bool { upToNextOption }
    override var isRequired: Bool { initial == nil }
    override var alone: String? { whenAlone }
    override var builtIn: String? { initial.flatMap(conversion.describe) }
    override var values: [String] { conversion.values() }
    override func accept(_ text: String) -> Bool {
        conversion.take(text, &value, given.isEmpty)
    }
}

/// An operand.
@propertyWrapper
package final class Argument<Value>: Declaration {
    private let conversion: Conversion<Value>
    private let initial: Value?
    private var value: Value?

    /// The operand given, or what the property begins with.
    package var wrappedValue: Value {
        get { conversion.require(value, title) }
        set { value = newValue }
    }

    private init(
        _ initial: Value?, _ conversion: Conversion<Value>, _ help: ArgumentHelp,
        _ completion: CompletionKind
    ) {
        self.conversion = conversion
        self.initial = initial
        value = initial
        super.init(.none, help, completion)
    }

    /// An operand that must be given.
    package convenience init(help: ArgumentHelp, completion: CompletionKind = .values)
    where Value: ExpressibleByArgument {
        self.init(nil, .single(), help, completion)
    }

    /// One that may be left out.
    package convenience init<Wrapped: ExpressibleByArgument>(
        wrappedValue: Value = Wrapped?.none, help: ArgumentHelp,
        completion: CompletionKind = .values
    ) where Value == Wrapped? {
        self.init(wrappedValue, .optional(), help, completion)
    }

    /// All the operands that are left.
    package convenience init<Element: ExpressibleByArgument>(
        wrappedValue: Value, help: ArgumentHelp, completion: CompletionKind = .values
    ) where Value == [Element] {
        self.init(wrappedValue, .array(), help, completion)
    }

    /// The same, one at least.
    package convenience init<Element: ExpressibleByArgument>(
        help: ArgumentHelp, completion: CompletionKind = .values
    ) where Value == [Element] {
        self.init(nil, .array(), help, completion)
    }

    override var isOperand: Bool { true }
    override var isRepeating: Bool { conversion.isRepeating }
    override var isRequired: Bool { initial == nil }
    override var values: [String] { conversion.values() }
    override func accept(_ text: String) -> Bool {
        conversion.take(text, &value, given.isEmpty)
    }
}

/// From texts to the value of a property.
struct Conversion<Value> {
    var isRepeating = false
    /// Takes a text; the first one of an array takes the place of what it began with.
    let take: (_ text: String, _ value: inout Value?, _ isFirst: Bool) -> Bool
    let describe: (Value) -> String?
    let values: () -> [String]

    /// The value; whoever runs a command has read its command line, which makes sure of it.
    func require(_ value: Value?, _ title: String) -> Value {
        guard let value else { preconditionFailure("\(title) is read before the command line is") }
        return value
    }
}

extension Conversion {
    static func single() -> Conversion where Value: ExpressibleByArgument {
        Conversion(
            take: { text, value, _ in
                guard let new = Value(argument: text) else { return false }
                value = new
                return true
            }, describe: { $0.defaultValueDescription }, values: { Value.allValueStrings })
    }

    static func optional<Wrapped: ExpressibleByArgument>() -> Conversion where Value == Wrapped? {
        Conversion(
            take: { text, value, _ in
                guard let new = Wrapped(argument: text) else { return false }
                value = new
                return true
            }, describe: { $0?.defaultValueDescription }, values: { Wrapped.allValueStrings })
    }

    static func array<Element: ExpressibleByArgument>() -> Conversion where Value == [Element] {
        Conversion(
            isRepeating: true,
            take: { text, value, isFirst in
                guard let new = Element(argument: text) else { return false }
                value = (isFirst ? [] : value ?? []) + [new]
                return true
            },
            describe: {
                $0.isEmpty ? nil : $0.map(\.defaultValueDescription).joined(separator: " ")
            }, values: { Element.allValueStrings })
    }
}

/// `--quiet`: an option without a value.
@propertyWrapper
package final class Flag<Value>: Declaration {
    private let initial: Value
    private var value: Value
    private let change: (_ value: inout Value, _ isOn: Bool) -> Void
    private let describe: (Value) -> String?
    private let isInvertible: Bool
    private let counts: Bool

    /// Whether, or how often, it was given.
    package var wrappedValue: Value {
        get { value }
        set { value = newValue }
    }

    private init(
        _ initial: Value, _ name: NameSpecification, _ help: ArgumentHelp,
        isInvertible: Bool = false, counts: Bool = false,
        describe: @escaping (Value) -> String?,
        change: @escaping (_ value: inout Value, _ isOn: Bool) -> Void
    ) {
        self.initial = initial
        value = initial
        self.change = change
        self.describe = describe
        self.isInvertible = isInvertible
        self.counts = counts
        super.init(name, help, .values)
    }

    /// On where it is given.
    package convenience init(
        wrappedValue: Bool, name: NameSpecification = .long, help: ArgumentHelp
    ) where Value == Bool {
        self.init(wrappedValue, name, help, describe: { "\($0)" }) { $0 = $1 }
    }

    /// `--name` and `--no-name`; the last one counts.
    package convenience init(
        wrappedValue: Bool, name: NameSpecification = .long, inversion: FlagInversion,
        help: ArgumentHelp
    ) where Value == Bool {
        self.init(wrappedValue, name, help, isInvertible: true, describe: { "\($0)" }) { $0 = $1 }
    }

    /// The same where saying neither means something else.
    package convenience init(
        wrappedValue: Bool? = nil, name: NameSpecification = .long, inversion: FlagInversion,
        help: ArgumentHelp
    ) where Value == Bool? {
        self.init(
            wrappedValue, name, help, isInvertible: true, describe: { $0.map { "\($0)" } }
        ) { $0 = $1 }
    }

    /// How often it is given.
    package convenience init(name: NameSpecification = .long, help: ArgumentHelp)
    where Value == Int {
        self.init(0, name, help, counts: true, describe: { "\($0 > 0)" }) { value, isOn in
            if isOn { value += 1 }
        }
    }

    override var takesValue: Bool { false }
    override var isRepeating: Bool { counts }
    override var builtIn: String? { describe(initial) }
    override var longNames: [String] {
        let names = super.longNames
        return isInvertible ? names + names.map { "no-\($0)" } : names
    }
    override func accept(_ text: String) -> Bool {
        let isOff = isInvertible && super.longNames.contains { text == "no-\($0)" }
        change(&value, !isOff)
        return true
    }
}

/// The declarations of another type, as if they stood here.
@propertyWrapper
package final class OptionGroup<Value>: Declaration {
    private let arguments: any ParsableArguments
    /// The group.
    package let wrappedValue: Value

    package init() where Value: ParsableArguments {
        let value = Value()
        wrappedValue = value
        arguments = value
        super.init(.none, "", .values)
    }
    override var group: (any ParsableArguments)? { arguments }
}

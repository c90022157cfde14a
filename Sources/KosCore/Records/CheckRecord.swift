/// One thing that the toolkit needs of this host: how it stands, and the cure.
package struct CheckRecord: Record, Hashable {
    package enum State: String, Sendable, CaseIterable {
        /// As it should be.
        case good
        /// Something can do without it, something else cannot.
        case limited
        /// Broken: what depends on it fails.
        case bad
    }
    package var timestamp: Timestamp
    /// What was looked at: `identity`, `clock`, `mdns`, …
    package var name: String
    package var state: State
    /// What was found, for people.
    package var found: String
    package var hint: String?

    package init(
        timestamp: Timestamp, name: String, state: State, found: String, hint: String? = nil
    ) {
        self.timestamp = timestamp
        self.name = name
        self.state = state
        self.found = found
        self.hint = hint
    }

    package static let type: StaticString = "check"
    package static let fields: [Field] = [
        .required("timestamp", .time),
        .required("name", .string, "what was looked at: identity, clock, capture, mdns, …"),
        .required("state", .oneOf(State.allCases.map(\.rawValue))),
        .required("found", .string, "how it stands, for people"),
        .optional("hint", .string, "the cure"),
    ]

    package func write(to writer: inout JSONWriter) {
        writer.beginRecord(CheckRecord.type)
        writer.field("timestamp", timestamp)
        writer.field("name", name)
        writer.field("state", state.rawValue)
        writer.field("found", found)
        writer.optional("hint", hint)
        writer.endRecord()
    }
}

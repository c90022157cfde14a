/// What an adapter could not do, in the words in which a tool tells it: status 3 of the manual's
/// exit codes, one line on stderr, and the same token in the error record.
package protocol AdapterFailure: Error {
    /// Stable camelCase token.
    var code: String { get }
    /// What and where.
    var message: String { get }
    /// The cure, where one is known.
    var hint: String? { get }
}

extension AdapterFailure {
    package var hint: String? { nil }
}

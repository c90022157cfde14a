/// A protocol's logic: a value that is told what happened and says what to do.
///
/// Drive it so: wait for an input or for `nextDeadline`; call `handle` or `advance` once, with the
/// current time; act on everything appended to `outputs`; repeat. Time never goes back.
/// Bad input from a peer is an output, never an exit from the loop.
package protocol Engine<Input, Output>: Sendable {
    associatedtype Input: Sendable
    associatedtype Output: Sendable
    /// When `advance` is next due; nil while nothing is timed.
    var nextDeadline: Instant? { get }
    mutating func handle(_ input: Input, at now: Instant, into outputs: inout [Output])
    mutating func advance(to now: Instant, into outputs: inout [Output])
}

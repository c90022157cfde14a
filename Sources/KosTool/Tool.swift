/// A tool, or one verb of a tool: options that were parsed, and what to do with them.
///
/// `run` writes records to `io.output`, says the rest by throwing `ToolFailure`, and answers with
/// the exit status. It never prints, never exits, never reads a clock but through `SystemClock`.
package protocol Tool: ParsableCommand {
    var common: CommonOptions { get }
    /// What `-f` may name; the tool draws what is beyond `OutputFormat.all` itself (`io.format`).
    static var formats: [String] { get }
    mutating func run(_ io: ToolIO) throws -> ExitStatus
}

extension Tool {
    package var tool: (any Tool)? { self }
    package static var formats: [String] { OutputFormat.all }
}

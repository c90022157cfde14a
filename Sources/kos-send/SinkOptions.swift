import KosCore
import KosTool

/// The other end, in the same tool.
struct SinkOptions: ParsableArguments {
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Listen, and print the packets that come (-c: so many) until told to stop.",
            valueName: "uri"))
    var listen: [String] = []

    @Flag(help: "With --listen or -T URI: send back what comes, octet for octet.")
    var echo = false

    mutating func validate() throws {
        for text in listen where Endpoint(text) == nil {
            throw ValidationError("--listen '\(text)' is no URI of a transport")
        }
    }

    var isAsked: Bool { echo || !listen.isEmpty }
}

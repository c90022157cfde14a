import KosCore
import KosNet
import KosTool

/// Which running relay is meant.
struct ControlOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Control socket; none for no socket.", valueName: "path"))
    var socket: String?

    /// The socket's path; nil when there is to be none.
    func path(_ io: ToolIO) throws -> String? {
        if socket == "none" { return nil }
        if let socket { return socket }
        return try io.directories.file("relay.sock", in: .runtime)
    }

    /// Asks the running relay; its records go to the output as they are.
    func ask(_ word: String, _ io: ToolIO) throws -> ExitStatus {
        guard let path = try path(io) else {
            throw ToolFailure.usage("--socket none names no relay to ask")
        }
        let answer: [UInt8]
        do throws(ControlSocket.Failure) {
            answer = try ControlSocket.ask(word, at: path)
        } catch {
            io.errors.say(error.message)
            return .no
        }
        var reader = NDJSONReader()
        reader.append(answer.span)
        while case .line(_, let range) = reader.next() {
            try io.output.draw(Array(reader.buffer[range]))
        }
        return .yes
    }
}

struct Status: Tool {
    static let configuration = CommandConfiguration(
        abstract: "Metrics of the running relay: the whole, then each connection.")
    @OptionGroup var common: CommonOptions
    @OptionGroup var control: ControlOptions
    mutating func run(_ io: ToolIO) throws -> ExitStatus { try control.ask("status", io) }
}

struct Stop: Tool {
    static let configuration = CommandConfiguration(abstract: "End the running relay.")
    @OptionGroup var common: CommonOptions
    @OptionGroup var control: ControlOptions
    mutating func run(_ io: ToolIO) throws -> ExitStatus { try control.ask("stop", io) }
}

struct Reload: Tool {
    static let configuration = CommandConfiguration(
        abstract: "Let the running relay open its output anew and read its configuration again.")
    @OptionGroup var common: CommonOptions
    @OptionGroup var control: ControlOptions
    mutating func run(_ io: ToolIO) throws -> ExitStatus { try control.ask("reload", io) }
}

struct Who: Tool {
    static let configuration = CommandConfiguration(
        abstract: "The nodes that the running relay knows to be in the mesh.")
    @OptionGroup var common: CommonOptions
    @OptionGroup var control: ControlOptions
    mutating func run(_ io: ToolIO) throws -> ExitStatus { try control.ask("who", io) }
}

struct Ban: Tool {
    static let configuration = CommandConfiguration(
        abstract: "Let the running relay refuse a node until its lists are read again.")
    @OptionGroup var common: CommonOptions
    @OptionGroup var control: ControlOptions
    @Argument(help: ArgumentHelp("Id or name of the node.", valueName: "node"))
    var node: String
    mutating func run(_ io: ToolIO) throws -> ExitStatus {
        guard NodeID(node) != nil, !node.contains(" ") else {
            throw ToolFailure.usage("'\(node)' is no node's id or name")
        }
        return try control.ask("ban \(node)", io)
    }
}

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
        guard let answer = try answer(to: word, io) else { return .no }
        try ControlOptions.each(answer) { try io.output.draw($0) }
        return .yes
    }

    /// The lines of an answer.
    static func each(_ answer: [UInt8], _ body: ([UInt8]) throws -> Void) rethrows {
        var reader = NDJSONReader()
        reader.append(answer.span)
        while case .line(_, let range) = reader.next() { try body(Array(reader.buffer[range])) }
    }

    /// What the running relay says; nil, and that is said, when none answers.
    func answer(to word: String, _ io: ToolIO) throws -> [UInt8]? {
        guard let path = try path(io) else {
            throw ToolFailure.usage("--socket none names no relay to ask")
        }
        do throws(ControlSocket.Failure) {
            return try ControlSocket.ask(word, at: path)
        } catch {
            io.errors.say(error.message)
            return nil
        }
    }
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

import KosCore
import KosRadio
import KosTool

/// `kos-lora serve`: one radio for many programs.
struct Serve: Tool {
    static let configuration = CommandConfiguration(
        abstract: "Shares the radio through a UNIX socket: records in both directions.",
        discussion: """
            Every client gets what the radio hears; a packet record, or a frame record with a \
            payload, that a client writes is sent, and the client alone gets the sendResult.
            """)

    @Option(
        help: ArgumentHelp(
            "The socket; by default lora.sock in the runtime directory.", valueName: "path"))
    var socket: String?
    @Option(
        help: ArgumentHelp("Also on TCP; anybody who reaches it may send.", valueName: "host:port"))
    var listen: String?
    @Flag(help: "Send on packets for other nodes (managed flooding).")
    var `repeat` = false
    @OptionGroup var radio: RadioOptions
    @OptionGroup var common: CommonOptions

    mutating func run(_ io: ToolIO) throws -> ExitStatus {
        let station = try Station(
            try radio.address(), io: io, waits: true, reconnects: true, forwards: `repeat`)
        let clients = Clients(station)
        try clients.open(socket, listen)
        try station.start()
        defer { station.stop() }
        while !station.isOver {
            // Readers that were slow are tried again at least ten times a second.
            let next = SystemClock.now + .milliseconds(clients.isBehind ? 100 : 1000)
            try station.turn(until: io.deadline.map { min($0, next) } ?? next) { event in
                if let line = clients.take(event) {
                    try io.output.write(octets: line.span)
                }
            }
            clients.flush()
        }
        return .yes
    }
}

/// Who is connected, and who waits for which answer.
private final class Clients {
    private let station: Station
    private var server: RadioServer?
    private var random = SplitMix64(seed: SystemClock.seed)
    private var waiting: [String: (client: RadioServer.Client, destination: String)] = [:]
    private(set) var isBehind = false

    init(_ station: Station) { self.station = station }

    func open(_ socket: String?, _ tcp: String?) throws {
        let server = RadioServer(station.loop) { [weak self] client, line in
            self?.obey(client, line)
        }
        self.server = server
        do {
            try server.listen(path: try socket ?? Clients.usualSocket())
            if let tcp {
                guard let mark = tcp.lastIndex(of: ":"),
                    let port = UInt16(tcp[tcp.index(after: mark)...]), mark > tcp.startIndex
                else { throw LoRaFailure.usage("address", tcp, "HOST:PORT") }
                try server.listen(host: String(tcp[..<mark]), port: port)
                station.io.errors.say("anybody who reaches \(tcp) may send through this radio")
            }
        } catch let error as RadioError {
            throw Station.failure(error.code.rawValue, error.message, error.errno)
        }
    }

    private static func usualSocket() throws -> String {
        guard let directory = RadioDirectories.runtime, RadioDirectories.make(directory) else {
            throw ToolFailure(
                .failure, code: "noRuntimeDirectory", "there is no directory for the socket",
                hint: "give --socket")
        }
        return directory + "/lora.sock"
    }

    func flush() { server?.flushAll() }

    /// Makes the line that an event is, gives it to whom it concerns, and hands back what all get.
    func take(_ event: LoRaStation.Event) -> [UInt8]? {
        let line: [UInt8]
        switch event {
        case .foreign(let frame): line = station.record(of: frame).line
        case .packet(let packet, let frame): line = station.record(of: packet, frame).line
        case .ready: line = station.record(.ready).line
        case .lost(let reason, _): line = station.record(.lost, reason: reason).line
        case .finished(let id, let frames):
            answer(id, frames, nil)
            return nil
        case .failed(let id, let code, let message, let frames):
            answer(id, frames, (code, message))
            return nil
        case .heard, .note, .status, .waits: return nil
        }
        server?.write(line)
        return line
    }

    private func obey(_ client: RadioServer.Client, _ line: borrowing Span<UInt8>) {
        do {
            let fields = try RecordFields(parsing: line)
            let type = try RecordHead(line).type
            if type == "packet" {
                let packet = try Packet(fields)
                waiting[packet.id] = (client, packet.destination)
                station.radio.send(packet)
            } else if type == "frame", let octets = fields.any("payload")?.octets {
                let id = PacketID(at: SystemClock.timestamp, using: &random).description
                waiting[id] = (client, Packet.broadcast)
                station.radio.send(raw: octets, name: id)
            } else {
                throw RecordError(.badRecord, "neither a packet nor a frame with a payload")
            }
        } catch let error as RecordError {
            let record = ErrorRecord(
                timestamp: SystemClock.timestamp, tool: "kos-lora", code: error.code.rawValue,
                message: error.message)
            server?.write(record.line, to: client)
        } catch {
            return
        }
    }

    private func answer(_ id: String, _ frames: Int, _ failure: (String, String)?) {
        guard let (client, destination) = waiting.removeValue(forKey: id) else { return }
        var result = SendResultRecord(
            timestamp: SystemClock.timestamp, success: failure == nil, packetId: id,
            destination: destination, bytesSent: 0, attempts: frames)
        if let failure {
            result.errorCode = failure.0
            result.error = failure.1
        } else {
            result.status = "sent"
        }
        server?.write(result.line, to: client)
    }
}

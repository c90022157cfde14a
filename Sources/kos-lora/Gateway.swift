import KosCore
import KosCrypto
import KosNet
import KosRadio
import KosTool

/// `kos-lora gateway`: the modem as a LoRaWAN gateway of a network server.
struct Gateway: Tool {
    static let configuration = CommandConfiguration(
        abstract: "Reports what the modem hears to a network server, and sends what it orders.",
        discussion: """
            Speaks the Semtech UDP protocol, as packet forwarders do. The modem has one channel and \
            one spreading factor: orders for others are refused (TX_FREQ). LoRaWAN has the sync \
            word 0x34.
            """)

    @Option(help: ArgumentHelp("The server; port 1700 if not said.", valueName: "host:port"))
    var server: String
    @Option(
        help: ArgumentHelp(
            "The gateway's EUI, 16 hexadecimal digits; made of this user's key if not said.",
            valueName: "eui"))
    var eui: String?
    @OptionGroup var radio: RadioOptions
    @OptionGroup var identity: IdentityOptions
    @OptionGroup var common: CommonOptions

    mutating func run(_ io: ToolIO) throws -> ExitStatus {
        let address = try radio.address()
        let station = try Station(address, io: io, reconnects: true)
        // Packets are the server's: nothing is answered here.
        station.radio.opensPackets = false
        let (host, port) = try place()
        let uplink: GatewayUplink
        do {
            uplink = try GatewayUplink(
                host: host, port: port, eui: try number(), settings: address.settings,
                seed: SystemClock.seed, now: { SystemClock.now })
        } catch let error as RadioError {
            throw Station.failure(error.code.rawValue, error.message, error.errno)
        }
        try station.start()
        defer { station.stop() }
        uplink.start(on: station.loop)
        let orders = Orders(station, uplink)
        while !station.isOver {
            let limit = [io.deadline, uplink.nextDeadline].compactMap { $0 }.min()
            try station.turn(until: limit) { try orders.take($0) }
            for event in uplink.take() { try orders.take(event) }
        }
        return .yes
    }

    private func place() throws -> (String, UInt16) {
        guard let mark = server.lastIndex(of: ":") else { return (server, 1700) }
        guard let port = UInt16(server[server.index(after: mark)...]), mark > server.startIndex
        else { throw LoRaFailure.usage("server", server, "HOST or HOST:PORT") }
        return (String(server[..<mark]), port)
    }

    private func number() throws -> UInt64 {
        if let eui {
            guard eui.count == 16, let number = UInt64(eui, radix: 16) else {
                throw LoRaFailure.usage("eui", eui, "16 hexadecimal digits")
            }
            return number
        }
        let octets = ShortID.octets(of: try identity.node()) ?? []
        return octets.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}

/// Orders of the server that are on their way, and records of all that passes.
private final class Orders {
    private let station: Station
    private let uplink: GatewayUplink
    private var waiting: [String: (order: UInt16, octets: Int)] = [:]

    init(_ station: Station, _ uplink: GatewayUplink) {
        self.station = station
        self.uplink = uplink
    }

    func take(_ event: LoRaStation.Event) throws {
        switch event {
        case .heard(let frame):
            uplink.heard(frame)
            try station.io.output.write(station.record(of: frame))
        case .finished(let name, _): try end(name, nil, nil)
        case .failed(let name, let code, let message, _): try end(name, code, message)
        case .ready: try station.io.output.write(station.record(.ready))
        case .lost(let reason, _):
            try station.io.output.write(station.record(.lost, reason: reason))
        case .note, .status, .foreign, .packet, .waits: break
        }
    }

    func take(_ event: GatewayUplink.Event) throws {
        switch event {
        case .connected: station.io.errors.note("the server answers")
        case .silent: station.io.errors.say("the server has stopped to answer")
        case .refused(let order, let reason): try tell(order, 0, reason, "order refused: \(reason)")
        case .transmit(let order, let payload):
            let name = "order \(order)"
            waiting[name] = (order, payload.count)
            station.radio.send(raw: payload, name: name)
        }
    }

    private func end(_ name: String, _ code: String?, _ message: String?) throws {
        guard let (order, octets) = waiting.removeValue(forKey: name) else { return }
        // The protocol has no word for a law or a modem that forbids; this one is the nearest.
        uplink.done(order, refusal: code == nil ? nil : "TX_FREQ")
        try tell(order, octets, code, message)
    }

    private func tell(_ order: UInt16, _ octets: Int, _ code: String?, _ message: String?) throws {
        var result = SendResultRecord(
            timestamp: SystemClock.timestamp, success: code == nil, packetId: "order \(order)",
            destination: Packet.broadcast, bytesSent: code == nil ? octets : 0, attempts: 1)
        result.errorCode = code
        result.error = message
        if code == nil { result.status = "sent" }
        try station.io.output.write(result)
    }
}

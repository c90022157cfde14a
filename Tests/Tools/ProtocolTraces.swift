// Runs AODV, OLSR and DSR in a mobile network with faults and writes what crossed the air:
// `NAME.pcap` and beside it `NAME.txt`, a line a message as our codecs read it back.
// Compiled against the release build by test_protocols.py; argument: the folder to write to.
import Glibc
import KosCore
import KosSimulation

@main struct ProtocolTraces {
    static func main() {
        let folder = CommandLine.arguments[1]
        var scenario = Scenario.random(
            30, width: 900, height: 400, range: 220,
            mobility: .randomWaypoint(slowest: 1, fastest: 20, pause: .zero), seed: 3)
        scenario.duration = .seconds(40)
        scenario.radio.hasCollisions = true
        for node in 0..<6 {
            scenario.flows.append(
                .init(
                    from: node, to: 29 - node, start: .zero + .seconds(5),
                    stop: .zero + .seconds(38), every: .milliseconds(250)))
        }
        scenario.faults = [
            .init(at: .zero + .seconds(15), .crash(7)),
            .init(at: .zero + .seconds(25), .restart(7)),
        ]
        aodv(scenario, folder)
        olsr(scenario, folder)
        dsr(scenario, folder)
    }

    static func aodv(_ scenario: Scenario, _ folder: String) {
        var trace = PcapTrace(port: AODVMessage.port)
        var text = ""
        var simulation = RadioSimulation(scenario) { address, seed, now in
            var settings = AODVSettings()
            settings.gratuitousReplies = true
            settings.acknowledgesReplies = true
            return AODV(address: address, settings: settings, seed: seed, at: now)
        }
        simulation.run(tap: { time, frame in
            trace.append(frame, at: time)
            guard frame.datagram.content == .control else { return }
            text += (try? AODVMessage(frame.datagram.payload.span)).map(line) ?? "unreadable"
            text += "\n"
        })
        save(trace.octets, folder + "/aodv.pcap")
        save(Array(text.utf8), folder + "/aodv.txt")
    }

    static func line(_ message: AODVMessage) -> String {
        switch message {
        case .request(let it):
            "1 \(it.hopCount) \(it.id) \(it.destination) \(it.destinationSequence) \(it.originator) "
                + "\(it.originatorSequence)"
        case .reply(let it):
            "2 \(it.hopCount) \(it.destination) \(it.destinationSequence) \(it.originator) "
                + "\(it.lifetimeMilliseconds)"
        case .error(let it):
            "3 "
                + it.unreachable.map { "\($0.destination)/\($0.sequence)" }.joined(separator: ",")
        case .acknowledgement: "4"
        }
    }

    static func olsr(_ scenario: Scenario, _ folder: String) {
        var trace = PcapTrace(port: OLSRPacket.port)
        var text = ""
        var simulation = RadioSimulation(scenario) { address, seed, now in
            var settings = OLSRSettings()
            settings.networks = [
                .init(RouterAddress(192, 168, 1, 0), mask: RouterAddress(255, 255, 255, 0))
            ]
            return OLSR(address: address, settings: settings, seed: seed, at: now)
        }
        simulation.run(tap: { time, frame in
            trace.append(frame, at: time)
            guard frame.datagram.content == .control else { return }
            guard let packet = try? OLSRPacket(frame.datagram.payload.span) else {
                text += "unreadable\n"
                return
            }
            let types = packet.messages.map { String($0.type) }.joined(separator: ",")
            let originators = packet.messages.map(\.originator.description).joined(separator: ",")
            let numbers = packet.messages.map { String($0.sequence) }.joined(separator: ",")
            let hops = packet.messages.map { String($0.hopCount) }.joined(separator: ",")
            text += "\(packet.sequence) \(types) \(originators) \(numbers) \(hops)\n"
        })
        save(trace.octets, folder + "/olsr.pcap")
        save(Array(text.utf8), folder + "/olsr.txt")
    }

    static func dsr(_ scenario: Scenario, _ folder: String) {
        var trace = PcapTrace(port: 9)
        var text = ""
        var simulation = RadioSimulation(scenario) { address, seed, now in
            var settings = DSRSettings()
            settings.confirmation = .network
            return DSR(address: address, settings: settings, seed: seed, at: now)
        }
        simulation.run(tap: { time, frame in
            trace.append(frame, at: time)
            guard frame.datagram.content == .sourceRouted else { return }
            var length = 0
            let header = try? DSRHeader(frame.datagram.payload.span, length: &length)
            let types = header?.options.map { String($0.type) }.joined(separator: ",")
            text += "\(header?.nextHeader ?? 0) \(types ?? "unreadable")\n"
        })
        save(trace.octets, folder + "/dsr.pcap")
        save(Array(text.utf8), folder + "/dsr.txt")
    }

    static func save(_ octets: [UInt8], _ path: String) {
        guard let file = fopen(path, "w") else { return }
        _ = octets.withUnsafeBytes { fwrite($0.baseAddress, 1, octets.count, file) }
        fclose(file)
    }
}

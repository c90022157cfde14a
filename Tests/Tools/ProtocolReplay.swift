// Reads what an ns-3 capture holds, for test_protocols_ns3.py; compiled against the release build.
//   olsr | aodv            octets in hex on standard input, a packet a line; every field that was
//                          read, and whether writing it again gives the same octets
//   replay ADDRESS SECONDS time, sender and octets of what a node received; our engine's table at
//                          the end: destination, next hop, hops
import Glibc
import KosCore

@main struct ProtocolReplay {
    static func main() {
        let arguments = CommandLine.arguments
        switch arguments[1] {
        case "olsr": while let line = readLine() { print(olsr(octets(line))) }
        case "aodv": while let line = readLine() { print(aodv(octets(line))) }
        default: replay(arguments[2], Double(arguments[3]) ?? 0)
        }
    }

    static func octets(_ text: some StringProtocol) -> [UInt8] {
        let digits = text.utf8.compactMap { Character(UnicodeScalar($0)).hexDigitValue }
        return stride(from: 0, to: digits.count - 1, by: 2).map {
            UInt8(digits[$0] * 16 + digits[$0 + 1])
        }
    }

    static func list(_ values: [some CustomStringConvertible]) -> String {
        values.map(\.description).joined(separator: ",")
    }

    static func olsr(_ octets: [UInt8]) -> String {
        guard let packet = try? OLSRPacket(octets.span) else { return "unreadable" }
        let messages = packet.messages
        var intervals: [Double] = []
        var willingness: [UInt8] = []
        var codes: [UInt8] = []
        var addresses: [RouterAddress] = []
        var numbers: [UInt16] = []
        for message in messages {
            switch message.body {
            case .hello(let hello):
                intervals.append(OLSRTime.duration(hello.interval).milliseconds / 1000)
                willingness.append(hello.willingness)
                codes += hello.links.map(\.code)
                addresses += hello.links.flatMap(\.addresses)
            case .topologyControl(let control):
                numbers.append(control.sequence)
                addresses += control.advertised
            default: return "unexpected"
            }
        }
        let columns = [
            "\(octets.count)", "\(packet.sequence)", list(messages.map(\.type)),
            list(messages.map { OLSRTime.duration($0.validity).milliseconds / 1000 }),
            list(messages.map(\.originator)), list(messages.map(\.ttl)),
            list(messages.map(\.hopCount)), list(messages.map(\.sequence)), list(intervals),
            list(willingness), list(codes), list(addresses), list(numbers),
        ]
        return columns.joined(separator: "\t") + (packet.octets == octets ? "\tsame" : "\tother")
    }

    static func aodv(_ octets: [UInt8]) -> String {
        guard let message = try? AODVMessage(octets.span) else { return "unreadable" }
        var columns: [String]
        switch message {
        case .request(let it):
            columns = [
                "1", "\(it.hopCount)", "\(it.id)", "\(it.destination)", "\(it.destinationSequence)",
                "\(it.originator)", "\(it.originatorSequence)", "", "", "",
            ]
        case .reply(let it):
            columns = [
                "2", "\(it.hopCount)", "", "\(it.destination)", "\(it.destinationSequence)",
                "\(it.originator)", "", "\(it.lifetimeMilliseconds)", "", "",
            ]
        case .error(let it):
            columns = [
                "3", "", "", "", list(it.unreachable.map(\.sequence)), "", "", "",
                "\(it.unreachable.count)", list(it.unreachable.map(\.destination)),
            ]
        case .acknowledgement: columns = ["4", "", "", "", "", "", "", "", "", ""]
        }
        columns.append(message.octets == octets ? "same" : "other")
        return columns.joined(separator: "\t")
    }

    static func replay(_ text: String, _ seconds: Double) {
        guard let address = RouterAddress(text) else { return }
        var engine = OLSR(address: address, seed: 1)
        var outputs: [RoutingOutput] = []
        while let line = readLine() {
            let words = line.split(separator: "\t")
            guard words.count == 3, let time = Double(words[0]),
                let sender = RouterAddress(String(words[1]))
            else { continue }
            let now = Instant.zero + .nanoseconds(Int64(time * 1e9))
            let datagram = Datagram(
                from: sender, to: .broadcast, ttl: 1, content: .control, payload: octets(words[2]))
            engine.handle(
                .received(HopFrame(from: sender, to: .broadcast, datagram)), at: now,
                into: &outputs)
            outputs = []
        }
        let end = Instant.zero + .nanoseconds(Int64(seconds * 1e9))
        engine.advance(to: end, into: &outputs)
        for route in engine.table(at: end) {
            print("\(route.destination) \(route.nextHop) \(route.hops)")
        }
    }
}

import KosCore
import Testing

/// Records as lines: what is written is what the schema says, and is read back.
struct RecordTests {
    private static let time = Timestamp(milliseconds: 1_795_337_400_412)
    private static let node = NodeID("alpha")

    private static var samples: [any Record] {
        guard let node else { return [] }
        var metadata = PeerRecord.Metadata(discoveryMethod: .mdns, lastSeen: time)
        metadata.firstSeen = time
        metadata.ttlMs = 120_000
        metadata.rttMs = 1.5
        metadata.rssiDbm = -71
        metadata.name = "Kitchen"
        metadata.methods = ["mdns", "gossip"]
        metadata.txt = ["v": .string("1")]
        metadata.signed = true
        metadata.isSelf = false
        var peer = PeerRecord(
            nodeId: node,
            addresses: [
                PeerAddress(type: .udp, address: "10.0.0.1", port: 47470, interface: "eth0")
            ],
            capabilities: ["relay"], metadata: metadata)
        peer.timestamp = time
        peer.event = .left
        peer.reason = .goodbye
        var link = LinkRecord(
            source: node, destination: node, transport: .ws, latency: 4, reliability: 0.99)
        link.bandwidth = 1e8
        link.isBidirectional = true
        link.observations = 412
        link.event = .up
        link.timestamp = time
        let hop = RouteHop(
            address: "udp://10.0.0.1:1", transport: .udp, latency: 6, reliability: 0.97,
            nodeId: node)
        var route = RouteRecord(
            hops: [hop], latency: 6, reliability: 0.97, bandwidth: nil, cost: 6, score: 0.9,
            algorithm: "dijkstra", confidence: 1)
        route.source = node
        route.destination = node
        var random = SplitMix64(seed: 1)
        let packet = Packet(
            id: PacketID(at: time, using: &random), timestamp: time, source: node,
            destination: "bravo", payload: .object(["cmd": .string("status")]))
        var result = SendResultRecord(
            timestamp: time, success: false, packetId: packet.id, destination: "bravo")
        result.route = route
        result.error = "no acknowledgement"
        result.errorCode = "ackTimeout"
        var trips = RoundTrips()
        trips.add(12.3)
        return [
            peer, link, route, PacketRecord(packet), result,
            MetricsRecord(timestamp: time, nodeId: node),
            RelayEventRecord(
                timestamp: time, event: .dropped, packetId: packet.id, from: "stdin", to: nil,
                reason: "duplicate", hops: 1, ttl: 7),
            MethodRecord(timestamp: time, name: .mdns, isAvailable: false, reason: "r", hint: "h"),
            CheckRecord(timestamp: time, name: "clock", state: .limited, found: "f", hint: "h"),
            ProbeRecord(timestamp: time, destination: "b", seq: 1, rttMs: nil, error: "timeout"),
            HopRecord(
                timestamp: time, destination: "b", hop: 1, nodeId: nil, address: nil, sent: 3,
                received: 2, rttMs: trips),
            SummaryRecord(timestamp: time, tool: "kos-send", counters: ["sent": .number(5)]),
            ErrorRecord(
                timestamp: time, tool: "kos-route", code: "noRoute", message: "m", hint: "h",
                line: 3, ref: "r", errno: 2),
            LogRecord(timestamp: time, tool: "kos-relay", level: "info", message: "m"),
            SettingRecord(tool: "kos-route", name: "timeout", value: nil, origin: "built-in"),
        ]
    }

    @Test func everySampleIsOneLineOfItsSchema() throws {
        #expect(RecordTests.samples.count == 15)
        for record in RecordTests.samples {
            let line = record.line
            let type = type(of: record).type.description
            #expect(line.last == 0x0A)
            #expect(!line.dropLast().contains(0x0A))
            let object = try JSONObject(parsing: Array(line.dropLast()).span)
            #expect(object.members.prefix(2).map(\.name) == ["type", "kos"], "\(type)")
            #expect(object["type"]?.string == type)
            let fields = Swift.type(of: record).fields
            let known = fields.map(\.name)
            let written = object.members.dropFirst(2).map(\.name)
            if type != "summary" {
                #expect(written.filter { !known.contains($0) } == [], "\(type)")
                #expect(known.filter { written.contains($0) } == written, "\(type): order")
            }
            for field in fields where field.isRequired {
                #expect(written.contains(field.name), "\(type).\(field.name)")
            }
            #expect(RecordTypes.named(type) != nil, "\(type) is not registered")
        }
    }

    @Test func readBack() throws {
        for record in RecordTests.samples {
            let line = Array(record.line.dropLast())
            let fields = try RecordFields(parsing: line.span)
            switch record {
            case let peer as PeerRecord: #expect(try PeerRecord(fields) == peer)
            case let link as LinkRecord: #expect(try LinkRecord(fields) == link)
            case let route as RouteRecord: #expect(try RouteRecord(fields) == route)
            default: continue
            }
        }
    }

    @Test(
        arguments: [
            ("{\"nodeId\":\"a\",\"addresses\":[]}", "peer"),
            ("{\"hops\":[],\"algorithm\":\"x\"}", "route"),
            ("{\"source\":\"a\",\"destination\":\"b\",\"payload\":1}", "packet"),
            ("{\"packetId\":\"a\",\"success\":true}", "sendResult"),
            ("{\"kos\":1,\"type\":\"link\"}", "link"), ("{\"hello\":1}", nil),
            ("{\"type\":7}", nil),
        ] as [(String, String?)])
    func headsTellTheType(_ line: String, _ type: String?) throws {
        #expect(try RecordHead(Array(line.utf8).span).type == type)
    }

    @Test func headsTellNoJSONFromNoObject() {
        for (line, hint) in [("zzz", "jq -c ."), ("[1]", "jq -c .[]"), ("[1", "jq -c .")] {
            do throws(RecordError) {
                _ = try RecordHead(Array(line.utf8).span)
                Issue.record("\(line) was accepted")
            } catch {
                #expect(error.code == .notJSON)
                #expect(error.hint.contains("'\(hint)'"), "\(line): \(error.hint)")
            }
        }
    }

    @Test func membersAreToldByName() throws {
        for (line, word) in [
            ("{\"source\":\"a\"}", "destination"),
            ("{\"source\":\"\",\"destination\":\"b\"}", "source"),
            (
                "{\"source\":\"a\",\"destination\":\"b\",\"transport\":\"udp\",\"latency\":-1}",
                "latency"
            ),
            (
                "{\"source\":\"a\",\"destination\":\"b\",\"transport\":\"carrier\"}", "transport"
            ),
        ] {
            do throws(RecordError) {
                _ = try LinkRecord(try RecordFields(parsing: Array(line.utf8).span))
                Issue.record("\(line) was accepted")
            } catch {
                #expect(error.code == .badRecord)
                #expect(error.message.contains(word), "\(error.message)")
            }
        }
    }

    @Test func octetsAreTextOrBase64() {
        #expect(JSONValue(octets: Array("é".utf8)) == .string("é"))
        let binary: [UInt8] = [0xFF, 0x00, 0x10]
        #expect(JSONValue(octets: binary).text == "{\"base64\":\"/wAQ\"}")
        #expect(JSONValue(octets: binary).octets == binary)
    }
}

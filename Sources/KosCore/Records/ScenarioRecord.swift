/// A network to be simulated: who stands and moves where, who hears whom, who sends, what breaks.
package struct ScenarioRecord: Record, Hashable {
    package enum Mobility: String, Hashable, Sendable, CaseIterable { case fixed, waypoint, grid }
    package enum Placement: String, Hashable, Sendable, CaseIterable { case random, grid }
    package enum Fault: String, Hashable, Sendable, CaseIterable { case crash, restart, cut, join }

    package struct Place: Hashable, Sendable {
        package var nodeId: NodeID
        package var x, y: Double
    }
    package struct Flow: Hashable, Sendable {
        package var source, destination: NodeID
        package var startMs: Double
        package var stopMs: Double?
        package var intervalMs: Double
        package var bytes: Int
    }
    package struct TimedFault: Hashable, Sendable {
        package var atMs: Double
        package var fault: Fault
        package var node: NodeID
        package var other: NodeID?
    }

    package static let maxNodes = 20_000
    package static let maxDurationMs = 86_400_000.0

    package var name: String?
    package var seed: Int?
    package var durationMs: Double?
    package var nodes: Int?
    package var placement = Placement.random
    package var places: [Place] = []
    package var width = 1000.0
    package var height = 1000.0
    package var range = 250.0
    package var mobility = Mobility.fixed
    package var minSpeed = 1.0
    package var maxSpeed = 20.0
    package var pauseMs = 0.0
    package var street = 100.0
    package var collisions = false
    package var captureRatio: Double?
    package var loss = 0.0
    package var bitsPerSecond: Double?
    package var traffic: Int?
    package var flows: [Flow] = []
    package var faults: [TimedFault] = []

    package init() {}

    package static let type: StaticString = "scenario"
    package static let fields: [Field] = [
        .optional("name", .string),
        .optional("seed", .integer(min: 0), "1 when absent"),
        .optional("durationMs", .number(min: 0), "60000 when absent"),
        .optional("nodes", .integer(min: 0), "so many nodes n0 n1 …, placed by the seed"),
        .optional("placement", .oneOf(Placement.allCases.map(\.rawValue)), "of these nodes"),
        .optional(
            "places",
            .array(
                .object([
                    .required("nodeId", .nodeID), .required("x", .number()),
                    .required("y", .number()),
                ])), "nodes with a place of their own, m"),
        .optional("width", .number(min: 1), "m, 1000 when absent"),
        .optional("height", .number(min: 1), "m, 1000 when absent"),
        .optional("range", .number(min: 0), "m that a frame reaches, 250 when absent"),
        .optional(
            "mobility", .oneOf(Mobility.allCases.map(\.rawValue)),
            "random waypoint, or along a grid of streets"),
        .optional("minSpeed", .number(min: 0), "m/s, 1 when absent"),
        .optional("maxSpeed", .number(min: 0), "m/s, 20 when absent"),
        .optional("pauseMs", .number(min: 0), "at each waypoint"),
        .optional("street", .number(min: 1), "m between two streets, 100 when absent"),
        .optional("collisions", .boolean, "802.11 radios contend, collide and retry, with ARP"),
        .optional("captureRatio", .number(min: 1), "a frame so much stronger survives"),
        .optional("loss", .ratio, "of receptions"),
        .optional("bitsPerSecond", .number(min: 1), "2000000 when absent"),
        .optional("traffic", .integer(min: 0), "flows between nodes that the seed names"),
        .optional(
            "flows",
            .array(
                .object([
                    .required("source", .nodeID), .required("destination", .nodeID),
                    .optional("startMs", .number(min: 0)), .optional("stopMs", .number(min: 0)),
                    .optional("intervalMs", .number(min: 1), "250 when absent"),
                    .optional("bytes", .integer(min: 0, max: 1400), "64 when absent"),
                ]))),
        .optional(
            "faults",
            .array(
                .object([
                    .required("atMs", .number(min: 0)),
                    .required("fault", .oneOf(Fault.allCases.map(\.rawValue))),
                    .required("node", .nodeID),
                    .optional("other", .nodeID, "the other end of a link cut or joined"),
                ]))),
    ]

    package init(_ fields: RecordFields) throws(RecordError) {
        let most = ScenarioRecord.maxDurationMs
        name = try fields.optionalString("name")
        seed = try fields.optionalInteger("seed", in: 0...9_007_199_254_740_991)
        durationMs = try fields.optionalNumber("durationMs", in: 0...most)
        nodes = try fields.optionalInteger("nodes", in: 0...ScenarioRecord.maxNodes)
        placement = try fields.optionalCase("placement", of: Placement.self) ?? .random
        for place in try fields.objects("places") {
            places.append(
                Place(
                    nodeId: try place.nodeID("nodeId"), x: try place.number("x", in: -1e7...1e7),
                    y: try place.number("y", in: -1e7...1e7)))
        }
        width = try fields.optionalNumber("width", in: 1...1e7) ?? 1000
        height = try fields.optionalNumber("height", in: 1...1e7) ?? 1000
        range = try fields.optionalNumber("range", in: 0...1e7) ?? 250
        mobility = try fields.optionalCase("mobility", of: Mobility.self) ?? .fixed
        minSpeed = try fields.optionalNumber("minSpeed", in: 0...1e5) ?? 1
        maxSpeed = try fields.optionalNumber("maxSpeed", in: 0...1e5) ?? max(20, minSpeed)
        guard minSpeed <= maxSpeed else { throw .member("minSpeed", "is over maxSpeed") }
        pauseMs = try fields.optionalNumber("pauseMs", in: 0...most) ?? 0
        street = try fields.optionalNumber("street", in: 1...1e7) ?? 100
        collisions = try fields.optionalBoolean("collisions") ?? false
        captureRatio = try fields.optionalNumber("captureRatio", in: 1...1e12)
        loss = try fields.optionalNumber("loss", in: 0...1) ?? 0
        bitsPerSecond = try fields.optionalNumber("bitsPerSecond", in: 1...1e12)
        traffic = try fields.optionalInteger("traffic", in: 0...10_000)
        for flow in try fields.objects("flows") { flows.append(try Flow(flow)) }
        for fault in try fields.objects("faults") { faults.append(try TimedFault(fault)) }
        guard places.count <= ScenarioRecord.maxNodes, flows.count <= 10_000,
            faults.count <= 100_000
        else { throw .member("scenario", "names more than can be simulated") }
    }

    package func write(to writer: inout JSONWriter) {
        writer.beginRecord(ScenarioRecord.type)
        writer.optional("name", name)
        writer.optional("seed", seed)
        writer.optional("durationMs", durationMs)
        writer.optional("nodes", nodes)
        writer.field("placement", placement.rawValue)
        writer.name("places")
        writer.beginArray()
        for place in places {
            writer.beginObject()
            writer.field("nodeId", place.nodeId)
            writer.field("x", place.x)
            writer.field("y", place.y)
            writer.endObject()
        }
        writer.endArray()
        writer.field("width", width)
        writer.field("height", height)
        writer.field("range", range)
        writer.field("mobility", mobility.rawValue)
        writer.field("minSpeed", minSpeed)
        writer.field("maxSpeed", maxSpeed)
        writer.field("pauseMs", pauseMs)
        writer.field("street", street)
        writer.field("collisions", collisions)
        writer.optional("captureRatio", captureRatio)
        writer.field("loss", loss)
        writer.optional("bitsPerSecond", bitsPerSecond)
        writer.optional("traffic", traffic)
        writer.name("flows")
        writer.beginArray()
        for flow in flows { flow.write(to: &writer) }
        writer.endArray()
        writer.name("faults")
        writer.beginArray()
        for fault in faults { fault.write(to: &writer) }
        writer.endArray()
        writer.endRecord()
    }
}

extension ScenarioRecord.Flow {
    fileprivate init(_ fields: RecordFields) throws(RecordError) {
        let most = ScenarioRecord.maxDurationMs
        source = try fields.nodeID("source")
        destination = try fields.nodeID("destination")
        startMs = try fields.optionalNumber("startMs", in: 0...most) ?? 0
        stopMs = try fields.optionalNumber("stopMs", in: 0...most)
        intervalMs = try fields.optionalNumber("intervalMs", in: 1...most) ?? 250
        bytes = try fields.optionalInteger("bytes", in: 0...1400) ?? 64
    }

    fileprivate func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("source", source)
        writer.field("destination", destination)
        writer.field("startMs", startMs)
        writer.optional("stopMs", stopMs)
        writer.field("intervalMs", intervalMs)
        writer.field("bytes", bytes)
        writer.endObject()
    }
}

extension ScenarioRecord.TimedFault {
    fileprivate init(_ fields: RecordFields) throws(RecordError) {
        atMs = try fields.number("atMs", in: 0...ScenarioRecord.maxDurationMs)
        fault = try fields.oneCase("fault", of: ScenarioRecord.Fault.self)
        node = try fields.nodeID("node")
        other = try fields.optionalNodeID("other")
        guard other != nil || fault == .crash || fault == .restart else {
            throw .member("other", "is missing: a link has two ends")
        }
    }

    fileprivate func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("atMs", atMs)
        writer.field("fault", fault.rawValue)
        writer.field("node", node)
        writer.optional("other", other)
        writer.endObject()
    }
}

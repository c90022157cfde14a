package import KosCore

/// Folds a capture into its figures: the seed's KPIs over the whole, by flow, node, link, interval.
package struct Report: Sendable {
    package static let maxIntervals = 1_000_000
    package static let maxAddresses = 65_536
    package static let maxQueries = 65_536

    /// What went from or to one address.
    struct Station: Sendable {
        var packets = 0
        var bytes = 0
        var firstSeen = Int64.max
        var lastSeen = Int64.min
    }
    struct Slice: Sendable {
        var packets = 0
        var bytes = 0
    }
    struct Query: Hashable, Sendable {
        let client: FrameAddress
        let port: UInt16
        let id: UInt16
    }

    package let scopes: Set<ReportRecord.Scope>
    package let interval: Duration
    package internal(set) var packets = 0
    package internal(set) var bytes = 0
    package internal(set) var firstSeen: Int64?
    package internal(set) var lastSeen: Int64?
    package internal(set) var mesh = MeshView()
    package internal(set) var flows = FlowTable()
    private(set) var stations: [FrameAddress: Station] = [:]
    private(set) var slices: [Int64: Slice] = [:]
    package internal(set) var protocols = [UInt32](
        repeating: 0, count: FrameProtocol.allCases.count)
    var discovery = RouteDiscovery()
    private var streams = StreamTable()
    private var text = PacketText()
    private var none = JSONWriter()
    private var queries: [Query: Int64] = [:]
    package internal(set) var queryCount = 0
    package internal(set) var answerTime = Histogram()

    package init(scopes: Set<ReportRecord.Scope>, interval: Duration = .seconds(60)) {
        self.scopes = scopes
        self.interval = interval
    }

    /// Counts one frame; `evict` is handed what can be said already of flows that had to make room.
    package mutating func add(
        _ frame: CapturedFrame, _ bytes: borrowing Span<UInt8>, evict: ([ReportRecord]) -> Void
    ) {
        packets += 1
        self.bytes += frame.lengthBytes
        protocols[Int(frame.protocols.last.rawValue)] &+= 1
        if let time = frame.time {
            firstSeen = min(firstSeen ?? time, time)
            lastSeen = max(lastSeen ?? time, time)
            if scopes.contains(.interval) { addSlice(frame, time) }
        }
        flows.add(frame) { gone in
            if scopes.contains(.flow) { evict(gone.map { Report.record($0, isEvicted: true) }) }
        }
        if scopes.contains(.node) {
            addStation(frame.source, frame)
            addStation(frame.destination, frame)
        }
        if frame.protocols.last == .dns { addQuery(frame, bytes) }
        discovery.add(frame, bytes)
        addPackets(frame, bytes)
    }

    private mutating func addPackets(_ frame: CapturedFrame, _ bytes: borrowing Span<UInt8>) {
        var found: [CarriedPacket] = []
        streams.read(frame, bytes) { found.append($0) }
        for packet in found {
            guard
                let head = text.read(
                    packet, of: frame, interface: [], into: &none, mayWrite: false)
            else { continue }
            mesh.add(head, HopSighting(frame, packet.transport), packet.octets.span)
        }
    }

    private mutating func addSlice(_ frame: CapturedFrame, _ time: Int64) {
        let place = time / max(1, interval.nanoseconds)
        guard slices.count < Report.maxIntervals || slices[place] != nil else { return }
        slices[place, default: Slice()].packets += 1
        slices[place, default: Slice()].bytes += frame.lengthBytes
    }

    private mutating func addStation(_ address: FrameAddress, _ frame: CapturedFrame) {
        guard address.kind != .none, !address.isGroup,
            stations.count < Report.maxAddresses || stations[address] != nil
        else { return }
        let time = frame.time
        var station = stations[address] ?? Station()
        station.packets += 1
        station.bytes += frame.lengthBytes
        if let time {
            station.firstSeen = min(station.firstSeen, time)
            station.lastSeen = max(station.lastSeen, time)
        }
        stations[address] = station
    }

    /// Pairs a question with the first answer of its id and port (RFC 1035 §4.1.1).
    private mutating func addQuery(_ frame: CapturedFrame, _ bytes: borrowing Span<UInt8>) {
        guard frame.transport == .udp, frame.payload.count >= 12, let time = frame.time else {
            return
        }
        let id = bytes.be16(frame.payloadStart)
        if bytes.octet(frame.payloadStart + 2) & 0x80 == 0 {
            queryCount += 1
            if queries.count >= Report.maxQueries { queries.removeAll() }
            let query = Query(client: frame.source, port: frame.sourcePort, id: id)
            if queries[query] == nil { queries[query] = time }
        } else {
            let query = Query(client: frame.destination, port: frame.destinationPort, id: id)
            guard let asked = queries.removeValue(forKey: query) else { return }
            answerTime.add(time - asked)
        }
    }

    package var durationMs: Double {
        guard let firstSeen, let lastSeen else { return 0 }
        return Histogram.round(Double(lastSeen - firstSeen))
    }
}

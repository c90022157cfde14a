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
        var presence = Presence()
        var gaps = SequenceGaps()
    }
    struct Slice: Sendable {
        var packets = 0
        var bytes = 0
        /// Links of the mesh that were used.
        var links: Set<MeshView.Pair> = []
    }
    struct Query: Hashable, Sendable {
        let client: FrameAddress
        let port: UInt16
        let id: UInt16
    }

    package let scopes: Set<ReportRecord.Scope>
    // Asked for every frame.
    private let wantsFlows: Bool
    private let wantsNodes: Bool
    private let wantsIntervals: Bool
    package let interval: Duration
    package internal(set) var packets = 0
    package internal(set) var bytes = 0
    package internal(set) var firstSeen: Int64?
    package internal(set) var lastSeen: Int64?
    package internal(set) var mesh = MeshView()
    package internal(set) var flows = FlowTable()
    private(set) var stations: [FrameAddress: Station] = [:]
    private(set) var slices: [Int64: Slice] = [:]
    private var sliceLinks = 0
    /// Up to when `liveRecords` has told of flows.
    var told = Int64.min
    package internal(set) var protocols = [UInt32](
        repeating: 0, count: FrameProtocol.allCases.count)
    var discovery = RouteDiscovery()
    private(set) var finder: PacketFinder
    private var queries: [Query: Int64] = [:]
    package internal(set) var queryCount = 0
    package internal(set) var answerTime = Histogram()

    package init(
        scopes: Set<ReportRecord.Scope>, interval: Duration = .seconds(60),
        keys: CaptureKeys? = nil
    ) {
        self.scopes = scopes
        wantsFlows = scopes.contains(.flow)
        wantsNodes = scopes.contains(.node)
        wantsIntervals = scopes.contains(.interval)
        self.interval = interval
        finder = PacketFinder(keys: keys)
    }

    /// Counts one frame; `evict` is handed what can be said already of flows that had to make room.
    package mutating func add(
        _ frame: CapturedFrame, _ bytes: borrowing Span<UInt8>, evict: (FlowReport) -> Void
    ) {
        packets += 1
        self.bytes += frame.lengthBytes
        protocols[Int(frame.protocols.last.rawValue)] &+= 1
        if let time = frame.time {
            firstSeen = min(firstSeen ?? time, time)
            lastSeen = max(lastSeen ?? time, time)
            if wantsIntervals { addSlice(frame, time) }
        }
        let wantsFlows = self.wantsFlows
        flows.add(frame) { gone in
            if wantsFlows { evict(FlowReport(gone, isEvicted: true)) }
        }
        if wantsNodes {
            addStation(frame.source, frame)
            addStation(frame.destination, frame)
        }
        if frame.protocols.last == .dns { addQuery(frame, bytes) }
        discovery.add(frame, bytes)
        addHello(frame, bytes)
        mesh.addRouting(frame, bytes)
        addPackets(frame, bytes)
    }

    private mutating func addPackets(_ frame: CapturedFrame, _ bytes: borrowing Span<UInt8>) {
        for packet in finder.find(in: frame, bytes) {
            let sighting = HopSighting(frame, packet.transport)
            if let time = frame.time { discovery.add(packet.head, at: time) }
            mesh.add(packet.head, sighting, packet.octets.span)
            guard wantsIntervals, let from = mesh.node(at: sighting.from),
                let to = mesh.node(at: sighting.to), from != to, frame.time != nil
            else { continue }
            let place = sighting.time / max(1, interval.nanoseconds)
            if sliceLinks < Report.maxIntervals,
                slices[place]?.links.insert(MeshView.Pair(source: from, destination: to)).inserted
                    ?? false
            {
                sliceLinks += 1
            }
        }
    }

    /// What routing protocols promise: how often they speak, and that they count what they send.
    private mutating func addHello(_ frame: CapturedFrame, _ bytes: borrowing Span<UInt8>) {
        guard let time = frame.time, frame.malformed == .none else { return }
        var interval: Int64?
        let sequence: UInt16
        switch frame.protocols.last {
        case .olsr:
            // The packet sequence number is its sender's own (RFC 3626 §3.3).
            sequence = bytes.be16(frame.payloadStart + 2)
            interval = OLSRDetails.helloInterval(bytes, frame.payload)
        case .babel:
            guard let hello = BabelDetails.hello(bytes, frame.payload) else { return }
            (sequence, interval) = (hello.sequence, hello.interval)
        default: return
        }
        guard stations[frame.source] != nil || stations.count < Report.maxAddresses else { return }
        stations[frame.source, default: Station()].presence.note(time, interval: interval)
        stations[frame.source]?.gaps.note(sequence)
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
        Report.add(frame, to: &stations[address, default: Station()])
    }

    /// In place: an entry is too large to be taken out and put back for every frame.
    @inline(__always)
    private static func add(_ frame: CapturedFrame, to station: inout Station) {
        station.packets += 1
        station.bytes += frame.lengthBytes
        if let time = frame.time {
            station.firstSeen = min(station.firstSeen, time)
            station.lastSeen = max(station.lastSeen, time)
        }
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

    /// Flows put out early for want of room.
    package var evicted: Int { flows.evicted }

    package var durationMs: Double {
        guard let firstSeen, let lastSeen else { return 0 }
        return Histogram.round(Double(lastSeen - firstSeen))
    }
}

import KosCore
import KosTool

/// Peers between runs: kept at the end of each, asked by bootstrap when nobody is named, listed
/// with `--cached`.
extension Session {
    private static let file = "peers.ndjson"
    /// Earlier peers that bootstrap asks.
    private static let asked = 8

    private func earlier() -> PeerCache {
        guard let path = try? io.directories.file(Session.file, in: .state) else {
            return PeerCache()
        }
        return PeerCache(
            SmallFile.read(path, limit: PeerCache.maxOctets), at: SystemClock.timestamp)
    }

    var earlierEndpoints: [Endpoint] { earlier().endpoints(limit: Session.asked) }

    /// With `--cached`: whoever was there earlier and was not found now.
    func writeEarlier() throws {
        guard options.cached else { return }
        let filter = options.rules(io).filter
        for peer in earlier().records where !found.contains(peer.nodeId) && filter.matches(peer) {
            var record = peer
            record.timestamp = SystemClock.timestamp
            record.event = .found
            try io.output.write(record)
            earlierCount += 1
        }
    }

    /// Adds what was found to the file, which is replaced whole.
    func keepFound() {
        guard found.count > 0 else { return }
        var cache = earlier()
        for record in found.records.reversed() { cache.note(record, at: SystemClock.timestamp) }
        guard let path = try? io.directories.prepared(Session.file, in: .state) else { return }
        if !SmallFile.write(cache.octets, to: path) { io.errors.note("cannot write \(path)") }
    }
}

import KosCore
import KosTool

/// A peer record on standard input.
struct ListedPeer {
    let record: PeerRecord

    var sighting: Sighting {
        var sighting = Sighting(
            source: Sighting.Source(.static, record.nodeId.text), nodeId: record.nodeId,
            addresses: record.addresses, capabilities: record.capabilities, trust: .opaque)
        sighting.name = record.metadata.name
        sighting.txt = record.metadata.txt
        return sighting
    }

    /// Reads standard input to its end: peers are taken, everything else is passed on.
    static func read(_ io: ToolIO) throws -> [ListedPeer] {
        let input = try io.input("-")
        var peers: [ListedPeer] = []
        while true {
            switch try input.next() {
            case .end: return peers
            case .bad(let number, let error): try io.report(error, line: number, of: input)
            case .line(let number, let range):
                do throws(RecordError) {
                    if let peer = try peer(in: input, range) {
                        io.goodLines += 1
                        if peers.count < 4096 { peers.append(ListedPeer(record: peer)) }
                        guard io.common.keep else { continue }
                    }
                } catch {
                    try io.report(error, line: number, of: input)
                    continue
                }
                if !io.common.only { try input.withText(range) { try io.output.pass($0) } }
            }
        }
    }

    private static func peer(in input: RecordInput, _ range: Range<Int>) throws(RecordError)
        -> PeerRecord?
    {
        let octets = input.withText(range) { text in text.indices.map { text[$0] } }
        guard try RecordHead(octets.span).type == "peer" else { return nil }
        return try PeerRecord(RecordFields(parsing: octets.span))
    }
}

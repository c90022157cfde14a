/// Chooses multipoint relays, RFC 3626 §8.3.1: neighbours that together reach every node two hops
/// away.
package struct MultipointRelays: Sendable {
    package struct Neighbour: Hashable, Sendable {
        package let address: RouterAddress
        /// 0 (WILL_NEVER) ... 7 (WILL_ALWAYS).
        package let willingness: UInt8
        /// Its symmetric neighbours, in any order; this node and its own neighbours may be among
        /// them.
        package let reaches: [RouterAddress]

        package init(_ address: RouterAddress, willingness: UInt8, reaches: [RouterAddress]) {
            self.address = address
            self.willingness = willingness
            self.reaches = reaches
        }
    }

    /// The relays of node `own` among its symmetric `neighbours`; `coverage` is MPR_COVERAGE (§16).
    package static func select(
        for own: RouterAddress, among neighbours: [Neighbour], coverage: Int = 1
    ) -> Set<RouterAddress> {
        let near = Set(neighbours.map(\.address)).union([own])
        var relays = Set(neighbours.filter { $0.willingness == 7 }.map(\.address))
        // What each willing neighbour reaches two hops away, without repetition; D(y) is its size.
        let candidates = neighbours.filter { $0.willingness > 0 }.map {
            (node: $0, far: Set($0.reaches).subtracting(near))
        }
        var reachable: [RouterAddress: Int] = [:]
        for candidate in candidates {
            for far in candidate.far { reachable[far, default: 0] += 1 }
        }
        // How often each far node is still to be covered.
        var needs = reachable.mapValues { min($0, max(1, coverage)) }
        func cover(_ far: Set<RouterAddress>) {
            for node in far {
                if let need = needs[node] { needs[node] = need > 1 ? need - 1 : nil }
            }
        }
        for candidate in candidates where relays.contains(candidate.node.address) {
            cover(candidate.far)
        }
        for candidate in candidates where !relays.contains(candidate.node.address) {
            guard candidate.far.contains(where: { reachable[$0] ?? 0 <= max(1, coverage) }) else {
                continue
            }
            relays.insert(candidate.node.address)
            cover(candidate.far)
        }
        while !needs.isEmpty {
            var best: (candidate: Int, key: (UInt8, Int, Int, UInt32))?
            for (number, candidate) in candidates.enumerated()
            where !relays.contains(candidate.node.address) {
                let gain = candidate.far.count { needs[$0] != nil }
                guard gain > 0 else { continue }
                // Ties are broken by the lower address, so that a run can be repeated.
                let key = (
                    candidate.node.willingness, gain, candidate.far.count,
                    ~candidate.node.address.bits
                )
                if best.map({ key > $0.key }) ?? true { best = (number, key) }
            }
            guard let best else { break }
            relays.insert(candidates[best.candidate].node.address)
            cover(candidates[best.candidate].far)
        }
        return relays
    }
}

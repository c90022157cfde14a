/// The best loop-free routes under limits, one after the other (Yen 1971 with Lawler's rule, the
/// exact search in the place of the shortest path): each next route is the best of all that are
/// left.
struct ExactAlternatives {
    private struct Waiting {
        var key: Double
        var path: RoutePath
        /// Index of the first link that differs from the parent's.
        var deviation: Int
    }
    /// The best route that begins with a root and keeps away from what it says, and whether it was
    /// searched for to the end.
    typealias Search = (ExactSearch.Root) -> (path: RoutePath?, isExact: Bool)

    private let topology: Topology
    private let search: Search
    private let key: (RoutePath) -> Double
    private var waiting: [Waiting] = []
    private(set) var found: [RoutePath] = []
    private(set) var isExact = true

    /// `key` is what the routes are ordered by, smaller being better.
    init(_ topology: Topology, search: @escaping Search, key: @escaping (RoutePath) -> Double) {
        self.topology = topology
        self.search = search
        self.key = key
        look(ExactSearch.Root(), deviation: 0)
    }

    /// The next best route; nil when there are no more.
    mutating func next() -> RoutePath? {
        guard
            let best = waiting.indices.min(by: { left, right in
                let (a, b) = (waiting[left], waiting[right])
                if a.key != b.key { return a.key < b.key }
                return a.path.links.count != b.path.links.count
                    ? a.path.links.count < b.path.links.count
                    : a.path.links.lexicographicallyPrecedes(b.path.links)
            })
        else { return nil }
        let taken = waiting.remove(at: best)
        found.append(taken.path)
        vary(taken.path, from: taken.deviation)
        return taken.path
    }

    private mutating func look(_ root: ExactSearch.Root, deviation: Int) {
        let (path, isWhole) = search(root)
        if !isWhole { isExact = false }
        guard let path else { return }
        waiting.append(Waiting(key: key(path), path: path, deviation: deviation))
    }

    /// Looks for the routes that leave `path` at each of its nodes from its deviation on.
    private mutating func vary(_ path: RoutePath, from deviation: Int) {
        var root = ExactSearch.Root()
        for place in path.links.indices {
            let link = path.links[place]
            if place >= deviation {
                root.closed = []
                for other in found
                where other.links.count > place && other.links[..<place] == path.links[..<place] {
                    root.closed.insert(other.links[place])
                }
                look(root, deviation: place)
            }
            root.links.append(link)
            root.blocked.insert(topology.rows[Int(link)].source)
        }
    }
}

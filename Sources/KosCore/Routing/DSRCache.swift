/// The link cache of DSR, RFC 4728 §4.1: every link heard of, and shortest ways over them.
///
/// The ways from one source stand as a tree that follows what is learnt: a new link changes it only
/// where it shortens a way, a lost one only if the tree used it. So a question costs the length of
/// its answer, however full the cache is.
package struct DSRCache: Sendable {
    private struct Link: Sendable {
        let to: Int32
        var until: Instant
    }

    private var numbers: [RouterAddress: Int32] = [:]
    private var names: [RouterAddress] = []
    /// By node: where its links lead, in order of the addresses.
    private var links: [[Link]] = []
    private var stability: [RouterAddress: Duration] = [:]
    package private(set) var count = 0
    private let settings: DSRSettings
    /// No link ends before this time.
    private var earliest = Instant.distantFuture

    /// The tree: its root, nil if there is none, and until when all its links hold.
    private var root: RouterAddress?
    private var treeUntil = Instant.distantFuture
    private var previous: [Int32] = []
    private var distance: [Int32] = []
    private static let far = Int32.max

    package init(settings: DSRSettings) { self.settings = settings }

    /// Learns the links of a way, in both directions: links are taken to work both ways.
    package mutating func learn(_ way: [RouterAddress], at now: Instant) {
        for (first, second) in zip(way, way.dropFirst()) where first != second {
            add(first, second, at: now)
            add(second, first, at: now)
        }
    }

    private mutating func number(_ name: RouterAddress) -> Int32 {
        if let known = numbers[name] { return known }
        let fresh = Int32(truncatingIfNeeded: names.count)
        numbers[name] = fresh
        names.append(name)
        links.append([])
        previous.append(-1)
        distance.append(DSRCache.far)
        return fresh
    }

    private mutating func add(_ from: RouterAddress, _ to: RouterAddress, at now: Instant) {
        let until = now + lifetime(from, to)
        if let (start, place) = find(from, to) {
            let known = links[start][place].until
            links[start][place].until = max(known, until)
            if known <= now {
                shorten(Int32(truncatingIfNeeded: start), links[start][place], at: now)
            }
            return
        }
        if count >= settings.cacheCapacity, earliest <= now { purge(at: now) }
        guard count < settings.cacheCapacity else { return }
        if names.count > 2 * settings.cacheCapacity { purge(at: now) }
        let start = number(from)
        let end = number(to)
        let place = place(of: to, in: links[Int(start)])
        links[Int(start)].insert(Link(to: end, until: until), at: place)
        count += 1
        earliest = min(earliest, until)
        shorten(start, links[Int(start)][place], at: now)
    }

    /// Where the link to `name` stands or would stand.
    private func place(of name: RouterAddress, in list: [Link]) -> Int {
        var low = 0
        var high = list.count
        while low < high {
            let middle = (low + high) / 2
            if names[Int(list[middle].to)] < name { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private func find(_ from: RouterAddress, _ to: RouterAddress) -> (Int, Int)? {
        guard let start = numbers[from], let end = numbers[to] else { return nil }
        let place = place(of: to, in: links[Int(start)])
        guard place < links[Int(start)].count, links[Int(start)][place].to == end else {
            return nil
        }
        return (Int(start), place)
    }

    private func lifetime(_ from: RouterAddress, _ to: RouterAddress) -> Duration {
        guard settings.adaptsLifetimes else { return settings.routeCacheTimeout }
        let ends = [from, to].map { stability[$0] ?? settings.initialStability }
        return max(settings.minLifetime, ends.min() ?? settings.initialStability)
    }

    /// Forgets a link that broke.
    package mutating func remove(_ from: RouterAddress, _ to: RouterAddress) {
        guard let (start, place) = find(from, to) else { return }
        let link = links[start].remove(at: place)
        count -= 1
        if root != nil, Int(previous[Int(link.to)]) == start { root = nil }
        guard settings.adaptsLifetimes else { return }
        for end in [from, to] where stability.count < settings.cacheCapacity {
            let halved = (stability[end] ?? settings.initialStability) / 2
            stability[end] = max(settings.minLifetime, halved)
        }
    }

    /// Forgets links whose time is over, and nodes without links.
    private mutating func purge(at now: Instant) {
        var kept = DSRCache(settings: settings)
        kept.stability = stability
        for (start, list) in links.enumerated() {
            for link in list where link.until > now {
                let from = kept.number(names[start])
                let to = kept.number(names[Int(link.to)])
                // The order of addresses is that of the list we read.
                kept.links[Int(from)].append(Link(to: to, until: link.until))
                kept.count += 1
                kept.earliest = min(kept.earliest, link.until)
            }
        }
        self = kept
    }

    // MARK: ways

    /// The nodes after `source` on a shortest way to `destination`, which is last; nil without one.
    package mutating func path(
        from source: RouterAddress, to destination: RouterAddress, at now: Instant
    ) -> [RouterAddress]? {
        guard let start = numbers[source], let end = numbers[destination], start != end else {
            return nil
        }
        if root != source || treeUntil <= now { grow(from: start, at: now) }
        guard distance[Int(end)] < DSRCache.far else { return nil }
        var path: [RouterAddress] = []
        path.reserveCapacity(Int(distance[Int(end)]))
        var node = end
        while node != start, node >= 0 {
            path.append(names[Int(node)])
            node = previous[Int(node)]
        }
        return path.reversed()
    }

    /// Finds the tree anew, breadth first.
    private mutating func grow(from start: Int32, at now: Instant) {
        root = names[Int(start)]
        treeUntil = .distantFuture
        for node in names.indices {
            previous[node] = -1
            distance[node] = DSRCache.far
        }
        distance[Int(start)] = 0
        spread([start], at: now)
    }

    /// Takes shorter ways over the links of `nodes`, whose distances have changed, and so on.
    private mutating func spread(_ nodes: [Int32], at now: Instant) {
        var waiting = nodes
        var next = 0
        while next < waiting.count {
            let node = Int(waiting[next])
            next += 1
            let hops = distance[node] + 1
            for link in links[node] where link.until > now && distance[Int(link.to)] > hops {
                distance[Int(link.to)] = hops
                previous[Int(link.to)] = Int32(truncatingIfNeeded: node)
                treeUntil = min(treeUntil, link.until)
                waiting.append(link.to)
            }
        }
    }

    /// A link is new: the tree takes it if it leads nearer.
    private mutating func shorten(_ from: Int32, _ link: Link, at now: Instant) {
        guard root != nil, distance[Int(from)] < DSRCache.far,
            distance[Int(link.to)] > distance[Int(from)] + 1
        else { return }
        distance[Int(link.to)] = distance[Int(from)] + 1
        previous[Int(link.to)] = from
        treeUntil = min(treeUntil, link.until)
        spread([link.to], at: now)
    }

    package func hasLink(_ from: RouterAddress, _ to: RouterAddress, at now: Instant) -> Bool {
        find(from, to).map { links[$0.0][$0.1].until > now } ?? false
    }
}

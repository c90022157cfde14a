/// The routing table, RFC 3626 §10 and §12.6, and data on its way.
extension OLSR {
    package func nextHop(to destination: RouterAddress) -> RouterAddress? {
        guard isStale else { return lookUp(destination)?.nextHop }
        var fresh = self
        var ignored: [RoutingOutput] = []
        fresh.reckon(at: .zero, into: &ignored)
        return fresh.lookUp(destination)?.nextHop
    }

    /// Every route, nearest first.
    package mutating func table(at now: Instant) -> [RouteEntry] {
        var ignored: [RoutingOutput] = []
        reckon(at: now, into: &ignored)
        return routes.values.sorted { ($0.hops, $0.destination) < ($1.hops, $1.destination) }
    }

    /// The best way to each network that gateways tell of, §12.6.
    package func networkRoutes() -> [OLSRMessage.Network: RouteEntry] {
        var best: [OLSRMessage.Network: RouteEntry] = [:]
        for key in gateways.keys {
            guard let route = routes[key.gateway] else { continue }
            if let known = best[key.network],
                (known.hops, known.destination) <= (route.hops, route.destination)
            {
                continue
            }
            best[key.network] = route
        }
        return best
    }

    private func lookUp(_ destination: RouterAddress) -> RouteEntry? {
        if let route = routes[destination] ?? routes[main(destination)] { return route }
        var best: (length: Int, hops: Int, route: RouteEntry)?
        for (key, _) in gateways
        where destination.bits & key.network.mask.bits == key.network.address.bits {
            guard let route = routes[key.gateway] else { continue }
            let length = key.network.mask.bits.nonzeroBitCount
            // The longest prefix; of equal ones the nearest gateway, then the lowest address.
            if let known = best,
                (-known.length, known.hops, known.route.destination.bits)
                    <= (-length, route.hops, route.destination.bits)
            {
                continue
            }
            best = (length, route.hops, route)
        }
        return best?.route
    }

    /// Reckons the table anew if anything has changed.
    mutating func reckon(at now: Instant, into outputs: inout [RoutingOutput]) {
        guard isStale else { return }
        isStale = false
        let before = routes
        routes = shortestRoutes()
        guard settings.reportsRoutes else { return }
        for (destination, route) in routes.sorted(by: { $0.key < $1.key })
        where before[destination] != route { outputs.append(.install(route)) }
        for destination in before.keys.sorted() where routes[destination] == nil {
            outputs.append(.withdraw(destination))
        }
    }

    private func shortestRoutes() -> [RouterAddress: RouteEntry] {
        var found: [RouterAddress: RouteEntry] = [:]
        var layer: [RouteEntry] = []
        for (node, neighbour) in neighbours.sorted(by: { $0.key < $1.key })
        where neighbour.isSymmetric {
            let route = RouteEntry(to: node, by: interface(of: node), hops: 1)
            found[node] = route
            layer.append(route)
        }
        var second: [RouteEntry] = []
        for near in layer {
            guard let neighbour = neighbours[near.destination],
                neighbour.willingness > OLSRWillingness.never
            else { continue }
            for far in neighbour.reaches.keys.sorted()
            where found[far] == nil && !interfaces.contains(far) {
                let route = RouteEntry(to: far, by: near.nextHop, hops: 2)
                found[far] = route
                second.append(route)
            }
        }
        layer = second
        var hops = 2
        while !layer.isEmpty {
            hops += 1
            var next: [RouteEntry] = []
            for last in layer {
                guard let known = topology[last.destination] else { continue }
                let isWhole = known.latest.count == known.destinations.count
                for destination in isWhole ? known.latest : known.destinations.keys.sorted() {
                    let node = main(destination)
                    guard found[node] == nil, !interfaces.contains(node) else { continue }
                    let route = RouteEntry(to: node, by: last.nextHop, hops: hops)
                    found[node] = route
                    next.append(route)
                }
            }
            layer = next
        }
        for (interface, known) in mainAddress where found[interface] == nil {
            guard let route = found[known.main], !interfaces.contains(interface) else { continue }
            found[interface] = RouteEntry(to: interface, by: route.nextHop, hops: route.hops)
        }
        return found
    }

    /// An interface of a neighbour to which a link is symmetric.
    private func interface(of node: RouterAddress) -> RouterAddress {
        if links[node] != nil { return node }
        return links.keys.filter { main($0) == node }.min() ?? node
    }

    // MARK: data

    mutating func pass(
        _ datagram: Datagram, isOwn: Bool, at now: Instant, into outputs: inout [RoutingOutput]
    ) {
        guard !interfaces.contains(datagram.destination) else {
            outputs.append(.deliver(datagram))
            return
        }
        guard isOwn || !interfaces.contains(datagram.source) else { return }
        var onward = datagram
        if !isOwn {
            guard datagram.ttl > 1 else {
                outputs.append(.dropped(datagram, .ttlExceeded))
                return
            }
            onward.ttl -= 1
        }
        reckon(at: now, into: &outputs)
        guard let route = lookUp(datagram.destination) else {
            outputs.append(.dropped(datagram, .noRoute))
            return
        }
        let interface =
            links[route.nextHop]?.first { $0.isSymmetric(at: now) }
            .flatMap { interfaces.firstIndex(of: $0.local) } ?? 0
        outputs.append(
            .transmit(
                HopFrame(
                    from: interfaces[interface], to: route.nextHop, interface: interface, onward)))
    }
}

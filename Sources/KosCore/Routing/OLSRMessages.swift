/// A packet of OLSR, RFC 3626 §3.3: messages that share one UDP datagram on port 698.
package struct OLSRPacket: Hashable, Sendable {
    package static let port: UInt16 = 698

    package var sequence: UInt16
    package var messages: [OLSRMessage]

    package init(sequence: UInt16, messages: [OLSRMessage]) {
        self.sequence = sequence
        self.messages = messages
    }
}

/// One message with its header, §3.3.2.
package struct OLSRMessage: Hashable, Sendable {
    /// How long the content holds, as its code; see `OLSRTime`.
    package var validity: UInt8
    package var originator: RouterAddress
    package var ttl: UInt8
    package var hopCount: UInt8
    package var sequence: UInt16
    package var body: Body

    package init(
        validity: UInt8, originator: RouterAddress, ttl: UInt8, hopCount: UInt8 = 0,
        sequence: UInt16,
        body: Body
    ) {
        self.validity = validity
        self.originator = originator
        self.ttl = ttl
        self.hopCount = hopCount
        self.sequence = sequence
        self.body = body
    }

    package enum Body: Hashable, Sendable {
        case hello(Hello)
        case topologyControl(TopologyControl)
        /// MID, §5.1: the originator's other interfaces.
        case interfaces([RouterAddress])
        /// HNA, §12.1: networks behind the originator.
        case networks([Network])
        /// A type that is not ours to read, forwarded all the same.
        case unknown(type: UInt8, [UInt8])
    }

    /// §6.1.
    package struct Hello: Hashable, Sendable {
        /// The sender's emission interval, as its code.
        package var interval: UInt8
        package var willingness: UInt8
        package var links: [LinkGroup]

        package init(interval: UInt8, willingness: UInt8, links: [LinkGroup]) {
            self.interval = interval
            self.willingness = willingness
            self.links = links
        }
    }

    /// Neighbour interfaces that share a link code, §6.1.1.
    package struct LinkGroup: Hashable, Sendable {
        package var neighbour: NeighbourType
        package var link: LinkType
        package var addresses: [RouterAddress]

        package init(_ neighbour: NeighbourType, _ link: LinkType, _ addresses: [RouterAddress]) {
            self.neighbour = neighbour
            self.link = link
            self.addresses = addresses
        }

        package var code: UInt8 { neighbour.rawValue << 2 | link.rawValue }
    }

    package enum NeighbourType: UInt8, Sendable {
        case notNeighbour = 0
        case symmetric = 1
        case multipointRelay = 2
    }

    package enum LinkType: UInt8, Sendable {
        case unspecified = 0
        case asymmetric = 1
        case symmetric = 2
        case lost = 3
    }

    /// TC, §9.1.
    package struct TopologyControl: Hashable, Sendable {
        package var sequence: UInt16
        package var advertised: [RouterAddress]

        package init(sequence: UInt16, advertised: [RouterAddress]) {
            self.sequence = sequence
            self.advertised = advertised
        }
    }

    package struct Network: Hashable, Sendable {
        package var address: RouterAddress
        package var mask: RouterAddress

        package init(_ address: RouterAddress, mask: RouterAddress) {
            self.address = address
            self.mask = mask
        }
    }

    package var type: UInt8 {
        switch body {
        case .hello: Code.hello
        case .topologyControl: Code.topologyControl
        case .interfaces: Code.interfaces
        case .networks: Code.networks
        case .unknown(let type, _): type
        }
    }

    fileprivate enum Code {
        static let hello: UInt8 = 1
        static let topologyControl: UInt8 = 2
        static let interfaces: UInt8 = 3
        static let networks: UInt8 = 4
    }
}

/// Times as one octet, §18.3: C × (1 + a/16) × 2^b with C = 1/16 s, a above, b below.
package enum OLSRTime {
    /// C/16 in nanoseconds.
    private static let unit: Int64 = 3_906_250

    package static func duration(_ code: UInt8) -> Duration {
        .nanoseconds((16 + Int64(code >> 4)) << Int64(code & 15) * unit)
    }

    /// The smallest code that is not shorter than `duration`; the largest there is if none is.
    package static func code(_ duration: Duration) -> UInt8 {
        let wanted = duration.nanoseconds
        for exponent in 0..<16 as Range<Int64> {
            let step = unit << exponent
            guard wanted <= 31 * step else { continue }
            let mantissa = max(0, (wanted + step - 1) / step - 16)
            return UInt8(truncatingIfNeeded: mantissa << 4 | exponent)
        }
        return 0xFF
    }
}

extension OLSRPacket {
    /// Reads the payload of one datagram. A message with a false size spoils the packet; a link
    /// code that is excluded only spoils its own group.
    package init(_ octets: Span<UInt8>) throws(RoutingError) {
        // §3.3: a packet without a message is discarded.
        guard octets.count >= 16 else { throw .truncated }
        guard Int(octets.field16(at: 0)) == octets.count else { throw .wrongLength }
        sequence = octets.field16(at: 2)
        messages = []
        var offset = 4
        while offset < octets.count {
            guard offset + 12 <= octets.count else { throw .truncated }
            let size = Int(octets.field16(at: offset + 2))
            guard size >= 12, offset + size <= octets.count else { throw .wrongLength }
            messages.append(try OLSRMessage(octets, in: offset..<offset + size))
            offset += size
        }
    }

    package var octets: [UInt8] {
        var octets: [UInt8] = []
        octets.reserveCapacity(64)
        octets.append16(0)
        octets.append16(sequence)
        for message in messages { message.write(to: &octets) }
        octets.put16(UInt16(truncatingIfNeeded: octets.count), at: 0)
        return octets
    }
}

extension OLSRMessage {
    /// Reads the message that fills `range`.
    package init(_ octets: Span<UInt8>, in range: Range<Int>) throws(RoutingError) {
        let start = range.lowerBound
        guard range.count >= 12, range.upperBound <= octets.count else { throw .truncated }
        validity = octets[start + 1]
        originator = octets.address(at: start + 4)
        ttl = octets[start + 8]
        hopCount = octets[start + 9]
        sequence = octets.field16(at: start + 10)
        body = try OLSRMessage.body(octets, type: octets[start], in: start + 12..<range.upperBound)
    }

    private static func body(_ octets: Span<UInt8>, type: UInt8, in range: Range<Int>)
        throws(RoutingError) -> Body
    {
        switch type {
        case Code.hello: return .hello(try Hello(octets, in: range))
        case Code.topologyControl:
            guard range.count >= 4 else { throw .truncated }
            guard range.count % 4 == 0 else { throw .wrongLength }
            return .topologyControl(
                TopologyControl(
                    sequence: octets.field16(at: range.lowerBound),
                    advertised: octets.addresses(in: range.lowerBound + 4..<range.upperBound)))
        case Code.interfaces:
            guard range.count % 4 == 0 else { throw .wrongLength }
            return .interfaces(octets.addresses(in: range))
        case Code.networks:
            guard range.count % 8 == 0 else { throw .wrongLength }
            let flat = octets.addresses(in: range)
            return .networks(
                stride(from: 0, to: flat.count, by: 2).map { Network(flat[$0], mask: flat[$0 + 1]) }
            )
        default: return .unknown(type: type, octets.octets(in: range))
        }
    }

    package func write(to octets: inout [UInt8]) {
        let start = octets.count
        octets.append(type)
        octets.append(validity)
        octets.append16(0)
        octets.append(originator)
        octets.append(ttl)
        octets.append(hopCount)
        octets.append16(sequence)
        switch body {
        case .hello(let hello): hello.write(to: &octets)
        case .topologyControl(let control):
            octets.append16(control.sequence)
            octets.append16(0)
            for address in control.advertised { octets.append(address) }
        case .interfaces(let addresses):
            for address in addresses { octets.append(address) }
        case .networks(let networks):
            for network in networks {
                octets.append(network.address)
                octets.append(network.mask)
            }
        case .unknown(_, let content): octets.append(contentsOf: content)
        }
        octets.put16(UInt16(truncatingIfNeeded: octets.count - start), at: start + 2)
    }
}

extension OLSRMessage.Hello {
    fileprivate init(_ octets: Span<UInt8>, in range: Range<Int>) throws(RoutingError) {
        guard range.count >= 4 else { throw .truncated }
        interval = octets[range.lowerBound + 2]
        willingness = octets[range.lowerBound + 3]
        links = []
        var offset = range.lowerBound + 4
        while offset < range.upperBound {
            guard offset + 4 <= range.upperBound else { throw .truncated }
            let size = Int(octets.field16(at: offset + 2))
            guard size >= 4, size % 4 == 0, offset + size <= range.upperBound else {
                throw .wrongLength
            }
            let code = octets[offset]
            // §6.1.1: codes above 15, and a symmetric link to what is no neighbour, are discarded.
            if code < 16, let neighbour = OLSRMessage.NeighbourType(rawValue: code >> 2),
                let link = OLSRMessage.LinkType(rawValue: code & 3),
                !(neighbour == .notNeighbour && link == .symmetric)
            {
                let addresses = octets.addresses(in: offset + 4..<offset + size)
                links.append(OLSRMessage.LinkGroup(neighbour, link, addresses))
            }
            offset += size
        }
    }

    fileprivate func write(to octets: inout [UInt8]) {
        octets.append16(0)
        octets.append(interval)
        octets.append(willingness)
        for group in links {
            octets.append(group.code)
            octets.append(0)
            octets.append16(UInt16(truncatingIfNeeded: 4 + 4 * group.addresses.count))
            for address in group.addresses { octets.append(address) }
        }
    }
}

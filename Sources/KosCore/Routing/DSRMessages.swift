/// The options header of DSR, RFC 4728 §6: IP protocol 48, between the IP header and what it
/// carries.
package struct DSRHeader: Hashable, Sendable {
    package static let protocolNumber: UInt8 = 48
    /// The next header of a packet that carries options only.
    package static let noNextHeader: UInt8 = 59

    package var nextHeader: UInt8
    package var options: [DSROption]

    package init(nextHeader: UInt8 = DSRHeader.noNextHeader, options: [DSROption]) {
        self.nextHeader = nextHeader
        self.options = options
    }
}

package enum DSROption: Hashable, Sendable {
    case request(Request)
    case reply(Reply)
    case error(Failure)
    case acknowledgementRequest(id: UInt16)
    case acknowledgement(Acknowledgement)
    case sourceRoute(SourceRoute)
    /// An option that this node does not know; what to do with it stands in its type, §6.1.
    case unknown(type: UInt8, [UInt8])

    /// §6.2: looks for `target`; `route` is the way so far, without the initiator.
    package struct Request: Hashable, Sendable {
        package var id: UInt16
        package var target: RouterAddress
        package var route: [RouterAddress]

        package init(id: UInt16, target: RouterAddress, route: [RouterAddress] = []) {
            self.id = id
            self.target = target
            self.route = route
        }
    }

    /// §6.3: the way from the initiator, which is not in it, to the target, which is last.
    package struct Reply: Hashable, Sendable {
        package var isLastHopExternal = false
        package var route: [RouterAddress]

        package init(route: [RouterAddress]) { self.route = route }
    }

    /// §6.4.
    package struct Failure: Hashable, Sendable {
        package enum Reason: Hashable, Sendable {
            case nodeUnreachable(RouterAddress)
            case flowStateNotSupported
            case optionNotSupported(UInt8)
            case other(type: UInt8, [UInt8])
        }
        package var reason: Reason
        /// 0 ... 15.
        package var salvage: UInt8
        package var source: RouterAddress
        package var destination: RouterAddress

        package init(
            _ reason: Reason, salvage: UInt8 = 0, source: RouterAddress, destination: RouterAddress
        ) {
            self.reason = reason
            self.salvage = salvage
            self.source = source
            self.destination = destination
        }
    }

    /// §6.6.
    package struct Acknowledgement: Hashable, Sendable {
        package var id: UInt16
        package var source: RouterAddress
        package var destination: RouterAddress

        package init(id: UInt16, source: RouterAddress, destination: RouterAddress) {
            self.id = id
            self.source = source
            self.destination = destination
        }
    }

    /// §6.7: the nodes between the ends.
    package struct SourceRoute: Hashable, Sendable {
        package var isFirstHopExternal = false
        package var isLastHopExternal = false
        /// 0 ... 15.
        package var salvage: UInt8 = 0
        /// 0 ... 63.
        package var segmentsLeft: UInt8
        package var route: [RouterAddress]

        package init(route: [RouterAddress], segmentsLeft: UInt8? = nil, salvage: UInt8 = 0) {
            self.route = route
            self.segmentsLeft = segmentsLeft ?? UInt8(truncatingIfNeeded: min(63, route.count))
            self.salvage = salvage
        }
    }

    package var type: UInt8 {
        switch self {
        case .request: Code.request
        case .reply: Code.reply
        case .error: Code.error
        case .acknowledgementRequest: Code.acknowledgementRequest
        case .acknowledgement: Code.acknowledgement
        case .sourceRoute: Code.sourceRoute
        case .unknown(let type, _): type
        }
    }

    fileprivate enum Code {
        static let padN: UInt8 = 0
        static let request: UInt8 = 1
        static let reply: UInt8 = 2
        static let error: UInt8 = 3
        static let acknowledgement: UInt8 = 32
        static let sourceRoute: UInt8 = 96
        static let acknowledgementRequest: UInt8 = 160
        static let pad1: UInt8 = 224
    }

    /// What a node does with an option that it does not know: the middle bits of the type, §6.1.
    package enum Treatment: UInt8, Sendable {
        case ignore = 0
        case remove = 1
        case mark = 2
        case drop = 3
    }

    package static func treatment(of type: UInt8) -> Treatment {
        Treatment(rawValue: type >> 5 & 3) ?? .drop
    }

    /// Whether the sender of an unknown option of `type` is to be told.
    package static func wantsError(_ type: UInt8) -> Bool { type & 0x80 != 0 }
}

extension DSRHeader {
    /// Reads the header in front of a datagram's content and says how long it is.
    package init(_ octets: Span<UInt8>, length: inout Int) throws(RoutingError) {
        guard octets.count >= 4 else { throw .truncated }
        // §7: with the first bit set it is a flow state header, which we do not speak.
        guard octets[1] & 0x80 == 0 else { throw .unsupportedOption(0x80) }
        let end = 4 + Int(octets.field16(at: 2))
        guard end <= octets.count else { throw .truncated }
        nextHeader = octets[0]
        options = []
        var offset = 4
        while offset < end {
            guard octets[offset] != DSROption.Code.pad1 else {
                offset += 1
                continue
            }
            guard offset + 2 <= end else { throw .truncated }
            let next = offset + 2 + Int(octets[offset + 1])
            guard next <= end else { throw .truncated }
            if octets[offset] != DSROption.Code.padN {
                options.append(
                    try DSROption(octets, type: octets[offset], in: offset + 2..<next))
            }
            offset = next
        }
        length = end
    }

    package var octets: [UInt8] {
        var octets: [UInt8] = []
        octets.reserveCapacity(32)
        octets.append(nextHeader)
        octets.append(0)
        octets.append16(0)
        for option in options { option.write(to: &octets) }
        // §6.1: a multiple of four in front of a payload.
        if nextHeader != DSRHeader.noNextHeader {
            let padding = (4 - octets.count % 4) % 4
            if padding == 1 {
                octets.append(DSROption.Code.pad1)
            } else if padding > 1 {
                octets.append(DSROption.Code.padN)
                octets.append(UInt8(padding - 2))
                for _ in 2..<padding { octets.append(0) }
            }
        }
        octets.put16(UInt16(truncatingIfNeeded: octets.count - 4), at: 2)
        return octets
    }
}

extension DSROption {
    fileprivate init(_ octets: Span<UInt8>, type: UInt8, in range: Range<Int>) throws(RoutingError)
    {
        let start = range.lowerBound
        switch type {
        case Code.request:
            guard range.count >= 6, range.count % 4 == 2 else { throw .wrongLength }
            self = .request(
                Request(
                    id: octets.field16(at: start), target: octets.address(at: start + 2),
                    route: octets.addresses(in: start + 6..<range.upperBound)))
        case Code.reply:
            guard range.count >= 5, range.count % 4 == 1 else { throw .wrongLength }
            var reply = Reply(route: octets.addresses(in: start + 1..<range.upperBound))
            reply.isLastHopExternal = octets[start] & 0x80 != 0
            self = .reply(reply)
        case Code.error: self = .error(try Failure(octets, in: range))
        case Code.acknowledgementRequest:
            guard range.count == 2 else { throw .wrongLength }
            self = .acknowledgementRequest(id: octets.field16(at: start))
        case Code.acknowledgement:
            guard range.count == 10 else { throw .wrongLength }
            self = .acknowledgement(
                Acknowledgement(
                    id: octets.field16(at: start), source: octets.address(at: start + 2),
                    destination: octets.address(at: start + 6)))
        case Code.sourceRoute:
            guard range.count >= 2, range.count % 4 == 2 else { throw .wrongLength }
            let bits = octets.field16(at: start)
            var route = SourceRoute(
                route: octets.addresses(in: start + 2..<range.upperBound),
                segmentsLeft: UInt8(bits & 0x3F), salvage: UInt8(bits >> 6 & 0xF))
            route.isFirstHopExternal = bits & 0x8000 != 0
            route.isLastHopExternal = bits & 0x4000 != 0
            self = .sourceRoute(route)
        default: self = .unknown(type: type, octets.octets(in: range))
        }
    }

    fileprivate func write(to octets: inout [UInt8]) {
        octets.append(type)
        let start = octets.count
        octets.append(0)
        switch self {
        case .request(let request):
            octets.append16(request.id)
            octets.append(request.target)
            for address in request.route.prefix(62) { octets.append(address) }
        case .reply(let reply):
            octets.append(reply.isLastHopExternal ? 0x80 : 0)
            for address in reply.route.prefix(63) { octets.append(address) }
        case .error(let failure): failure.write(to: &octets)
        case .acknowledgementRequest(let id): octets.append16(id)
        case .acknowledgement(let acknowledgement):
            octets.append16(acknowledgement.id)
            octets.append(acknowledgement.source)
            octets.append(acknowledgement.destination)
        case .sourceRoute(let route):
            octets.append16(
                (route.isFirstHopExternal ? 0x8000 : 0) | (route.isLastHopExternal ? 0x4000 : 0)
                    | UInt16(route.salvage & 0xF) << 6 | UInt16(route.segmentsLeft & 0x3F))
            for address in route.route.prefix(63) { octets.append(address) }
        case .unknown(_, let data): octets.append(contentsOf: data.prefix(255))
        }
        octets[start] = UInt8(truncatingIfNeeded: octets.count - start - 1)
    }
}

extension DSROption.Failure {
    fileprivate init(_ octets: Span<UInt8>, in range: Range<Int>) throws(RoutingError) {
        let start = range.lowerBound
        guard range.count >= 10 else { throw .wrongLength }
        let specific = start + 10..<range.upperBound
        switch octets[start] {
        case 1:
            guard specific.count == 4 else { throw .wrongLength }
            reason = .nodeUnreachable(octets.address(at: specific.lowerBound))
        case 2:
            guard specific.isEmpty else { throw .wrongLength }
            reason = .flowStateNotSupported
        case 3:
            guard specific.count == 1 else { throw .wrongLength }
            reason = .optionNotSupported(octets[specific.lowerBound])
        default: reason = .other(type: octets[start], octets.octets(in: specific))
        }
        salvage = octets[start + 1] & 0xF
        source = octets.address(at: start + 2)
        destination = octets.address(at: start + 6)
    }

    fileprivate func write(to octets: inout [UInt8]) {
        switch reason {
        case .nodeUnreachable: octets.append(1)
        case .flowStateNotSupported: octets.append(2)
        case .optionNotSupported: octets.append(3)
        case .other(let type, _): octets.append(type)
        }
        octets.append(salvage & 0xF)
        octets.append(source)
        octets.append(destination)
        switch reason {
        case .nodeUnreachable(let address): octets.append(address)
        case .flowStateNotSupported: break
        case .optionNotSupported(let type): octets.append(type)
        case .other(_, let data): octets.append(contentsOf: data.prefix(245))
        }
    }
}

/// The messages of AODV, RFC 3561 §5, as carried by UDP port 654.
package enum AODVMessage: Hashable, Sendable {
    case request(Request)
    case reply(Reply)
    case error(Failure)
    case acknowledgement

    package static let port: UInt16 = 654

    /// RREQ, §5.1: 24 octets.
    package struct Request: Hashable, Sendable {
        package var flags: Flags = []
        package var hopCount: UInt8 = 0
        package var id: UInt32
        package var destination: RouterAddress
        package var destinationSequence: UInt32
        package var originator: RouterAddress
        package var originatorSequence: UInt32
        package var extensions: [Extension] = []

        package init(
            id: UInt32, destination: RouterAddress, destinationSequence: UInt32,
            originator: RouterAddress, originatorSequence: UInt32, flags: Flags = []
        ) {
            self.id = id
            self.destination = destination
            self.destinationSequence = destinationSequence
            self.originator = originator
            self.originatorSequence = originatorSequence
            self.flags = flags
        }

        package struct Flags: OptionSet, Hashable, Sendable {
            package let rawValue: UInt8
            package init(rawValue: UInt8) { self.rawValue = rawValue }
            package static let join = Flags(rawValue: 0x80)
            package static let repair = Flags(rawValue: 0x40)
            package static let gratuitousReply = Flags(rawValue: 0x20)
            package static let destinationOnly = Flags(rawValue: 0x10)
            package static let unknownSequence = Flags(rawValue: 0x08)
            static let all: UInt8 = 0xF8
        }
    }

    /// RREP, §5.2: 20 octets. With TTL 1 and the sender as destination it is a Hello, §6.9.
    package struct Reply: Hashable, Sendable {
        package var isRepair = false
        package var wantsAcknowledgement = false
        /// 0 ... 31.
        package var prefixSize: UInt8 = 0
        package var hopCount: UInt8 = 0
        package var destination: RouterAddress
        package var destinationSequence: UInt32
        package var originator: RouterAddress
        package var lifetimeMilliseconds: UInt32
        package var extensions: [Extension] = []

        package init(
            destination: RouterAddress, destinationSequence: UInt32, originator: RouterAddress,
            hopCount: UInt8 = 0, lifetimeMilliseconds: UInt32
        ) {
            self.destination = destination
            self.destinationSequence = destinationSequence
            self.originator = originator
            self.hopCount = hopCount
            self.lifetimeMilliseconds = lifetimeMilliseconds
        }
    }

    /// RERR, §5.3: 4 + 8 n octets, n from 1 to 255.
    package struct Failure: Hashable, Sendable {
        /// N: the sender has repaired the link; do not delete the route.
        package var keepsRoutes = false
        package var unreachable: [Unreachable]

        package init(unreachable: [Unreachable], keepsRoutes: Bool = false) {
            self.unreachable = unreachable
            self.keepsRoutes = keepsRoutes
        }
    }

    package struct Unreachable: Hashable, Sendable {
        package var destination: RouterAddress
        package var sequence: UInt32

        package init(_ destination: RouterAddress, sequence: UInt32) {
            self.destination = destination
            self.sequence = sequence
        }
    }

    /// §9; types from 128 on may not be skipped.
    package struct Extension: Hashable, Sendable {
        package static let helloInterval: UInt8 = 1
        package var type: UInt8
        package var data: [UInt8]

        package init(type: UInt8, data: [UInt8]) {
            self.type = type
            self.data = data
        }
    }

    private enum Code {
        static let request: UInt8 = 1
        static let reply: UInt8 = 2
        static let error: UInt8 = 3
        static let acknowledgement: UInt8 = 4
    }
}

extension AODVMessage {
    /// Reads the payload of one datagram, which is one message.
    package init(_ octets: Span<UInt8>) throws(RoutingError) {
        guard octets.count >= 2 else { throw .truncated }
        switch octets[0] {
        case Code.request: self = .request(try Request(octets))
        case Code.reply: self = .reply(try Reply(octets))
        case Code.error: self = .error(try Failure(octets))
        case Code.acknowledgement:
            guard octets.count == 2 else { throw .wrongLength }
            self = .acknowledgement
        default: throw .unknownType(octets[0])
        }
    }

    package var octets: [UInt8] {
        var octets: [UInt8] = []
        switch self {
        case .request(let request): request.write(to: &octets)
        case .reply(let reply): reply.write(to: &octets)
        case .error(let failure): failure.write(to: &octets)
        case .acknowledgement: octets = [Code.acknowledgement, 0]
        }
        return octets
    }
}

extension AODVMessage.Request {
    fileprivate init(_ octets: Span<UInt8>) throws(RoutingError) {
        guard octets.count >= 24 else { throw .truncated }
        self.init(
            id: octets.field32(at: 4), destination: octets.address(at: 8),
            destinationSequence: octets.field32(at: 12), originator: octets.address(at: 16),
            originatorSequence: octets.field32(at: 20),
            flags: Flags(rawValue: octets[1] & Flags.all))
        hopCount = octets[3]
        if octets.count > 24 { extensions = try AODVMessage.Extension.all(octets, from: 24) }
    }

    fileprivate func write(to octets: inout [UInt8]) {
        octets.reserveCapacity(24)
        octets.append(1)
        octets.append(flags.rawValue)
        octets.append(0)
        octets.append(hopCount)
        octets.append32(id)
        octets.append(destination)
        octets.append32(destinationSequence)
        octets.append(originator)
        octets.append32(originatorSequence)
        for item in extensions { item.write(to: &octets) }
    }
}

extension AODVMessage.Reply {
    fileprivate init(_ octets: Span<UInt8>) throws(RoutingError) {
        guard octets.count >= 20 else { throw .truncated }
        self.init(
            destination: octets.address(at: 4), destinationSequence: octets.field32(at: 8),
            originator: octets.address(at: 12), hopCount: octets[3],
            lifetimeMilliseconds: octets.field32(at: 16))
        isRepair = octets[1] & 0x80 != 0
        wantsAcknowledgement = octets[1] & 0x40 != 0
        prefixSize = octets[2] & 0x1F
        if octets.count > 20 { extensions = try AODVMessage.Extension.all(octets, from: 20) }
    }

    fileprivate func write(to octets: inout [UInt8]) {
        octets.reserveCapacity(20)
        octets.append(2)
        octets.append((isRepair ? 0x80 : 0) | (wantsAcknowledgement ? 0x40 : 0))
        octets.append(prefixSize & 0x1F)
        octets.append(hopCount)
        octets.append(destination)
        octets.append32(destinationSequence)
        octets.append(originator)
        octets.append32(lifetimeMilliseconds)
        for item in extensions { item.write(to: &octets) }
    }
}

extension AODVMessage.Failure {
    fileprivate init(_ octets: Span<UInt8>) throws(RoutingError) {
        guard octets.count >= 4 else { throw .truncated }
        let count = Int(octets[3])
        guard count >= 1 else { throw .badField }
        guard octets.count >= 4 + 8 * count else { throw .truncated }
        guard octets.count == 4 + 8 * count else { throw .wrongLength }
        keepsRoutes = octets[1] & 0x80 != 0
        unreachable = []
        unreachable.reserveCapacity(count)
        for number in 0..<count {
            let offset = 4 + 8 * number
            unreachable.append(
                AODVMessage.Unreachable(
                    octets.address(at: offset), sequence: octets.field32(at: offset + 4)))
        }
    }

    fileprivate func write(to octets: inout [UInt8]) {
        let listed = unreachable.prefix(255)
        octets.reserveCapacity(4 + 8 * listed.count)
        octets.append(3)
        octets.append(keepsRoutes ? 0x80 : 0)
        octets.append(0)
        octets.append(UInt8(truncatingIfNeeded: listed.count))
        for item in listed {
            octets.append(item.destination)
            octets.append32(item.sequence)
        }
    }
}

extension AODVMessage.Extension {
    fileprivate static func all(_ octets: Span<UInt8>, from start: Int) throws(RoutingError)
        -> [Self]
    {
        var items: [Self] = []
        var offset = start
        while offset < octets.count {
            guard offset + 2 <= octets.count else { throw .truncated }
            let end = offset + 2 + Int(octets[offset + 1])
            guard end <= octets.count else { throw .truncated }
            guard octets[offset] < 128 else { throw .unsupportedOption(octets[offset]) }
            items.append(Self(type: octets[offset], data: octets.octets(in: offset + 2..<end)))
            offset = end
        }
        return items
    }

    fileprivate func write(to octets: inout [UInt8]) {
        octets.append(type)
        octets.append(UInt8(truncatingIfNeeded: min(255, data.count)))
        octets.append(contentsOf: data.prefix(255))
    }
}

/// What a routing protocol passes on: an IP datagram as far as routing is concerned, whole or on
/// one hop of its way.
package struct Datagram: Hashable, Sendable {
    package enum Content: UInt8, Sendable {
        /// An application's octets.
        case data
        /// A message of the routing protocol itself (AODV and OLSR over UDP).
        case control
        /// A DSR header, and an application's octets if it has a next header.
        case sourceRouted
    }

    package var source: RouterAddress
    package var destination: RouterAddress
    package var ttl: UInt8
    /// Unique for its source for a while: IPv4's identification.
    package var identification: UInt16
    package var content: Content
    package var payload: [UInt8]

    package static let defaultTTL: UInt8 = 64

    package init(
        from source: RouterAddress, to destination: RouterAddress, ttl: UInt8 = Datagram.defaultTTL,
        identification: UInt16 = 0, content: Content = .data, payload: [UInt8]
    ) {
        self.source = source
        self.destination = destination
        self.ttl = ttl
        self.identification = identification
        self.content = content
        self.payload = payload
    }
}

/// A datagram on one hop: from one neighbour to another, or to all.
package struct HopFrame: Hashable, Sendable {
    package var sender: RouterAddress
    /// `.broadcast` for every neighbour.
    package var receiver: RouterAddress
    /// The number of the local interface.
    package var interface: Int
    package var datagram: Datagram

    package init(
        from sender: RouterAddress, to receiver: RouterAddress, interface: Int = 0,
        _ datagram: Datagram
    ) {
        self.sender = sender
        self.receiver = receiver
        self.interface = interface
        self.datagram = datagram
    }

    package var isBroadcast: Bool { receiver == .broadcast }
}

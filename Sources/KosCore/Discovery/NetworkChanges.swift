/// Reads rtnetlink messages: addresses always matter, links when they go up or down. Wireless ones
/// send news of their signal all the time.
package struct NetworkChanges: Sendable {
    private static let newLink: UInt16 = 16
    private static let deletedLink: UInt16 = 17
    private static let newAddress: UInt16 = 20
    private static let deletedAddress: UInt16 = 21
    private static let running: UInt32 = 0x40  // IFF_RUNNING
    private static let maxLinks = 4096

    private var links: [UInt32: Bool] = [:]

    package init() {}

    /// True when `datagram` tells of a change. In the host's byte order, as the kernel writes.
    package mutating func take(_ datagram: [UInt8]) -> Bool {
        var isChanged = false
        var rest = datagram[...]
        while let length = NetworkChanges.number(rest, at: 0, octets: 4), length >= 16,
            Int(length) <= rest.count
        {
            let message = rest.prefix(Int(length))
            switch UInt16(truncatingIfNeeded: NetworkChanges.number(message, at: 4, octets: 2) ?? 0)
            {
            case NetworkChanges.newAddress, NetworkChanges.deletedAddress: isChanged = true
            case NetworkChanges.deletedLink:
                if let index = NetworkChanges.number(message, at: 20, octets: 4) {
                    links[index] = nil
                }
                isChanged = true
            case NetworkChanges.newLink:
                guard let index = NetworkChanges.number(message, at: 20, octets: 4),
                    let flags = NetworkChanges.number(message, at: 24, octets: 4)
                else { break }
                let isUp = flags & NetworkChanges.running != 0
                // What was not heard of yet may be a link that only tells of its signal.
                if let before = links[index], before != isUp { isChanged = true }
                if links[index] != nil || links.count < NetworkChanges.maxLinks {
                    links[index] = isUp
                }
            default: break
            }
            // Messages start at multiples of four.
            rest = rest.dropFirst((Int(length) + 3) & ~3)
        }
        return isChanged
    }

    private static func number(_ octets: ArraySlice<UInt8>, at offset: Int, octets count: Int)
        -> UInt32?
    {
        let field = octets.dropFirst(offset).prefix(count)
        guard field.count == count else { return nil }
        var value: UInt32 = 0
        for (index, octet) in field.enumerated() { value |= UInt32(octet) << (8 * index) }
        return UInt32(littleEndian: value)
    }
}

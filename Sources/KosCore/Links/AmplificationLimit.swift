/// How much may be sent to an address that has not proven that it is where it says: three times
/// what came from there (RFC 9000 §8.1).
package struct AmplificationLimit: Hashable, Sendable {
    package static let factor = 3
    private var received = 0
    private var sent = 0
    package private(set) var isProven = false
    /// Datagrams that were held back.
    package private(set) var refused = 0

    package init() {}

    package mutating func received(_ octets: Int) {
        guard !isProven else { return }
        received = min(received + max(0, octets), 1 << 30)
    }

    /// The other end has answered what only it could have read.
    package mutating func prove() { isProven = true }

    /// Whether a datagram of this size may go out now; counts it where it may.
    package mutating func admits(_ octets: Int) -> Bool {
        guard !isProven else { return true }
        guard sent + octets <= received * AmplificationLimit.factor else {
            refused += 1
            return false
        }
        sent += octets
        return true
    }
}

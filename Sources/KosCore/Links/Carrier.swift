/// A transport that lives outside the sockets' event loop (a radio): the connections that it makes
/// are told from a thread of its own.
package protocol Carrier: AnyObject, Sendable {
    /// Opens `endpoint`; `tell` is called from any thread, until after `failed`.
    func open(_ endpoint: Endpoint, tell: @escaping @Sendable (CarrierEvent) -> Void)
    /// Writes a packet to one of the connections.
    func write(_ octets: [UInt8], to place: Int)
    /// Closes one of the connections: its other end is not wanted.
    func close(_ place: Int)
    /// Ends everything, in order.
    func stop()
}

package enum CarrierEvent: Sendable {
    /// The endpoint is open.
    case ready
    /// It cannot be opened, or was lost for good.
    case failed(String)
    /// A connection, by a number of the carrier's own.
    case opened(Int, LinkTraits)
    case octets(Int, [UInt8])
    case closed(Int)
    /// Worth a line on standard error.
    case note(String)
}

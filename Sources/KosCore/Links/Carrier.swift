/// A transport that lives outside the sockets' event loop (a radio): the connections that it makes
/// are told from a thread of its own.
package protocol Carrier: AnyObject, Sendable {
    /// Opens `endpoint`; `tell` is called from any thread, until after `failed`.
    func open(_ endpoint: Endpoint, tell: @escaping @Sendable (CarrierEvent) -> Void)
    /// Listens at `endpoint`, where that is another thing than opening it.
    func listen(_ endpoint: Endpoint, tell: @escaping @Sendable (CarrierEvent) -> Void)
    /// Writes a packet to one of the connections.
    func write(_ octets: [UInt8], to place: Int)
    /// Closes one of the connections: its other end is not wanted.
    func close(_ place: Int)
    /// Ends everything, in order.
    func stop()
}

extension Carrier {
    /// A radio hears whoever is there.
    package func listen(
        _ endpoint: Endpoint, tell: @escaping @Sendable (CarrierEvent) -> Void
    ) {
        open(endpoint, tell: tell)
    }
}

package enum CarrierEvent: Sendable {
    /// Where it listens, told before `ready`: what the endpoint left open is filled in.
    case bound([Endpoint])
    /// The endpoint is open.
    case ready
    /// It cannot be opened, or was lost for good.
    case failed(String)
    /// A connection, by a number of the carrier's own.
    case opened(Int, LinkTraits)
    case octets(Int, [UInt8])
    /// So many of the octets that were written to a connection wait no longer; where a carrier
    /// tells none of this, what is written never waits.
    case taken(Int, Int)
    case closed(Int)
    /// Worth a line on standard error.
    case note(String)
}

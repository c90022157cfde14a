/// What relays share beyond the links between them, as the network layer sees it: a way to a node
/// that is attached to some other relay, and word of who has come and gone. A message system
/// carries it; when that is lost the links of the mesh go on alone.
package enum Backplane {
    /// The place from which its packets come, as records have it.
    package static let place = "backplane"

    /// For whoever carries it.
    package enum Request: Hashable, Sendable {
        /// The node is here from now on.
        case attach(Attachments.Claim)
        /// The node has gone. A claim that another relay has outbid is given up in silence.
        case detach(Attachments.Claim, isTold: Bool)
        /// Something is kept for the node: its coming is worth an event. Holds for three refreshes.
        case watch(String)
        /// Ask whether the node is somewhere, and hand on what is for it.
        case forward(Parcel)
        /// To every relay.
        case spread([UInt8])
    }

    /// A packet on its way over the backplane.
    package struct Parcel: Hashable, Sendable {
        package let destination: String
        /// Whether it is one of the words between relays.
        package let isForRelay: Bool
        /// As it goes out, without a newline.
        package let line: [UInt8]
        /// As it came here, for the case that nobody has the destination.
        package let original: [UInt8]

        package init(
            to destination: String, isForRelay: Bool = false, line: [UInt8], original: [UInt8]
        ) {
            self.destination = destination
            self.isForRelay = isForRelay
            self.line = line
            self.original = original
        }
    }

    /// From whoever carries it.
    package enum Event: Hashable, Sendable {
        case up
        case down(String)
        /// A relay has a node; whether the relay keeps packets for nodes that are away.
        case present(Attachments.Claim, relay: NodeID, keeps: Bool)
        case absent(Attachments.Claim, relay: NodeID)
        /// The node is watched no longer: where it was heard to be may be wrong from now on.
        case unwatched(String)
        /// Packets for nodes of this relay, or for all, a newline behind each.
        case arrived([UInt8])
        /// No relay has the destination.
        case nobody(Parcel)
    }
}

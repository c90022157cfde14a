package import KosCore

/// How the engines of one type stand on simulated links: which outputs are frames, and what input a
/// frame or a change of a link becomes.
///
/// Nodes and links are numbers given by the `Simulator`: a link has one number, known at both ends.
package struct Wiring<E: Engine>: Sendable {
    package struct Transmission: Sendable {
        package let link: Int
        package let bytes: [UInt8]

        package init(_ bytes: [UInt8], on link: Int) {
            self.link = link
            self.bytes = bytes
        }
    }

    /// The frame that an output is; nil for an output that the observer is to have.
    package var transmission: @Sendable (E.Output) -> Transmission?
    /// The input for a frame that arrived.
    package var received: @Sendable (_ bytes: [UInt8], _ link: Int) -> E.Input
    /// The inputs for a link that came up towards node `neighbour`, or went down; nil for none.
    package var linkUp: @Sendable (_ link: Int, _ node: Int, _ neighbour: Int) -> E.Input?
    package var linkDown: @Sendable (_ link: Int, _ node: Int, _ neighbour: Int) -> E.Input?

    package init(
        transmission: @escaping @Sendable (E.Output) -> Transmission?,
        received: @escaping @Sendable (_ bytes: [UInt8], _ link: Int) -> E.Input,
        linkUp: @escaping @Sendable (_ link: Int, _ node: Int, _ neighbour: Int) -> E.Input? = {
            _, _, _ in nil
        },
        linkDown: @escaping @Sendable (_ link: Int, _ node: Int, _ neighbour: Int) -> E.Input? = {
            _, _, _ in nil
        }
    ) {
        self.transmission = transmission
        self.received = received
        self.linkUp = linkUp
        self.linkDown = linkDown
    }
}

/// What a simulated network has done so far.
package struct SimulatorCounts: Hashable, Sendable {
    /// Inputs, wake-ups and scripted steps together.
    package var events = 0
    package var framesSent = 0
    package var octetsSent = 0
    package var framesDelivered = 0
    package var framesDuplicated = 0
    /// Frames that did not arrive, by reason.
    package var framesLost = 0
    package var framesToFullQueue = 0
    package var framesToDownLink = 0
    package var framesToDownNode = 0
    package var framesToUnknownLink = 0
    package var framesBeyondHeap = 0

    package var framesDropped: Int {
        framesLost + framesToFullQueue + framesToDownLink + framesToDownNode + framesToUnknownLink
            + framesBeyondHeap
    }
}

import KosCore

/// A shared radio channel: rate, overheads, carrier sense, collisions, retries. The defaults are
/// those of IEEE 802.11b at 2 Mbit/s with long preamble, on an ideal channel.
package struct RadioModel: Hashable, Sendable {
    package var bitsPerSecond = 2_000_000.0
    /// The rate of acknowledgements.
    package var basicBitsPerSecond = 1_000_000.0
    /// Preamble and header of the physical layer; octets that the link layer adds to each frame.
    package var preamble: Duration = .microseconds(192)
    package var linkOctets = 36
    /// SIFS, in front of an acknowledgement, and DIFS, in front of any other frame.
    package var shortInterframe: Duration = .microseconds(10)
    package var interframe: Duration = .microseconds(50)
    package var slot: Duration = .microseconds(20)
    /// The first contention window, and how far it doubles.
    package var slots = 32
    package var maxSlots = 1024
    /// Tries for a frame to one receiver; frames to all have one.
    package var tries = 7
    /// Whether nodes contend for the air and frames that overlap at a receiver destroy each other.
    package var hasCollisions = false
    /// A frame that arrives so much stronger than all others together survives them; nil where
    /// overlapping frames always destroy each other.
    package var captureRatio: Double?
    /// How power falls with distance: 4 near the ground; 0 where all in range are equally strong.
    package var pathLossExponent = 4.0
    /// Frames that start within this time of each other hide each other's preamble, unless one is
    /// stronger by `preambleRatio`.
    package var preambleDetection: Duration = .microseconds(4)
    package var preambleRatio = 2.5
    /// Share of receptions lost by themselves.
    package var loss = 0.0
    /// Frames that may wait at a node.
    package var queue = 64
    /// How the link address of a neighbour is found before the first frame to it; nil where it is
    /// known.
    package var resolution: AddressResolution?
    /// Whether a frame that nobody acknowledged comes back to the protocol, which may send it
    /// another way. Drivers of real radios tell at most who was not reached.
    package var returnsFrames = true
    /// Whether the protocol hears at all of a frame that nobody acknowledged.
    package var tellsOfLosses = true

    package init() {}

    /// An ad hoc network of 802.11b radios under IPv4: contention, collisions, retries, ARP.
    package static var contended: RadioModel {
        var model = RadioModel()
        model.hasCollisions = true
        model.resolution = AddressResolution()
        model.returnsFrames = false
        return model
    }

    /// How long a frame fills the air.
    package func airtime(octets: Int) -> Duration {
        preamble + time(octets + linkOctets, bitsPerSecond)
    }

    /// From the end of a frame to one receiver to the end of its acknowledgement of 14 octets.
    package var acknowledgement: Duration {
        shortInterframe + preamble + time(14, basicBitsPerSecond)
    }

    private func time(_ octets: Int, _ rate: Double) -> Duration {
        .nanoseconds(Int64(Double(octets * 8) / rate * 1e9))
    }
}

/// The address resolution protocol, RFC 826, with the bounds of RFC 1122 §2.3.2.
package struct AddressResolution: Hashable, Sendable {
    /// From one question to the next, and how many there are.
    package var wait: Duration = .seconds(1)
    package var tries = 3
    /// Questions wait a random time of at most this, as many nodes may ask at once.
    package var jitter: Duration = .milliseconds(10)
    /// Datagrams that may wait for an answer; more are dropped.
    package var queue = 3
    /// How long an answer holds.
    package var lifetime: Duration = .seconds(120)
    /// Octets of a question or an answer.
    package static let octets = 28

    package init() {}
}

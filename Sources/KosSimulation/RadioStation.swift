import KosCore

/// What waits for the air at a node.
enum LinkFrame: Sendable {
    case datagram(HopFrame)
    /// ARP: who has the address of this node?
    case question(Int)
    case answer(Int)

    /// The node it is for; nil for all.
    var receiver: Int? {
        switch self {
        case .datagram(let frame): frame.isBroadcast ? nil : Scenario.node(frame.receiver)
        case .question: nil
        case .answer(let node): node
        }
    }
}

/// A node's place on the channel. Its engine is kept apart: what is read often should be small.
struct RadioStation: Sendable {
    /// Datagrams that wait until the link address of a neighbour is known.
    struct Unresolved: Sendable {
        var frames: [HopFrame]
        var questions = 0
        var due: Instant
    }

    var isAlive = true
    var wake: Instant?
    var queue: [LinkFrame] = []
    var head = 0
    /// Of the frame at the head, by which its receiver knows a repetition.
    var number: UInt32 = 0
    var tries = 0

    /// Counts its slots down until `attemptAt`, from `countsFrom` on, unless the air fills.
    var isWaiting = false
    var isFrozen = false
    var attemptAt = Instant.zero
    var countsFrom = Instant.zero
    var slotsLeft: Int?
    /// Until then a frame may not go out at once: the wait after a frame of one's own.
    var restsUntil = Instant.zero

    var isSending = false
    /// Waits for an acknowledgement.
    var isAwaiting = false
    /// Whose frame it acknowledges while it sends.
    var acknowledges: Int?
    /// Frames in the air here, and the one that is being received.
    var heard = 0
    var airUntil = Instant.zero
    var lockedOn: Int?
    var lockedAt = Instant.zero
    /// Who may still receive the frame under way, and where it is spoilt.
    var receivers: [Int] = []
    var spoilt: Set<Int> = []
    /// The last frame from each neighbour.
    var lastNumbers: [Int: UInt32] = [:]

    /// Link addresses of neighbours, and until when; those that are asked for.
    var resolved: [Int: Instant] = [:]
    var unresolved: [Int: Unresolved] = [:]
    /// Whom the questions that are about to go out are for.
    var questions: [Int] = []

    /// What a crash takes along.
    mutating func crash() {
        isAlive = false
        wake = nil
        queue = []
        head = 0
        tries = 0
        slotsLeft = nil
        resolved = [:]
        unresolved = [:]
        lastNumbers = [:]
    }
}

/// The kinds of entries in a radio simulation's heap.
enum RadioEvent {
    static let wake: UInt32 = 0
    static let attempt: UInt32 = 1
    static let ending: UInt32 = 2
    static let move: UInt32 = 3
    static let traffic: UInt32 = 4
    static let fault: UInt32 = 5
    static let sample: UInt32 = 6
    static let acknowledged: UInt32 = 7
    static let unresolved: UInt32 = 8
    static let question: UInt32 = 9
    static let unacknowledged: UInt32 = 10
}

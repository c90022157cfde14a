import KosCore

/// A node's place on the channel. Its engine is kept apart: what is read often should be small.
struct RadioStation: Sendable {
    var isAlive = true
    var wake: Instant?
    var queue: [HopFrame] = []
    var head = 0
    var tries = 0
    var isWaiting = false
    var isSending = false
    /// Frames in the air here, and whether the present ones are spoilt.
    var heard = 0
    var airUntil = Instant.zero
    /// Who may still receive the frame under way, with whether it is spoilt there.
    var receivers: [Int] = []
    var spoilt: Set<Int> = []
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
}

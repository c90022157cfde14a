/// What a node has delivered to its application, as it outlives the node: hashes of the packets'
/// ids and sources, and the seed under which they were made. A packet that is handed on anew after
/// a restart, because its receipt was lost, is known by it.
package struct DeliveryMemory: Sendable {
    package var seed: UInt64
    /// The oldest first.
    package var keys: [OctetHash]

    package init(seed: UInt64, keys: [OctetHash] = []) {
        self.seed = seed
        self.keys = keys
    }
}

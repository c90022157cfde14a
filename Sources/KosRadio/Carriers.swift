package import KosCore

/// The carriers that a node's endpoints need.
package struct Carriers: Sendable {
    package var own: NodeID
    package var name: String?
    /// Whether packets of others are taken on, and a modem that is absent is waited for.
    package var isRelay: Bool
    package var seed: UInt64
    /// The 16 octets that stand for a node.
    package var short: @Sendable (NodeID) -> [UInt8]?
    package var now: @Sendable () -> Instant

    package init(
        own: NodeID, name: String?, isRelay: Bool, seed: UInt64,
        short: @escaping @Sendable (NodeID) -> [UInt8]?, now: @escaping @Sendable () -> Instant
    ) {
        self.own = own
        self.name = name
        self.isRelay = isRelay
        self.seed = seed
        self.short = short
        self.now = now
    }

    package func needed(for endpoints: [Endpoint]) -> [TransportType: any Carrier] {
        var carriers: [TransportType: any Carrier] = [:]
        let transports = Set(endpoints.map(\.transport))
        if transports.contains(.lora) {
            carriers[.lora] = RadioCarrier(
                RadioCarrier.Setup(
                    own: own, isRelay: isRelay, seed: seed, short: short, now: now))
        }
        if transports.contains(.bluetooth) { carriers[.bluetooth] = BluetoothCarrier(self) }
        return carriers
    }
}

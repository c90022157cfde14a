/// Everything that two radios must agree on, and how loud this one is.
package struct LoRaSettings: Hashable, Sendable {
    package var frequencyHz: Int
    package var modulation: LoRaModulation
    /// dBm at the antenna connector.
    package var powerDbm: Int
    /// 0x12 private, 0x34 LoRaWAN, 0x2B Meshtastic.
    package var syncWord: UInt8

    package static let privateSyncWord: UInt8 = 0x12

    package init(
        frequencyHz: Int, modulation: LoRaModulation, powerDbm: Int,
        syncWord: UInt8 = LoRaSettings.privateSyncWord
    ) {
        self.frequencyHz = frequencyHz
        self.modulation = modulation
        self.powerDbm = powerDbm
        self.syncWord = syncWord
    }
}

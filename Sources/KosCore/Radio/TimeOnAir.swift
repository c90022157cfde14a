/// How long a LoRa frame occupies the air: Semtech SX1276 data sheet §4.1.1.7, SX1261/2 data sheet
/// §6.1.4. Symbols are counted in quarters, so the result is exact until the last division.
package struct TimeOnAir: Hashable, Sendable {
    package let modulation: LoRaModulation
    /// 0 … 255.
    package let payloadBytes: Int

    package init(_ modulation: LoRaModulation, payloadBytes: Int) throws(LoRaSettingError) {
        try LoRaSettingError.check("payload in bytes", payloadBytes, in: LoRaModulation.payloads)
        self.modulation = modulation
        self.payloadBytes = payloadBytes
    }

    /// For a length that is known to fit: longer ones count as 255.
    package init(clamping payloadBytes: Int, _ modulation: LoRaModulation) {
        self.modulation = modulation
        self.payloadBytes = min(max(payloadBytes, 0), LoRaModulation.payloads.upperBound)
    }

    /// Symbols behind the preamble: header, payload and checksum with their coding.
    package var payloadSymbols: Int {
        let factor = modulation.spreadingFactor
        let isShort = factor < 7 && modulation.chip == .sx126x
        let rate = factor - (modulation.lowDataRateOptimize && !isShort ? 2 : 0)
        let bits =
            8 * payloadBytes - 4 * factor + (isShort ? 20 : 28) + (modulation.crc ? 16 : 0)
            - (modulation.explicitHeader ? 0 : 20)
        let blocks = bits <= 0 ? 0 : (bits + 4 * rate - 1) / (4 * rate)
        return 8 + blocks * (modulation.codingRate + 4)
    }

    /// The whole frame in quarters of a symbol.
    private var quarterSymbols: Int {
        let added = modulation.spreadingFactor < 7 && modulation.chip == .sx126x ? 25 : 17
        return 4 * modulation.preambleSymbols + added + 4 * payloadSymbols
    }

    /// ms, correctly rounded from the exact fraction.
    package var milliseconds: Double {
        Double((quarterSymbols << modulation.spreadingFactor) * 250)
            / Double(modulation.bandwidthHz)
    }

    /// Microseconds, rounded up: what a duty budget is charged.
    package var microseconds: Int64 {
        let scaled = (quarterSymbols << modulation.spreadingFactor) * 250_000
        return Int64((scaled + modulation.bandwidthHz - 1) / modulation.bandwidthHz)
    }

    package var duration: Duration { .microseconds(microseconds) }
}

extension LoRaModulation {
    /// ms of one symbol, 2^SF / bandwidth.
    package var symbolMilliseconds: Double {
        Double((1 << spreadingFactor) * 1000) / Double(bandwidthHz)
    }

    /// Whether the DE bit is on by this modulation's rule.
    package var lowDataRateOptimize: Bool {
        switch lowDataRateRule {
        case .symbolTime: (1 << spreadingFactor) * 1000 > 16 * bandwidthHz
        case .rnode: bandwidthHz >= 1000 && (1 << spreadingFactor) / (bandwidthHz / 1000) > 16
        case .gateway: spreadingFactor >= 11
        case .on: true
        case .off: false
        }
    }

    /// Useful bits a second: SF · BW / 2^SF · 4 / (4 + CR).
    package var bitRate: Double {
        Double(spreadingFactor * bandwidthHz * 4) / Double((codingRate + 4) << spreadingFactor)
    }

    /// The most payload that stays within `limit`; nil when not even an empty frame does.
    package func largestPayload(within limit: Duration) -> Int? {
        let budget = limit.nanoseconds / 1000
        return LoRaModulation.payloads.last {
            TimeOnAir(clamping: $0, self).microseconds <= budget
        }
    }
}

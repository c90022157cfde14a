/// What a link can bridge: Prx = Ptx + Gtx − Ltx − path loss + Grx − Lrx, margin = Prx −
/// sensitivity.
package struct LinkBudget: Hashable, Sendable {
    package var modulation: LoRaModulation
    /// Hz.
    package var frequencyHz: Int
    /// dBm at the sender's antenna connector.
    package var powerDbm: Double
    /// dBi less cable loss, at each end.
    package var senderGainDb: Double
    package var receiverGainDb: Double
    /// The receiver's noise figure in dB: 6 for a node, 3 for a gateway.
    package var noiseFigureDb: Double
    /// How fast the signal fades: 2 in free space, 2.7 to 3.5 over a town.
    package var pathLossExponent: Double

    package init(
        modulation: LoRaModulation, frequencyHz: Int, powerDbm: Double = 14,
        senderGainDb: Double = 0, receiverGainDb: Double = 0, noiseFigureDb: Double = 6,
        pathLossExponent: Double = 2
    ) {
        self.modulation = modulation
        self.frequencyHz = frequencyHz
        self.powerDbm = powerDbm
        self.senderGainDb = senderGainDb
        self.receiverGainDb = receiverGainDb
        self.noiseFigureDb = noiseFigureDb
        self.pathLossExponent = pathLossExponent
    }

    /// dBm: −174 + 10 log10(BW) + NF + the demodulator's SNR floor.
    package var sensitivityDbm: Double {
        LinkBudget.noiseDensityDbm + (Decibel.of(Double(modulation.bandwidthHz)) ?? 0)
            + noiseFigureDb + modulation.snrFloorDb
    }

    /// dBm of the noise in the receiver's band.
    package var noiseFloorDbm: Double { sensitivityDbm - modulation.snrFloorDb }

    /// The loss that leaves no margin, dB.
    package var maximumPathLossDb: Double {
        powerDbm + senderGainDb + receiverGainDb - sensitivityDbm
    }

    /// dB over `meters`: free space (ITU-R P.525) to 1 m, from there by the exponent.
    package func pathLossDb(meters: Double) -> Double {
        let distance = max(meters, 1)
        return lossAtOneMeterDb + pathLossExponent * (Decibel.of(distance) ?? 0)
    }

    package func receivedDbm(meters: Double) -> Double {
        powerDbm + senderGainDb + receiverGainDb - pathLossDb(meters: meters)
    }

    package func marginDb(meters: Double) -> Double { receivedDbm(meters: meters) - sensitivityDbm }

    /// Metres at which the margin is used up.
    package var rangeMeters: Double {
        guard pathLossExponent > 0 else { return .infinity }
        return Decibel.ratio((maximumPathLossDb - lossAtOneMeterDb) / pathLossExponent)
    }

    /// 32.44 + 20 log10(MHz) + 20 log10(0.001 km).
    private var lossAtOneMeterDb: Double {
        32.44 + 2 * (Decibel.of(Double(frequencyHz) / 1e6) ?? 0) - 60
    }

    /// Thermal noise at 290 K in 1 Hz.
    package static let noiseDensityDbm = -174.0
}

extension LoRaModulation {
    /// The lowest SNR at which the demodulator works: −2.5 dB at SF5, 2.5 dB less for each step.
    package var snrFloorDb: Double { -2.5 * Double(spreadingFactor - 4) }
}

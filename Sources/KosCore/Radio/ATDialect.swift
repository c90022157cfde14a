/// The four common families of text modems. REYAX: AT command guide of RYLR998/498; RUI3: RAK's AT
/// command manual, P2P part; RN2483: Microchip DS40001784; rf95modem: its README.
package enum ATDialect: String, Hashable, Sendable, CaseIterable {
    case rylr, rui3, rn2xx3, rf95

    /// What one line means.
    package enum Meaning: Hashable, Sendable {
        case received(ReceivedFrame)
        case sent
        case notSent(String)
        /// Listening has ended by itself.
        case rearm
        /// It answers a command, if one waits.
        case answer
    }
    package enum Verdict: Hashable, Sendable {
        case accepted
        case value(String)
        case busy
        case refused(String)
        /// Not an answer to this step.
        case nothing
    }

    package var baud: Int { self == .rn2xx3 ? 57_600 : 115_200 }

    package var mtu: Int {
        switch self {
        case .rylr: 179
        case .rui3, .rn2xx3: 255
        case .rf95: 251
        }
    }

    package var model: String {
        switch self {
        case .rylr: "REYAX RYLR"
        case .rui3: "RAK3172 (RUI3)"
        case .rn2xx3: "RN2483/RN2903"
        case .rf95: "rf95modem"
        }
    }

    /// Whether the dialect can read back every setting that it makes.
    package var isVerified: Bool { self != .rf95 }
    /// Whether a line of its own tells that a frame was sent.
    package var reportsSent: Bool { self == .rui3 || self == .rn2xx3 }

    /// Whether an OK follows the value that was asked for.
    package var acknowledgesReadings: Bool { self == .rui3 }

    /// REYAX adds 8 octets of its own, and text is base64; RadioHead, in rf95modem, adds 4.
    package func octetsOnAir(_ payload: Int) -> Int {
        switch self {
        case .rylr: (payload * 4 + 2) / 3 + 1 + 8
        case .rf95: payload + 4
        case .rui3, .rn2xx3: payload
        }
    }

    package func driven(_ modulation: LoRaModulation) -> LoRaModulation {
        modulation.driven(preamble: self == .rylr ? 12 : 8, rule: .symbolTime)
    }

    package func line(_ command: String) -> [UInt8] {
        Array(command.utf8) + (self == .rf95 ? [0x0A] : [0x0D, 0x0A])
    }

    package var stopCommand: String? {
        switch self {
        case .rui3: "AT+PRECV=0"
        case .rn2xx3: "radio rxstop"
        case .rylr, .rf95: nil
        }
    }

    // MARK: Setting up

    package func setup(_ settings: LoRaSettings) throws(ModemFault) -> [ATStep] {
        switch self {
        case .rylr: try setupRYLR(settings)
        case .rui3: try setupRUI3(settings)
        case .rn2xx3: try setupRN2xx3(settings)
        case .rf95: try setupRF95(settings)
        }
    }

    private func unsupported(_ setting: String, _ got: some CustomStringConvertible) -> ModemFault {
        ModemFault(.unsupported, "\(rawValue) modems have no \(setting) of \(got)")
    }

    private func setupRYLR(_ settings: LoRaSettings) throws(ModemFault) -> [ATStep] {
        let modulation = settings.modulation
        let codes = [125_000: 7, 250_000: 8, 500_000: 9]
        guard let code = codes[modulation.bandwidthHz] else {
            throw unsupported("bandwidth", modulation.bandwidthHz)
        }
        // Up to SF9 at 125 kHz, SF10 at 250, SF11 at 500 (AT command guide, AT+PARAMETER).
        guard (7...code + 2).contains(modulation.spreadingFactor) else {
            throw unsupported("spreading factor", modulation.spreadingFactor)
        }
        guard (0...22).contains(settings.powerDbm) else {
            throw unsupported("power", settings.powerDbm)
        }
        let parameter = "\(modulation.spreadingFactor),\(code),\(modulation.codingRate),12"
        return [
            ATStep("AT"), ATStep("AT+BAND=\(settings.frequencyHz)"),
            ATStep("AT+PARAMETER=\(parameter)"), ATStep("AT+CRFOP=\(settings.powerDbm)"),
            ATStep("AT+BAND?", asked: "\(settings.frequencyHz)", setting: "frequency"),
            ATStep(
                "AT+PARAMETER?", asked: parameter,
                setting: "spreading factor, bandwidth, coding rate"),
            ATStep("AT+CRFOP?", asked: "\(settings.powerDbm)", setting: "TX power"),
        ]
    }

    private func setupRUI3(_ settings: LoRaSettings) throws(ModemFault) -> [ATStep] {
        let modulation = settings.modulation
        let codes = [
            125_000: 0, 250_000: 1, 500_000: 2, 7_800: 3, 10_400: 4, 15_630: 5, 20_830: 6,
            31_250: 7, 41_670: 8, 62_500: 9,
        ]
        guard let code = codes[modulation.bandwidthHz] else {
            throw unsupported("bandwidth", modulation.bandwidthHz)
        }
        let parameter =
            "\(settings.frequencyHz):\(modulation.spreadingFactor):\(code):"
            + "\(modulation.codingRate - 1):8:\(settings.powerDbm)"
        var first = ATStep("AT+NWM=0")
        first.patience = .seconds(2)
        // Sends on a clear channel only; older firmware cannot look.
        var listenFirst = ATStep("AT+CAD=1")
        listenFirst.alternatives = [ATStep("AT")]
        return [
            ATStep("AT"), first, ATStep("AT+PRECV=0"), listenFirst, ATStep("AT+P2P=\(parameter)"),
            ATStep("AT+P2P=?", asked: parameter, setting: "P2P settings"),
        ] + rearm
    }

    private func setupRN2xx3(_ settings: LoRaSettings) throws(ModemFault) -> [ATStep] {
        let modulation = settings.modulation
        guard [125_000, 250_000, 500_000].contains(modulation.bandwidthHz) else {
            throw unsupported("bandwidth", modulation.bandwidthHz)
        }
        guard modulation.spreadingFactor >= 7 else {
            throw unsupported("spreading factor", modulation.spreadingFactor)
        }
        let sync = String(decoding: Hexadecimal.encode([settings.syncWord]), as: UTF8.self)
        let values: [(String, String, String)] = [
            ("mod", "lora", "modulation"), ("freq", "\(settings.frequencyHz)", "frequency"),
            ("pwr", "\(settings.powerDbm)", "TX power"),
            ("sf", "sf\(modulation.spreadingFactor)", "spreading factor"),
            ("bw", "\(modulation.bandwidthHz / 1000)", "bandwidth"),
            ("cr", modulation.codingRateText, "coding rate"), ("sync", sync, "sync word"),
            ("prlen", "8", "preamble"), ("crc", "on", "checksum"), ("iqi", "off", "inversion"),
            ("wdt", "0", "watchdog"),
        ]
        var steps = [ATStep("mac pause"), ATStep("radio rxstop")]
        steps += values.map { ATStep("radio set \($0.0) \($0.1)") }
        steps += values.map { ATStep("radio get \($0.0)", asked: $0.1, setting: $0.2) }
        return steps + rearm
    }

    /// rf95modem has five fixed modes (RadioHead's ModemConfigChoice).
    private func setupRF95(_ settings: LoRaSettings) throws(ModemFault) -> [ATStep] {
        let modulation = settings.modulation
        let modes: [(Int, Int, Int)] = [
            (7, 125_000, 1), (7, 500_000, 1), (9, 31_250, 4), (12, 125_000, 4), (11, 125_000, 1),
        ]
        let asked = (modulation.spreadingFactor, modulation.bandwidthHz, modulation.codingRate)
        guard let mode = modes.firstIndex(where: { $0 == asked }) else {
            throw unsupported(
                "mode", "SF\(asked.0), \(asked.1) Hz, \(modulation.codingRateText) together")
        }
        let megahertz = LoRaFrequency.megahertz(settings.frequencyHz / 10_000 * 10_000)
        return [
            ATStep("AT+MODE=\(mode)"),
            ATStep("AT+FREQ=\(megahertz)", asked: megahertz, setting: "frequency"),
            ATStep("AT+RX=1"),
        ]
    }

    /// What makes the modem listen (again).
    package var rearm: [ATStep] {
        switch self {
        case .rylr, .rf95: return []
        case .rui3:
            // 65533 listens and still lets send; older firmware has only 65534.
            var listen = ATStep("AT+PRECV=65533")
            listen.alternatives = [ATStep("AT+PRECV=65534")]
            return [listen]
        case .rn2xx3: return [ATStep("radio rx 0")]
        }
    }

    /// What follows a frame that was received.
    package var afterReception: [ATStep] {
        guard self == .rn2xx3 else { return [] }
        var signal = ATStep("radio get snr", asked: "", setting: "SNR")
        signal.isSignal = true
        return [signal] + rearm
    }

    /// Where lines carry text, octets go as base64 behind a tilde, which no base64 has in it.
    package func transmit(
        _ payload: [UInt8], isRaw: Bool, patience: Duration
    ) -> [ATStep] {
        let hex = String(decoding: Hexadecimal.encode(payload), as: UTF8.self)
        var steps: [ATStep]
        switch self {
        case .rylr:
            let text =
                isRaw
                ? String(decoding: payload, as: UTF8.self) : "~" + ATDialect.base64URL(payload)
            steps = [ATStep("AT+SEND=0,\(text.utf8.count),\(text)")]
        case .rui3: steps = [ATStep("AT+PSEND=\(hex)")]
        case .rn2xx3: steps = [ATStep("radio rxstop"), ATStep("radio tx \(hex)")]
        case .rf95: steps = [ATStep("AT+TX=\(hex)")]
        }
        steps[steps.count - 1].isTransmit = true
        steps[steps.count - 1].patience = patience
        return steps
    }

    /// Base64 of RFC 4648 §5 without padding: no comma and no end of line can be in it.
    package static func base64URL(_ octets: [UInt8]) -> String {
        var text: [UInt8] = []
        for octet in Base64.encode(octets).utf8 where octet != 0x3D {
            text.append(octet == 0x2B ? 0x2D : octet == 0x2F ? 0x5F : octet)
        }
        return String(decoding: text, as: UTF8.self)
    }
}

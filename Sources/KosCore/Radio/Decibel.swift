/// Decibels without a mathematics library: the standard library of Swift has no logarithm.
package enum Decibel {
    /// 10 · log10 of `ratio`; nil for what has no logarithm.
    package static func of(_ ratio: Double) -> Double? {
        guard ratio > 0, ratio.isFinite else { return nil }
        return 10 * naturalLogarithm(ratio) / Double.ln10
    }

    /// The ratio that `decibels` stand for, 10^(dB/10).
    package static func ratio(_ decibels: Double) -> Double {
        let binary = decibels / 10 * Double.ln10 / Double.ln2
        guard binary < 1023 else { return .infinity }
        guard binary > -1022 else { return 0 }
        let whole = binary.rounded()
        let rest = (binary - whole) * Double.ln2
        var term = 1.0
        var sum = 1.0
        // |rest| ≤ 0.35: eighteen terms are past the last bit.
        for index in 1...18 {
            term *= rest / Double(index)
            sum += term
        }
        return Double(sign: .plus, exponent: Int(whole), significand: sum)
    }

    private static func naturalLogarithm(_ value: Double) -> Double {
        var exponent = Double(value.exponent)
        var significand = value.significand
        if significand > 1.414_213_562_373_095 {
            significand /= 2
            exponent += 1
        }
        // ln s = 2 artanh((s − 1)/(s + 1)), |z| ≤ 0.172.
        let z = (significand - 1) / (significand + 1)
        var power = z
        var sum = 0.0
        for index in stride(from: 1, through: 23, by: 2) {
            sum += power / Double(index)
            power *= z * z
        }
        return exponent * Double.ln2 + 2 * sum
    }
}

extension Double {
    fileprivate static let ln2 = 0.693_147_180_559_945_309_4
    fileprivate static let ln10 = 2.302_585_092_994_045_684
}

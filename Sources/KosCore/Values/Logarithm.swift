/// The natural logarithm and its inverse: the standard library has neither without a C library.
package enum Logarithm {
    /// ln 2, the upper 33 bits and the rest.
    private static let ln2High = 6.93147180369123816490e-01
    private static let ln2Low = 1.90821492927058770002e-10

    /// ln of `value`, within two units in the last place; NaN below 0, −∞ at 0.
    package static func natural(_ value: Double) -> Double {
        guard value > 0 else { return value == 0 ? -.infinity : .nan }
        guard value.isFinite else { return value }
        var exponent = Double(value.exponent)
        var mantissa = value.significand
        if mantissa > 1.414_213_562_373_095 {
            mantissa /= 2
            exponent += 1
        }
        // ln m = 2 artanh(s), s = (m − 1)/(m + 1), |s| ≤ 0.172: eleven terms of its series.
        let ratio = (mantissa - 1) / (mantissa + 1)
        let square = ratio * ratio
        var sum = 0.0
        var odd = 23.0
        while odd > 1 {
            sum = (sum + 1 / odd) * square
            odd -= 2
        }
        return exponent * ln2High + (2 * ratio + (2 * ratio * sum + exponent * ln2Low))
    }

    /// e to the `value`, within four units in the last place.
    package static func exponential(_ value: Double) -> Double {
        guard value < 709.78 else { return value.isNaN ? value : .infinity }
        guard value > -745.13 else { return 0 }
        let count = (value / (ln2High + ln2Low)).rounded()
        let rest = (value - count * ln2High) - count * ln2Low
        var sum = 1.0
        var order = 14.0
        while order > 0 {
            sum = 1 + rest * sum / order
            order -= 1
        }
        return Double(sign: .plus, exponent: Int(count), significand: sum)
    }
}

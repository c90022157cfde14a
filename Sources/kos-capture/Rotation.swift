import KosCore

/// When a new file is begun: `10MB`, `1h`, or after a number of frames.
struct Rotation {
    var bytes: Int?
    var duration: Duration?
    var frames: Int?

    /// Nil for text that is none of these.
    init?(_ text: String) {
        let units = [("kB", 1000), ("MB", 1_000_000), ("GB", 1_000_000_000)]
        for (unit, factor) in units where text.hasSuffix(unit) {
            guard let number = Double(text.dropLast(2)), number > 0, number < 1e6 else {
                return nil
            }
            bytes = Int(number * Double(factor))
            return
        }
        if let number = Int(text) {
            guard number > 0 else { return nil }
            frames = number
        } else {
            guard let given = Duration(text: text), given > .zero else { return nil }
            duration = given
        }
    }
}

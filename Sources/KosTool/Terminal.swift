import Glibc

/// What a stream's other end can show.
enum Terminal {
    /// Whether text on `descriptor` is coloured: `--color`, then NO_COLOR (not empty), then
    /// CLICOLOR_FORCE or FORCE_COLOR, then TERM and whether there is a terminal.
    static func isColored(_ choice: ColorChoice, descriptor: Int32) -> Bool {
        switch choice {
        case .always: return true
        case .never: return false
        case .auto: break
        }
        if isSet("NO_COLOR") { return false }
        if ["CLICOLOR_FORCE", "FORCE_COLOR"].contains(where: { isSet($0) && value($0) != "0" }) {
            return true
        }
        return isatty(descriptor) == 1 && value("TERM") != "dumb"
    }

    private static func value(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }
    private static func isSet(_ name: String) -> Bool { !(value(name) ?? "").isEmpty }
}

import KosCapture
import KosCore
import KosTool

/// Which frames are looked at.
struct FilterOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp("Only frames that pass (pcap-filter(7)).", valueName: "expr"))
    var filter: String?
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Only frames of which this holds: proto=aodv and src=n3.", valueName: "expr"))
    var `where`: String?

    func condition() throws -> FrameFilter? {
        try FilterOptions.compile(`where`)
    }

    static func compile(_ expression: String?) throws -> FrameFilter? {
        guard let expression else { return nil }
        do throws(FrameFilter.Refused) {
            return try FrameFilter(expression)
        } catch {
            throw ToolFailure.usage("--where, octet \(error.offset + 1): \(error.message)")
        }
    }
}

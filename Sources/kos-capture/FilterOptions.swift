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

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Read so much of a capture at most, after decompression: 100MB.", valueName: "size"))
    var maxBytes: String?

    /// Nil without a limit.
    func limit() throws -> Int? {
        guard let maxBytes else { return nil }
        guard let size = Rotation(maxBytes)?.bytes ?? Int(maxBytes), size > 0 else {
            throw ToolFailure.usage("--max-bytes \(maxBytes) is no size", hint: "100MB")
        }
        return size
    }

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

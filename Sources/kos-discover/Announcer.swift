import KosCore
import KosMDNS
import KosTool

/// `-A`: announces this node by each method, tells how it went, and keeps on for `--hold`.
final class Announcer {
    init(_ options: KosDiscover, _ io: ToolIO) throws {}
    func run() throws -> ExitStatus { .failure }
}

import Glibc
import KosCore
import KosNet
import KosTool

/// One run of `kos-relay manet`: polls, and tells what becomes of the routes.
final class ManetSession {
    private let io: ToolIO
    private let node: ManetNode
    /// The routes that hold, by destination and length.
    private var table: [String: RouteEventRecord] = [:]
    private var isRefusalTold = false

    init(_ options: Manet, _ io: ToolIO) throws {
        self.io = io
        guard let name = RoutingProtocolName(rawValue: options.name) else {
            throw ToolFailure.usage("--protocol is olsr or aodv")
        }
        let settings = try options.settings()
        do throws(SocketFailure) {
            node = try ManetNode(
                name, settings, clock: SystemClock.timestamp,
                seed: SystemClock.seed, at: SystemClock.now)
        } catch {
            let isForbidden = error.number == EPERM || error.number == EACCES
            throw ToolFailure(
                .failure, code: "socket", error.message,
                hint: isForbidden ? "this needs CAP_NET_ADMIN and CAP_NET_RAW" : nil)
        }
    }

    func run() throws {
        try io.startWatching(onInterim: { [self] in try writeTable() })
        io.output.isPatient = false
        warn()
        while try !turn() {}
        node.close()
        try io.output.write(
            SummaryRecord(
                timestamp: SystemClock.timestamp, tool: io.tool,
                counters: ["routes": .number(Double(table.count))]))
    }

    /// Waits for something to do and does it; true at the end.
    private func turn() throws -> Bool {
        for event in node.run(at: SystemClock.now) { try tell(event) }
        try io.output.flush()
        var watched = (node.descriptors + [io.watch?.descriptor ?? -1]).map {
            pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
        }
        if io.output.isHolding {
            watched.append(.init(fd: io.output.descriptor, events: Int16(POLLOUT), revents: 0))
        }
        let ends = [node.nextDeadline, io.deadline].compactMap { $0 }.min()
        let wait = ends.map { max(0, ($0 - SystemClock.now).nanoseconds / 1_000_000 + 1) } ?? 60_000
        poll(&watched, nfds_t(watched.count), Int32(clamping: wait))
        if try io.takeSignals() { return true }
        return io.timeLeft == .zero
    }

    private func warn() {
        let path = "/proc/sys/net/ipv4/ip_forward"
        if SmallFile.read(path, limit: 1).first == 0x30 {
            io.errors.say("\(path) is 0: this machine forwards for nobody")
        }
    }

    private func tell(_ event: ManetNode.Event) throws {
        var record: RouteEventRecord
        switch event {
        case .up(let entry, let length, let interface):
            record = make(.up, entry.destination, length)
            record.nextHop = entry.nextHop.description
            record.interface = interface
            record.hops = entry.hops
            table[record.destination] = record
        case .down(let destination, let length):
            record = make(.down, destination, length)
            table[record.destination] = nil
        case .discovered(let destination, let hops, let wait):
            record = make(.discovered, destination, 32)
            record.hops = hops
            record.afterMs = RouteQuery.rounded(wait.milliseconds)
        case .unreachable(let destination): record = make(.unreachable, destination, 32)
        case .rejected(let error, let sender):
            return io.errors.note("a message of \(sender) was refused: \(error)")
        case .refused(let number):
            guard !isRefusalTold else { return }
            isRefusalTold = true
            return io.errors.say(
                "the kernel refused a route: \(String(cString: strerror(number)))")
        }
        try io.output.write(record)
    }

    private func make(
        _ event: RouteEventRecord.Event, _ destination: RouterAddress, _ length: Int
    ) -> RouteEventRecord {
        RouteEventRecord(
            timestamp: SystemClock.timestamp, event: event, algorithm: node.name.rawValue,
            destination: "\(destination)/\(length)")
    }

    /// SIGUSR1: every route that holds.
    private func writeTable() throws {
        for (_, record) in table.sorted(by: { $0.key < $1.key }) { try io.output.write(record) }
    }
}

import Glibc
import KosCore
import KosTool

/// `--prepare FILE` and the file as an operand.
struct PreparedFile {
    let path: String

    /// Whether the file at `path` begins as a prepared graph does.
    static func isPrepared(_ path: String?) -> Bool {
        guard let path, path != "-" else { return false }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var head = [UInt8](repeating: 0, count: PreparedGraph.magic.count)
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            return false
        }
        return read(descriptor, &head, head.count) == head.count
            && PreparedGraph.isPrepared(head.span)
    }

    /// Writes the graph beside the path and renames it there, so that a reader never sees a part.
    func write(_ octets: [UInt8]) throws {
        let draft = path + ".new"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw failure("cannot write \(draft)") }
        var done = 0
        let isWritten = octets.withUnsafeBytes { all in
            while done < all.count {
                let count = Glibc.write(
                    descriptor, all.baseAddress.map { $0 + done }, all.count - done)
                guard count > 0 else { return false }
                done += count
            }
            return true
        }
        guard isWritten, close(descriptor) == 0, rename(draft, path) == 0 else {
            let failed = failure("cannot write \(path)")
            unlink(draft)
            throw failed
        }
    }

    /// Maps the file and hands out its octets.
    func withOctets<Result>(_ body: (borrowing Span<UInt8>) throws -> Result) throws -> Result {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("cannot open \(path)") }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_size > 0,
            let address = mmap(nil, Int(status.st_size), PROT_READ, MAP_PRIVATE, descriptor, 0),
            address != MAP_FAILED
        else { throw failure("cannot map \(path)") }
        defer { munmap(address, Int(status.st_size)) }
        let octets = UnsafeRawBufferPointer(start: address, count: Int(status.st_size))
        return try octets.withMemoryRebound(to: UInt8.self) { try body($0.span) }
    }

    /// Answers each target from the file alone.
    func answer(_ request: RouteRequest, _ io: ToolIO) throws -> ExitStatus {
        guard let from = request.source else {
            throw ToolFailure.usage(
                "a prepared graph has no source", hint: "name it with --from NODE")
        }
        guard !request.wantsAll, request.count == 1, request.disjoint == nil, !request.wantsFront,
            !request.limits.hasLimits, request.avoided.isEmpty, request.via.isEmpty,
            request.transports.isEmpty
        else {
            throw ToolFailure.usage(
                "a prepared graph answers --to only",
                hint: "give the records for limits and the rest")
        }
        return try withOctets { file in
            var graph: PreparedGraph
            do throws(PreparedGraph.Refusal) {
                graph = try PreparedGraph(file)
            } catch {
                throw refusal(error)
            }
            var (found, missing) = (0, 0)
            for name in request.targets {
                if let record = try route(from, name, request, &graph, file) {
                    try io.output.write(record)
                    found += 1
                } else {
                    missing += 1
                    try io.output.write(
                        ErrorRecord(
                            timestamp: SystemClock.timestamp, tool: io.tool, code: "noRoute",
                            message: "no route from \(from) to \(name) in \(path)"))
                }
            }
            return missing == 0 ? .yes : found == 0 ? .no : .partly
        }
    }

    private func route(
        _ from: String, _ to: String, _ request: RouteRequest, _ graph: inout PreparedGraph,
        _ file: borrowing Span<UInt8>
    ) throws -> RouteRecord? {
        guard graph.metric == request.metric else {
            throw ToolFailure.usage(
                "\(path) was prepared for --metric \(graph.metric.rawValue)",
                hint: "ask with that metric, or prepare it anew")
        }
        guard let source = graph.index(of: from, file), let target = graph.index(of: to, file),
            let (topology, path) = graph.route(from: source, to: target, file)
        else {
            if graph.isDamaged { throw refusal(.damaged) }
            return nil
        }
        var record = RouteQuery.record(
            of: path, in: topology, metric: request.metric, request.limits,
            at: SystemClock.timestamp)
        record.algorithm = RoutingAlgorithm.astar.rawValue
        return record
    }

    private func refusal(_ refusal: PreparedGraph.Refusal) -> ToolFailure {
        let what =
            switch refusal {
            case .notPrepared: "is no prepared graph"
            case .otherVersion: "was prepared by another version"
            case .truncated: "is not as long as it was"
            case .damaged: "does not match its checksum"
            }
        return ToolFailure(
            .failure, code: "badPreparedGraph", "\(path) \(what)",
            hint: "prepare it anew with --prepare")
    }

    private func failure(_ what: String) -> ToolFailure {
        ToolFailure(
            .failure, code: "cannotOpen", "\(what): \(String(cString: strerror(errno)))",
            errno: errno)
    }
}

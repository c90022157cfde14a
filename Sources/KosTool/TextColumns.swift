import KosCore

/// Which members of a record a person sees, and how.
struct TextColumns {
    /// Names of nodes, for people, by id: bounded, the first ones stay.
    private var names: [String: String] = [:]
    private static let maxNames = 65_536

    mutating func learn(_ node: String, name: String) {
        if names.count < TextColumns.maxNames || names[node] != nil { names[node] = name }
    }

    struct Cell {
        let title: String
        let text: String
        /// Least width, so that rows drawn one by one stand under each other.
        var width = 0
    }

    func cells(of record: JSONObject, type: String) -> [Cell] {
        switch type {
        case "peer": peer(record)
        case "link": link(record)
        case "route": route(record)
        case "packet": packet(record)
        case "sendResult": sendResult(record)
        case "relayEvent": relayEvent(record)
        case "probe": probe(record)
        case "hop": hop(record)
        case "simulation": simulation(record)
        case "check": check(record)
        case "metrics": metrics(record)
        case "setting":
            ["name", "value", "origin"].map {
                Cell(title: $0.uppercased(), text: plain(record[$0]), width: 12)
            }
        default: generic(record)
        }
    }

    func error(_ record: JSONObject) -> String {
        let hint = record["hint"]?.string.map { "; \($0)" } ?? ""
        return "\(plain(record["message"]))\(hint)".printable + "\n"
    }

    func summary(_ record: JSONObject) -> String {
        let cells = generic(record, isShouting: false).filter { $0.title != "tool" }
        let width = cells.map(\.title.count).max() ?? 0
        return cells.reduce(into: "\n") { text, cell in
            let gap = String(repeating: " ", count: width - cell.title.count + 2)
            text += (cell.title + gap + cell.text).printable + "\n"
        }
    }

    /// The relay as a whole has no peer.
    private func metrics(_ record: JSONObject) -> [Cell] {
        let drops = record["dropped"]?.object?.members.compactMap(\.value.number).reduce(0, +) ?? 0
        return [
            Cell(title: "PEER", text: record["peer"].map(node) ?? "(all)", width: 13),
            Cell(title: "OVER", text: plain(record["transport"]), width: 5),
            Cell(title: "IN", text: plain(record["packetsReceived"]), width: 9),
            Cell(title: "OUT", text: plain(record["packetsSent"]), width: 9),
            Cell(title: "BYTES IN", text: plain(record["bytesReceived"]), width: 11),
            Cell(title: "BYTES OUT", text: plain(record["bytesSent"]), width: 11),
            Cell(title: "ERRORS", text: plain(record["errors"])),
            Cell(title: "DROPPED", text: JSONValue.number(drops).text),
            Cell(title: "WAITING", text: plain(record["queueLength"]), width: 7),
            Cell(title: "RTT", text: milliseconds(record["rttMs"]), width: 9),
            Cell(title: "LOSS", text: percent(record["lossRatio"]), width: 6),
            Cell(title: "ACTIVE", text: age(record["timestamp"], since: record["lastActivity"])),
        ]
    }

    private func check(_ record: JSONObject) -> [Cell] {
        let hint = record["hint"]?.string.map { "; \($0)" } ?? ""
        return [
            Cell(title: "WHAT", text: plain(record["name"]), width: 13),
            Cell(title: "STATE", text: plain(record["state"]), width: 7),
            Cell(title: "FOUND", text: plain(record["found"]) + hint),
        ]
    }

    private func peer(_ record: JSONObject) -> [Cell] {
        let metadata = record["metadata"]?.object ?? [:]
        var addresses: [String] = []
        for address in record["addresses"]?.array ?? [] {
            guard let object = address.object,
                let address = try? PeerAddress(RecordFields(object))
            else { continue }
            addresses.append(address.uri)
        }
        let event = plain(record["event"])
        let reason = record["reason"]?.string.map { " (\($0))" } ?? ""
        var methods = metadata["methods"]?.array?.compactMap(\.string) ?? []
        if methods.isEmpty { methods = [plain(metadata["discoveryMethod"])] }
        var cells = [
            Cell(
                title: "NODE", text: metadata["name"]?.string ?? node(record["nodeId"]), width: 13),
            Cell(title: "METHOD", text: methods.joined(separator: ","), width: 9),
            Cell(title: "ADDRESSES", text: addresses.joined(separator: " "), width: 34),
            Cell(
                title: "CAPABILITIES",
                text: (record["capabilities"]?.array ?? []).compactMap(\.string)
                    .joined(separator: ","), width: 12),
            Cell(title: "SEEN", text: age(record["timestamp"], since: metadata["lastSeen"])),
        ]
        if event != "" && event != "found" {
            cells.insert(Cell(title: "EVENT", text: event + reason, width: 18), at: 0)
        }
        return cells
    }

    private func link(_ record: JSONObject) -> [Cell] {
        [
            Cell(title: "FROM", text: node(record["source"]), width: 13),
            Cell(title: "TO", text: node(record["destination"]), width: 13),
            Cell(title: "OVER", text: plain(record["transport"]), width: 5),
            Cell(title: "LATENCY", text: milliseconds(record["latency"]), width: 9),
            Cell(title: "RELIABILITY", text: percent(record["reliability"])),
            Cell(title: "BANDWIDTH", text: bitRate(record["bandwidth"])),
            Cell(title: "ADDRESS", text: plain(record["address"])),
        ]
    }

    private func route(_ record: JSONObject) -> [Cell] {
        let nodes = (record["hops"]?.array ?? []).map { hop in
            hop.object.map { $0["nodeId"].map(node) ?? plain($0["address"]) } ?? ""
        }
        let path = (record["source"].map { [node($0)] } ?? []) + nodes
        return [
            Cell(title: "TO", text: node(record["destination"]), width: 13),
            Cell(title: "LATENCY", text: milliseconds(record["latency"]), width: 9),
            Cell(title: "RELIABILITY", text: percent(record["reliability"])),
            Cell(title: "BANDWIDTH", text: bitRate(record["bandwidth"])),
            Cell(title: "COST", text: plain(record["cost"]), width: 8),
            Cell(title: "SCORE", text: plain(record["score"]), width: 6),
            Cell(title: "ALGORITHM", text: plain(record["algorithm"])),
            Cell(title: "PATH", text: path.joined(separator: " → ")),
        ]
    }

    private func packet(_ record: JSONObject) -> [Cell] {
        let metadata = record["metadata"]?.object ?? [:]
        return [
            Cell(title: "FROM", text: node(record["source"]), width: 13),
            Cell(title: "TO", text: node(record["destination"]), width: 13),
            Cell(title: "KIND", text: plain(metadata["type"]), width: 9),
            Cell(title: "HOPS", text: plain(metadata["hops"])),
            Cell(title: "TTL", text: plain(metadata["ttl"])),
            Cell(title: "PAYLOAD", text: plain(record["payload"])),
        ]
    }

    private func sendResult(_ record: JSONObject) -> [Cell] {
        let isDone = record["success"]?.boolean == true
        let word = record["status"]?.string ?? (isDone ? "delivered" : "failed")
        let detail = isDone ? plain(record["packetId"]) : plain(record["error"])
        return [
            Cell(title: "TO", text: node(record["destination"]), width: 13),
            Cell(title: "RESULT", text: word, width: 9),
            Cell(title: "RTT", text: milliseconds(record["rttMs"]), width: 9),
            Cell(title: "TRIES", text: plain(record["attempts"])),
            Cell(title: "BYTES", text: plain(record["bytesSent"])),
            Cell(title: "PACKET", text: detail),
        ]
    }

    private func relayEvent(_ record: JSONObject) -> [Cell] {
        let reason = record["reason"]?.string.map { " (\($0))" } ?? ""
        return [
            Cell(title: "EVENT", text: plain(record["event"]) + reason, width: 20),
            Cell(title: "FROM", text: node(record["from"]), width: 13),
            Cell(title: "TO", text: node(record["to"]), width: 13),
            Cell(title: "HOPS", text: plain(record["hops"])),
            Cell(title: "TTL", text: plain(record["ttl"])),
            Cell(title: "PACKET", text: plain(record["packetId"])),
        ]
    }

    private func probe(_ record: JSONObject) -> [Cell] {
        [
            Cell(title: "SEQ", text: plain(record["seq"]), width: 4),
            Cell(title: "TO", text: node(record["destination"]), width: 13),
            Cell(title: "RTT", text: milliseconds(record["rttMs"]), width: 9),
            Cell(title: "HOPS", text: plain(record["hops"])),
            Cell(title: "RESULT", text: record["error"]?.string ?? "answered"),
        ]
    }

    private func hop(_ record: JSONObject) -> [Cell] {
        let times = record["rttMs"]?.object ?? [:]
        let sides = ["last", "min", "avg", "max"].map {
            Cell(title: $0.uppercased(), text: milliseconds(times[$0]), width: 9)
        }
        return [
            Cell(title: "HOP", text: plain(record["hop"])),
            Cell(title: "NODE", text: record["nodeId"].map(node) ?? "*", width: 13),
            Cell(title: "LOSS", text: percent(record["lossRatio"]), width: 6),
        ] + sides + [Cell(title: "ADDRESS", text: plain(record["address"]))]
    }

    /// Members as they are, objects spread one level, times and empty ones left out.
    private func simulation(_ record: JSONObject) -> [Cell] {
        let delays = record["delayMs"]?.object
        let waits = record["discoveryMs"]?.object
        return [
            Cell(title: "PROTOCOL", text: plain(record["algorithm"]), width: 8),
            Cell(title: "DELIVERED", text: percent(record["deliveryRatio"]), width: 9),
            Cell(title: "DELAY P50", text: milliseconds(delays?["p50"]), width: 9),
            Cell(title: "P95", text: milliseconds(delays?["p95"]), width: 9),
            Cell(title: "HOPS", text: plain(record["meanHops"]), width: 8),
            Cell(title: "CONTROL", text: plain(record["controlFrames"]), width: 8),
            Cell(title: "OCTETS", text: plain(record["controlBytes"]), width: 9),
            Cell(title: "DISCOVERY", text: milliseconds(waits?["p50"]), width: 9),
            Cell(title: "AVAILABLE", text: percent(record["availability"]), width: 9),
            Cell(title: "CONNECTED", text: percent(record["connectivity"])),
        ]
    }

    private func generic(_ record: JSONObject, isShouting: Bool = true) -> [Cell] {
        func title(_ name: String) -> String { isShouting ? name.uppercased() : name }
        var cells: [Cell] = []
        for member in record.members.dropFirst(2) where member.name != "timestamp" {
            if let object = member.value.object {
                for inner in object.members {
                    let title = title("\(member.name).\(inner.name)")
                    cells.append(Cell(title: title, text: plain(inner.value)))
                }
            } else {
                cells.append(Cell(title: title(member.name), text: plain(member.value)))
            }
        }
        return cells
    }

    private func plain(_ value: JSONValue?) -> String {
        switch value {
        case nil, .null: ""
        case .string(let text): text
        case .array(let elements) where elements.allSatisfy { $0.string != nil }:
            elements.compactMap(\.string).joined(separator: ",")
        case .some(let other): other.text
        }
    }

    private func node(_ value: JSONValue?) -> String {
        let text = plain(value)
        return names[text] ?? NodeID(text)?.brief ?? text
    }

    private func milliseconds(_ value: JSONValue?) -> String {
        value?.number.map { "\(shortened($0)) ms" } ?? "-"
    }

    private func percent(_ value: JSONValue?) -> String {
        value?.number.map { "\(shortened($0 * 100)) %" } ?? "-"
    }

    private func bitRate(_ value: JSONValue?) -> String {
        guard let rate = value?.number else { return "-" }
        for (unit, scale) in [("Gbit/s", 1e9), ("Mbit/s", 1e6), ("kbit/s", 1e3)] where rate >= scale
        {
            return "\(shortened(rate / scale)) \(unit)"
        }
        return "\(shortened(rate)) bit/s"
    }

    /// Two decimals at most.
    private func shortened(_ value: Double) -> String {
        JSONValue.number((value * 100).rounded() / 100).text
    }

    private func age(_ now: JSONValue?, since seen: JSONValue?) -> String {
        guard let seen = seen?.integer else { return "" }
        let seconds = ((now?.integer ?? seen) - seen) / 1000
        return switch seconds {
        case ..<2: "now"
        case ..<120: "\(seconds) s ago"
        case ..<7200: "\(seconds / 60) min ago"
        default: "\(seconds / 3600) h ago"
        }
    }
}

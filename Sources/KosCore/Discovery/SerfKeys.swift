/// What Serf asks of every member's key ring: a query whose name says what is to be done
/// (`serf keys -install|-use|-remove|-list`).
package struct SerfKeyRequest: Hashable, Sendable {
    package enum Action: String, Sendable, CaseIterable {
        case install = "_serf_install-key"
        case use = "_serf_use-key"
        case remove = "_serf_remove-key"
        case list = "_serf_list-keys"
    }
    private static let kind: UInt8 = 7
    package let action: Action
    /// Empty for a list.
    package let key: [UInt8]

    /// Nil for a query about something else, or one that cannot be read.
    package init?(_ query: SerfQuery) {
        guard let action = Action(rawValue: query.name) else { return nil }
        self.action = action
        guard query.payload.first == SerfKeyRequest.kind else {
            guard action == .list else { return nil }
            key = []
            return
        }
        var reader = MessagePackReader(query.payload, from: 1)
        var key: [UInt8] = []
        guard let count = try? reader.map(), count <= 8 else { return nil }
        for _ in 0..<count {
            guard let name = try? reader.text() else { return nil }
            do throws(MessagePackReader.Failure) {
                if name == "Key" { key = try reader.bytes() } else { try reader.skip() }
            } catch {
                return nil
            }
        }
        self.key = key
    }
}

/// What a member says of it.
struct SerfKeyAnswer {
    private static let kind: UInt8 = 8
    /// Octets that Serf allows a query's answer.
    private static let maxOctets = 1024
    var isDone = true
    var message = ""
    var keys: [[UInt8]] = []

    /// With the type, no longer than Serf allows: keys that do not fit are left out, and said so.
    var encoded: [UInt8] {
        var shown = keys.map(Base64.encode)
        var message = message
        while true {
            let octets = encoded(shown, message)
            guard octets.count > SerfKeyAnswer.maxOctets - 256, !shown.isEmpty else {
                return octets
            }
            shown.removeLast()
            message =
                "Truncated key list response, showing first \(shown.count) of \(keys.count) keys"
        }
    }

    private func encoded(_ shown: [String], _ message: String) -> [UInt8] {
        var octets = [SerfKeyAnswer.kind]
        MessagePack.append(map: 4, to: &octets)
        MessagePack.append("Keys", to: &octets)
        MessagePack.append(array: shown.count, to: &octets)
        for key in shown { MessagePack.append(key, to: &octets) }
        MessagePack.append("Message", to: &octets)
        MessagePack.append(message, to: &octets)
        MessagePack.append("PrimaryKey", to: &octets)
        MessagePack.append(keys.first.map(Base64.encode) ?? "", to: &octets)
        MessagePack.append("Result", to: &octets)
        MessagePack.append(isDone, to: &octets)
        return octets
    }
}

extension Gossip {
    /// Does what is asked of the key ring; a ring that changed is told, so that it is kept.
    mutating func rotate(_ request: SerfKeyRequest, _ outputs: inout [Output]) -> [UInt8] {
        var answer = SerfKeyAnswer()
        guard !envelope.keys.isEmpty else {
            answer.isDone = false
            answer.message =
                request.action == .list
                ? "Keyring is empty (encryption not enabled)"
                : "No keyring to modify (encryption not enabled)"
            return answer.encoded
        }
        let before = envelope.keys
        let refusal: GossipEnvelope.KeyRefusal? =
            switch request.action {
            case .install: envelope.install(request.key)
            case .use: envelope.use(request.key)
            case .remove: envelope.remove(request.key)
            case .list: nil
            }
        if let refusal {
            answer.isDone = false
            answer.message = refusal.rawValue
        }
        if request.action == .list { answer.keys = envelope.keys }
        if envelope.keys != before { outputs.append(.keys(envelope.keys)) }
        return answer.encoded
    }
}

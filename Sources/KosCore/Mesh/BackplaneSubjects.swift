/// The subjects that relays use on a message system, as the manual documents them. A node's id is
/// one token: what may not stand in one is written `=` and two hexadecimal digits for each octet.
package enum BackplaneSubjects {
    package static let prefix = "kos.v1"
    package static let bucket = "kos_presence"
    /// Everything that is for all relays.
    package static let everybody = "\(prefix).group.all"

    package static func node(_ id: String) -> String { "\(prefix).node.\(token(id))" }
    package static func relay(_ id: String) -> String { "\(prefix).relay.\(token(id)).ctl" }
    /// Attached and detached, for whoever looks on.
    package static func presence(_ id: String) -> String { "\(prefix).presence.\(token(id))" }
    /// The entry of the key-value bucket; relays hear of it as a subject.
    package static func entry(_ id: String) -> String { "$KV.\(bucket).\(token(id))" }
    /// The last message under an entry, from the stream behind the bucket.
    package static func lookUp(_ id: String) -> String {
        "$JS.API.DIRECT.GET.KV_\(bucket).\(entry(id))"
    }

    package static func token(_ id: String) -> String {
        var text = ""
        for octet in id.utf8 {
            switch octet {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x5F:
                text.unicodeScalars.append(Unicode.Scalar(octet))
            default:
                let digits = String(octet, radix: 16, uppercase: true)
                text += digits.utf8.count == 1 ? "=0\(digits)" : "=\(digits)"
            }
        }
        return text
    }

    /// Makes the stream behind the bucket, as `nats kv add` would: one value a key, forgotten when
    /// it was not renewed for the lifetime of a claim.
    static var bucketRequest: (subject: String, octets: [UInt8]) {
        let lifetime = Double(Attachments.lifetime.nanoseconds)
        let stream: JSONObject = [
            "name": .string("KV_\(bucket)"), "subjects": .array([.string("$KV.\(bucket).>")]),
            "retention": .string("limits"), "storage": .string("memory"),
            "max_msgs_per_subject": .number(1), "max_age": .number(lifetime),
            "duplicate_window": .number(lifetime), "discard": .string("new"),
            "allow_rollup_hdrs": .boolean(true), "deny_delete": .boolean(true),
            "allow_direct": .boolean(true), "num_replicas": .number(1),
        ]
        return ("$JS.API.STREAM.CREATE.KV_\(bucket)", Array(JSONValue.object(stream).text.utf8))
    }

    /// How the replies of what the stream sends begin.
    static let listed = "$JS.ACK.KV_\(bucket)."

    /// Has every entry of the bucket sent to `inbox`.
    static func listRequest(to inbox: String) -> (subject: String, octets: [UInt8]) {
        let consumer: JSONObject = [
            "stream_name": .string("KV_\(bucket)"),
            "config": .object([
                "deliver_subject": .string(inbox), "deliver_policy": .string("last_per_subject"),
                "ack_policy": .string("none"), "replay_policy": .string("instant"),
                "filter_subject": .string("$KV.\(bucket).>"), "num_replicas": .number(1),
                "mem_storage": .boolean(true), "inactive_threshold": .number(5_000_000_000),
            ]),
        ]
        return ("$JS.API.CONSUMER.CREATE.KV_\(bucket)", Array(JSONValue.object(consumer).text.utf8))
    }
}

/// What two ends of a WebSocket have agreed on for permessage-deflate (RFC 7692 §7.1).
package struct DeflateAgreement: Hashable, Sendable {
    private static let name = "permessage-deflate"
    /// What a client of ours asks for.
    package static let offer = "permessage-deflate; client_max_window_bits"

    /// Whether the server, or the client, starts anew with each message.
    package private(set) var serverForgets = false
    package private(set) var clientForgets = false
    /// How far back each of them may refer: 2 to this, in octets.
    package private(set) var serverBits = 15
    package private(set) var clientBits = 15
    private var namesServerBits = false

    /// What a server makes of the offers in `Sec-WebSocket-Extensions`: the first one that it can
    /// keep; nil for none.
    package init?(offers: [String]) {
        for header in offers {
            for offer in header.split(separator: ",") {
                if let agreement = DeflateAgreement(offer, isAnswer: false) {
                    self = agreement
                    return
                }
            }
        }
        return nil
    }

    /// What a client reads in the server's answer; nil when it is no answer to `offer`.
    package init?(answer: String) {
        guard let agreement = DeflateAgreement(answer[...], isAnswer: true) else { return nil }
        self = agreement
    }

    private init?(_ text: Substring, isAnswer: Bool) {
        let parts = text.split(separator: ";", omittingEmptySubsequences: false)
            .map { String($0.filter { $0 != " " && $0 != "\t" }) }
        guard parts.first == DeflateAgreement.name else { return nil }
        var seen: Set<String> = []
        for part in parts.dropFirst() {
            let sides = part.split(separator: "=", maxSplits: 1)
            guard let parameter = sides.first.map(String.init),
                seen.insert(parameter).inserted
            else { return nil }
            let value = sides.count > 1 ? String(sides[1].filter { $0 != "\"" }) : nil
            switch parameter {
            case "server_no_context_takeover" where value == nil: serverForgets = true
            case "client_no_context_takeover" where value == nil: clientForgets = true
            case "server_max_window_bits":
                guard let bits = DeflateAgreement.bits(value) else { return nil }
                serverBits = bits
                namesServerBits = true
            case "client_max_window_bits":
                if value == nil, !isAnswer { continue }
                guard let bits = DeflateAgreement.bits(value) else { return nil }
                clientBits = bits
            default: return nil
            }
        }
    }

    private static func bits(_ text: String?) -> Int? {
        guard let text, let bits = Int(text), (8...15).contains(bits), text == String(bits) else {
            return nil
        }
        return bits
    }

    /// The server's answer.
    package var answer: String {
        var text = DeflateAgreement.name
        if serverForgets { text += "; server_no_context_takeover" }
        if clientForgets { text += "; client_no_context_takeover" }
        if namesServerBits { text += "; server_max_window_bits=\(serverBits)" }
        return text
    }
}

/// The SRV and TXT records of an answer from the domain name system (RFC 1035 §4, RFC 2782).
package struct DNSAnswer: Sendable {
    package struct Service: Hashable, Sendable {
        package let priority: UInt16
        package let weight: UInt16
        package let port: UInt16
        /// Host name without the last dot; empty when the service is decidedly not there.
        package let target: String
    }
    /// Records taken of one answer.
    private static let maxRecords = 64

    /// In the order in which they are to be tried: by priority, heavier ones first within one.
    package private(set) var services: [Service] = []
    package private(set) var texts: [TXTRecord] = []

    /// Nil when `message` is no answer, or ends too early. Records of other types are left out.
    package init?(_ message: [UInt8]) {
        var reader = Reader(message)
        guard let head = reader.take(12), head[2] & 0x80 != 0 else { return nil }
        let questions = Int(head[4]) << 8 | Int(head[5])
        let answers = Int(head[6]) << 8 | Int(head[7])
        for _ in 0..<questions {
            guard reader.name() != nil, reader.take(4) != nil else { return nil }
        }
        for _ in 0..<min(answers, DNSAnswer.maxRecords) {
            guard reader.name() != nil, let fixed = reader.take(10) else { return nil }
            let length = Int(fixed[8]) << 8 | Int(fixed[9])
            let start = reader.offset
            guard let data = reader.take(length) else { return nil }
            switch (fixed[0], fixed[1], fixed[3]) {
            case (0, 33, 1):
                var inner = Reader(message, at: start)
                guard let numbers = inner.take(6), let target = inner.name() else { return nil }
                services.append(
                    Service(
                        priority: UInt16(numbers[0]) << 8 | UInt16(numbers[1]),
                        weight: UInt16(numbers[2]) << 8 | UInt16(numbers[3]),
                        port: UInt16(numbers[4]) << 8 | UInt16(numbers[5]), target: target))
            case (0, 16, 1): texts.append(TXTRecord(strings: DNSAnswer.strings(data)))
            default: break
            }
        }
        services.sort { ($0.priority, $1.weight) < ($1.priority, $0.weight) }
    }

    private static func strings(_ data: [UInt8]) -> [[UInt8]] {
        var strings: [[UInt8]] = []
        var rest = data[...]
        while let length = rest.popFirst(), rest.count >= Int(length) {
            strings.append(Array(rest.prefix(Int(length))))
            rest = rest.dropFirst(Int(length))
        }
        return strings
    }

    /// Where the relays of a domain listen: the URIs of its TXT records' `endpoints`, and its SRV
    /// records as TCP.
    package var endpoints: [Endpoint] {
        var all: [Endpoint] = []
        for text in texts {
            for uri in (text["endpoints"] ?? "").split(separator: ",").prefix(16) {
                if let endpoint = Endpoint(String(uri)), !endpoint.host.isEmpty {
                    all.append(endpoint)
                }
            }
        }
        for service in services where !service.target.isEmpty {
            all.append(
                Endpoint(transport: .tcp, host: service.target, port: Int(service.port)))
        }
        var unique: [Endpoint] = []
        for endpoint in all where !unique.contains(endpoint) { unique.append(endpoint) }
        return unique
    }

    private struct Reader {
        private let message: [UInt8]
        private(set) var offset: Int

        init(_ message: [UInt8], at offset: Int = 0) {
            self.message = message
            self.offset = offset
        }

        mutating func take(_ count: Int) -> [UInt8]? {
            guard message.count - offset >= count else { return nil }
            defer { offset += count }
            return Array(message[offset..<offset + count])
        }

        /// A name with its compression (RFC 1035 §4.1.4): pointers lead back only, so that they
        /// end.
        mutating func name() -> String? {
            var labels: [String] = []
            var octets = 0
            var at = offset
            var end: Int?
            var limit = offset
            while at < message.count {
                let length = Int(message[at])
                if length & 0xC0 == 0xC0 {
                    guard at + 1 < message.count else { return nil }
                    let target = (length & 0x3F) << 8 | Int(message[at + 1])
                    guard target < limit else { return nil }
                    end = end ?? at + 2
                    limit = target
                    at = target
                    continue
                }
                guard length <= 63, message.count - at > length else { return nil }
                at += 1
                if length == 0 {
                    offset = end ?? at
                    return labels.joined(separator: ".")
                }
                octets += length + 1
                guard octets <= 255 else { return nil }
                let label = message[at..<at + length]
                guard label.allSatisfy({ (0x21...0x7E).contains($0) && $0 != 0x2E }) else {
                    return nil
                }
                labels.append(String(decoding: label, as: UTF8.self))
                at += length
            }
            return nil
        }
    }
}

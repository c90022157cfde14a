/// A record of the Service Discovery Protocol: attributes by their number, ascending.
package struct ServiceRecord: Hashable, Sendable {
    package enum Attribute {
        package static let handle: UInt16 = 0x0000
        package static let classes: UInt16 = 0x0001
        package static let protocols: UInt16 = 0x0004
        package static let browseGroups: UInt16 = 0x0005
        package static let name: UInt16 = 0x0100
    }
    private enum Layer {
        static let rfcomm = DataElement.uuid16(0x0003)
        static let l2cap = DataElement.uuid16(0x0100)
    }
    package var attributes: [UInt16: DataElement]

    /// The record of a node that listens on RFCOMM or a classic L2CAP channel. Nil for Low Energy,
    /// which has none.
    package init?(handle: UInt32, name: String, at port: BluetoothPort) {
        let stack: [DataElement]
        switch port {
        case .classic(let psm): stack = [.sequence([Layer.l2cap, .unsigned16(psm)])]
        case .serial(let channel):
            stack = [
                .sequence([Layer.l2cap]), .sequence([Layer.rfcomm, .unsigned([channel])]),
            ]
        case .lowEnergy: return nil
        }
        attributes = [
            Attribute.handle: .unsigned(
                [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: handle >> $0) }),
            Attribute.classes: .sequence([.uuid(ServiceAdvertisement.service)]),
            Attribute.protocols: .sequence(stack),
            // The group that everybody browses.
            Attribute.browseGroups: .sequence([.uuid16(0x1002)]),
            Attribute.name: .text(Array(name.utf8.prefix(64))),
        ]
    }

    /// A list of attributes as it comes in an answer; nil for what is none.
    package init?(_ element: DataElement) {
        guard case .sequence(let members) = element, members.count % 2 == 0 else { return nil }
        attributes = [:]
        for place in stride(from: 0, to: members.count, by: 2) {
            guard case .unsigned(let octets) = members[place], octets.count == 2 else { return nil }
            attributes[UInt16(octets[0]) << 8 | UInt16(octets[1])] = members[place + 1]
        }
    }

    /// The attributes of these ranges.
    package func element(_ ranges: [ClosedRange<UInt16>]) -> DataElement {
        let wanted = attributes.filter { entry in ranges.contains { $0.contains(entry.key) } }
        return .sequence(
            wanted.sorted { $0.key < $1.key }.flatMap { [.unsigned16($0.key), $0.value] })
    }

    package func contains(uuid: [UInt8]) -> Bool {
        attributes.values.contains { $0.contains(uuid: uuid) }
    }

    /// Where the service listens; nil where that is no channel of a dynamic number.
    package var port: BluetoothPort? {
        let layers = attributes[Attribute.protocols]?.elements ?? []
        var found: BluetoothPort?
        for layer in layers {
            guard let parts = layer.elements, let name = parts.first?.fullUUID else { continue }
            let number = parts.dropFirst().first?.number
            if name == Layer.rfcomm.fullUUID { return number.flatMap { BluetoothPort($0) } }
            if name == Layer.l2cap.fullUUID { found = number.flatMap { BluetoothPort($0) } }
        }
        return found
    }

    package var name: String? {
        guard case .text(let octets) = attributes[Attribute.name] else { return nil }
        return String(validating: octets, as: UTF8.self)
    }
}

/// Asks a device for the records of one service, in as many transactions as it takes (Vol 3 Part B
/// §4.7.1).
package struct ServiceQuery: Sendable {
    package enum Step: Hashable, Sendable {
        case ask([UInt8])
        case records([ServiceRecord])
        /// The device refuses, or what it says cannot be read.
        case failed
    }
    private static let maxOctets = 65_535
    private let service: [UInt8]
    private var transaction: UInt16
    private var collected: [UInt8] = []

    package init(service: [UInt8], transaction: UInt16) {
        self.service = service
        self.transaction = transaction
    }

    /// The first question.
    package var request: [UInt8] { request(continuation: []) }

    private func request(continuation: [UInt8]) -> [UInt8] {
        let body =
            DataElement.sequence([.uuid(service)]).octets + [0xFF, 0xFF]
            + DataElement.sequence([.unsigned([0, 0, 0xFF, 0xFF])]).octets
            + [UInt8(truncatingIfNeeded: continuation.count)] + continuation
        return ServiceDiscovery.message(.searchAttributeRequest, transaction, body)
    }

    package mutating func take(_ octets: [UInt8]) -> Step {
        guard let (kind, number, body) = ServiceDiscovery.parse(octets),
            kind == .searchAttributeResponse, number == transaction, body.count >= 3
        else { return .failed }
        let count = Int(body[0]) << 8 | Int(body[1])
        guard 2 + count < body.count else { return .failed }
        collected += body[2..<2 + count]
        let continuation = Array(body[(3 + count)...])
        guard continuation.count == Int(body[2 + count]), continuation.count <= 16,
            collected.count <= ServiceQuery.maxOctets
        else { return .failed }
        guard continuation.isEmpty else {
            guard count > 0 else { return .failed }
            transaction &+= 1
            return .ask(request(continuation: continuation))
        }
        guard case .sequence(let lists) = DataElement(collected) else { return .failed }
        return .records(lists.compactMap { ServiceRecord($0) })
    }
}

/// Answers to those who ask for records (Vol 3 Part B §4): for a machine on which no daemon does.
package struct ServiceDirectory: Sendable {
    package var records: [ServiceRecord] = []

    package init() {}

    /// The answer, in at most `limit` octets.
    package func answer(to octets: [UInt8], limit: Int) -> [UInt8] {
        guard let (kind, transaction, body) = ServiceDiscovery.parse(octets) else {
            return ServiceDiscovery.failure(.invalidSyntax, octets)
        }
        var reader = body
        switch kind {
        case .searchRequest:
            guard let pattern = ServiceDirectory.take(&reader), reader.count >= 3 else {
                return ServiceDiscovery.failure(.invalidSyntax, octets)
            }
            let handles = matching(pattern).compactMap { record -> [UInt8]? in
                guard case .unsigned(let handle) = record.attributes[ServiceRecord.Attribute.handle]
                else { return nil }
                return handle
            }.prefix(min(limit / 8, Int(reader[0]) << 8 | Int(reader[1])))
            let count = [UInt8(0), UInt8(handles.count)]
            return ServiceDiscovery.message(
                .searchResponse, transaction, count + count + handles.flatMap { $0 } + [0])
        case .attributeRequest:
            guard reader.count > 4 else {
                return ServiceDiscovery.failure(.invalidSyntax, octets)
            }
            let handle = DataElement.unsigned(Array(reader[..<4]))
            reader.removeFirst(4)
            guard
                let record = records.first(where: {
                    $0.attributes[ServiceRecord.Attribute.handle] == handle
                })
            else { return ServiceDiscovery.failure(.invalidHandle, octets) }
            return attributes(.attributeResponse, transaction, octets, reader, limit) {
                record.element($0)
            }
        case .searchAttributeRequest:
            guard let pattern = ServiceDirectory.take(&reader) else {
                return ServiceDiscovery.failure(.invalidSyntax, octets)
            }
            return attributes(.searchAttributeResponse, transaction, octets, reader, limit) {
                ranges in .sequence(matching(pattern).map { $0.element(ranges) })
            }
        case .error, .searchResponse, .attributeResponse, .searchAttributeResponse:
            return ServiceDiscovery.failure(.invalidSyntax, octets)
        }
    }

    /// Records in which every UUID of the pattern stands.
    private func matching(_ pattern: DataElement) -> [ServiceRecord] {
        let wanted = pattern.elements?.map(\.fullUUID) ?? []
        guard !wanted.isEmpty, wanted.count <= 12 else { return [] }
        return records.filter { record in
            wanted.allSatisfy { $0.map { record.contains(uuid: $0) } ?? false }
        }
    }

    /// The part of the answer that is asked for: the continuation state is where it starts.
    private func attributes(
        _ kind: ServiceDiscovery.Kind, _ transaction: UInt16, _ request: [UInt8], _ rest: [UInt8],
        _ limit: Int, _ answer: ([ClosedRange<UInt16>]) -> DataElement
    ) -> [UInt8] {
        var rest = rest
        guard rest.count > 2 else { return ServiceDiscovery.failure(.invalidSyntax, request) }
        let most = Int(rest[0]) << 8 | Int(rest[1])
        rest.removeFirst(2)
        guard most >= 7, let list = ServiceDirectory.take(&rest), let size = rest.first,
            rest.count == Int(size) + 1, size == 0 || size == 2
        else { return ServiceDiscovery.failure(.invalidSyntax, request) }
        var ranges: [ClosedRange<UInt16>] = []
        for element in list.elements ?? [] {
            guard case .unsigned(let octets) = element else { continue }
            let numbers = stride(from: 0, to: octets.count - 1, by: 2).map {
                UInt16(octets[$0]) << 8 | UInt16(octets[$0 + 1])
            }
            guard let low = numbers.first, let high = numbers.last, low <= high else { continue }
            ranges.append(low...high)
        }
        let whole = answer(ranges).octets
        let start = size == 2 ? Int(rest[1]) << 8 | Int(rest[2]) : 0
        guard start <= whole.count, start == 0 || start < whole.count else {
            return ServiceDiscovery.failure(.invalidContinuation, request)
        }
        let end = min(whole.count, start + min(most, max(7, limit - 10)))
        let part = [UInt8((end - start) >> 8), UInt8(truncatingIfNeeded: end - start)]
        let state: [UInt8] =
            end < whole.count ? [2, UInt8(end >> 8), UInt8(truncatingIfNeeded: end)] : [0]
        return ServiceDiscovery.message(kind, transaction, part + whole[start..<end] + state)
    }

    private static func take(_ octets: inout [UInt8]) -> DataElement? {
        guard let (element, count) = DataElement.prefix(of: octets), case .sequence = element else {
            return nil
        }
        octets.removeFirst(count)
        return element
    }
}

/// Messages of the Service Discovery Protocol: a kind, a transaction, a length, parameters.
package enum ServiceDiscovery {
    package enum Kind: UInt8, Sendable {
        case error = 1
        case searchRequest, searchResponse
        case attributeRequest, attributeResponse
        case searchAttributeRequest, searchAttributeResponse
    }
    /// Where records are asked for.
    package static let port = BluetoothPort.classic(psm: 0x0001)
    enum Failure: UInt16 { case invalidHandle = 2, invalidSyntax = 3, invalidContinuation = 5 }

    static func message(_ kind: Kind, _ transaction: UInt16, _ body: [UInt8]) -> [UInt8] {
        [
            kind.rawValue, UInt8(transaction >> 8), UInt8(truncatingIfNeeded: transaction),
            UInt8(truncatingIfNeeded: body.count >> 8), UInt8(truncatingIfNeeded: body.count),
        ] + body
    }

    static func parse(_ octets: [UInt8]) -> (kind: Kind, transaction: UInt16, body: [UInt8])? {
        guard octets.count >= 5, let kind = Kind(rawValue: octets[0]),
            Int(octets[3]) << 8 | Int(octets[4]) == octets.count - 5
        else { return nil }
        return (kind, UInt16(octets[1]) << 8 | UInt16(octets[2]), Array(octets[5...]))
    }

    static func failure(_ code: Failure, _ request: [UInt8]) -> [UInt8] {
        let transaction = request.count >= 3 ? UInt16(request[1]) << 8 | UInt16(request[2]) : 0
        return message(
            .error, transaction,
            [UInt8(code.rawValue >> 8), UInt8(truncatingIfNeeded: code.rawValue)])
    }
}

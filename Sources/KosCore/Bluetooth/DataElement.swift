/// A data element of the Service Discovery Protocol (Core Specification 5.4, Vol 3 Part B §3):
/// big-endian, with a header of its type and size.
package indirect enum DataElement: Hashable, Sendable {
    case null
    /// In 1, 2, 4, 8 or 16 octets.
    case unsigned([UInt8])
    case signed([UInt8])
    /// 2, 4 or 16 octets.
    case uuid([UInt8])
    case text([UInt8])
    case boolean(Bool)
    case sequence([DataElement])
    case alternative([DataElement])
    case url([UInt8])

    private static let maxDepth = 8
    private static let maxElements = 1024

    package static func unsigned16(_ value: UInt16) -> DataElement {
        .unsigned([UInt8(value >> 8), UInt8(truncatingIfNeeded: value)])
    }
    package static func uuid16(_ value: UInt16) -> DataElement {
        .uuid([UInt8(value >> 8), UInt8(truncatingIfNeeded: value)])
    }

    // MARK: Writing

    package var octets: [UInt8] {
        switch self {
        case .null: [0x00]
        case .unsigned(let octets): DataElement.fixed(1, octets)
        case .signed(let octets): DataElement.fixed(2, octets)
        case .uuid(let octets): DataElement.fixed(3, octets)
        case .text(let octets): DataElement.sized(4, octets)
        case .boolean(let value): [5 << 3, value ? 1 : 0]
        case .sequence(let elements): DataElement.sized(6, elements.flatMap(\.octets))
        case .alternative(let elements): DataElement.sized(7, elements.flatMap(\.octets))
        case .url(let octets): DataElement.sized(8, octets)
        }
    }

    private static func fixed(_ type: UInt8, _ octets: [UInt8]) -> [UInt8] {
        [type << 3 | UInt8(truncatingIfNeeded: octets.count.trailingZeroBitCount)] + octets
    }

    private static func sized(_ type: UInt8, _ octets: [UInt8]) -> [UInt8] {
        switch octets.count {
        case 0...0xFF: [type << 3 | 5, UInt8(octets.count)] + octets
        case 0...0xFFFF:
            [type << 3 | 6, UInt8(octets.count >> 8), UInt8(truncatingIfNeeded: octets.count)]
                + octets
        default:
            [type << 3 | 7]
                + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: octets.count >> $0) } + octets
        }
    }

    // MARK: Reading

    /// The element that `octets` are, all of them; nil for anything else.
    package init?(_ octets: [UInt8]) {
        var place = 0
        var left = DataElement.maxElements
        guard let element = DataElement.read(octets[...], &place, 0, &left), place == octets.count
        else { return nil }
        self = element
    }

    /// The element at the start of `octets`, and how many of them it takes.
    package static func prefix(of octets: [UInt8]) -> (element: DataElement, count: Int)? {
        var place = 0
        var left = maxElements
        return read(octets[...], &place, 0, &left).map { ($0, place) }
    }

    private static func read(
        _ octets: ArraySlice<UInt8>, _ place: inout Int, _ depth: Int, _ left: inout Int
    ) -> DataElement? {
        guard depth < maxDepth, left > 0, place < octets.endIndex else { return nil }
        left -= 1
        let head = octets[place]
        place += 1
        let type = head >> 3
        let size = head & 7
        guard type != 0 else { return size == 0 ? .null : nil }
        var count = 1 << Int(size)
        if size >= 5 {
            let width = 1 << (Int(size) - 5)
            guard width <= octets.endIndex - place else { return nil }
            count = octets[place..<place + width].reduce(0) { $0 << 8 | Int($1) }
            place += width
        }
        guard count <= octets.endIndex - place else { return nil }
        let body = octets[place..<place + count]
        switch (type, size) {
        case (1, 0...4):
            place += count
            return .unsigned(Array(body))
        case (2, 0...4):
            place += count
            return .signed(Array(body))
        case (3, 1), (3, 2), (3, 4):
            place += count
            return .uuid(Array(body))
        case (4, 5...7):
            place += count
            return .text(Array(body))
        case (5, 0):
            place += count
            return .boolean(body.first != 0)
        case (8, 5...7):
            place += count
            return .url(Array(body))
        case (6, 5...7), (7, 5...7):
            var elements: [DataElement] = []
            while place < body.endIndex {
                guard let element = read(body, &place, depth + 1, &left) else { return nil }
                elements.append(element)
            }
            return type == 6 ? .sequence(elements) : .alternative(elements)
        default: return nil
        }
    }

    package var elements: [DataElement]? {
        switch self {
        case .sequence(let elements), .alternative(let elements): elements
        default: nil
        }
    }

    /// An unsigned number of at most 8 octets.
    package var number: Int? {
        guard case .unsigned(let octets) = self, octets.count <= 4 else { return nil }
        return octets.reduce(0) { $0 << 8 | Int($1) }
    }

    /// A UUID in 16 octets; short ones stand for a part of the Bluetooth Base UUID.
    package var fullUUID: [UInt8]? {
        guard case .uuid(let octets) = self else { return nil }
        guard octets.count < 16 else { return octets }
        return [UInt8](repeating: 0, count: 4 - octets.count) + octets
            + [0, 0, 0x10, 0, 0x80, 0, 0, 0x80, 0x5F, 0x9B, 0x34, 0xFB]
    }

    /// Whether the UUID stands anywhere within.
    package func contains(uuid: [UInt8]) -> Bool {
        fullUUID == uuid || elements?.contains { $0.contains(uuid: uuid) } ?? false
    }
}

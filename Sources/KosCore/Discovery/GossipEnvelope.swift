/// Authenticated encryption, as the core sees it: AES-GCM of the adapter's library.
package protocol PacketCipher: Sendable {
    /// Nonce (12 octets, never used twice under a key), ciphertext, tag (16 octets); nil for a key
    /// that is not 16, 24 or 32 octets long.
    func seal(_ plain: [UInt8], key: [UInt8], authenticating: [UInt8]) -> [UInt8]?
    /// What `seal` closed; nil when it was not sealed with this key and these octets.
    func open(_ sealed: [UInt8], key: [UInt8], authenticating: [UInt8]) -> [UInt8]?
}

/// What memberlist wraps its messages in, outermost first: label, encryption, checksum,
/// compression, compound.
package struct GossipEnvelope: Sendable {
    /// Octets that a packet or a stream may come to when it is decompressed.
    package static let maxDecompressed = 4 << 20
    /// Octets that memberlist reads of a UDP packet.
    package static let maxPacket = 1400
    package static let maxKeys = 32

    package enum Drop: String, Hashable, Sendable, CaseIterable {
        case malformed, unencrypted, undecipherable, checksum, tooLarge, wrongLabel
    }

    package let label: [UInt8]
    /// Any of them opens, the first one seals; none for a cluster that talks openly.
    package private(set) var keys: [[UInt8]]
    private let cipher: any PacketCipher

    /// Nil for a label beyond 255 octets, a key of wrong length, or more than `maxKeys` keys.
    package init?(label: String, keys: [[UInt8]], cipher: any PacketCipher) {
        guard label.utf8.count <= 255, keys.count <= GossipEnvelope.maxKeys,
            keys.allSatisfy({ [16, 24, 32].contains($0.count) })
        else { return nil }
        self.label = Array(label.utf8)
        self.keys = keys
        self.cipher = cipher
    }

    /// Of a cluster that talks openly.
    package init(open cipher: any PacketCipher) {
        label = []
        keys = []
        self.cipher = cipher
    }

    // MARK: Key ring

    /// Why a key ring stays as it is; in memberlist's words where it has some.
    package enum KeyRefusal: String, Sendable {
        case size = "key size must be 16, 24 or 32 bytes"
        case isFull = "the key ring is full"
        case isMissing = "Requested key is not in the keyring"
        case isPrimary = "Removing the primary key is not allowed"
    }

    /// A further key that opens; one that is there already is no fault.
    package mutating func install(_ key: [UInt8]) -> KeyRefusal? {
        guard [16, 24, 32].contains(key.count) else { return .size }
        guard !keys.contains(key) else { return nil }
        guard keys.count < GossipEnvelope.maxKeys else { return .isFull }
        keys.append(key)
        return nil
    }

    /// Seals with this key from now on.
    package mutating func use(_ key: [UInt8]) -> KeyRefusal? {
        guard let place = keys.firstIndex(of: key) else { return .isMissing }
        keys.swapAt(0, place)
        return nil
    }

    package mutating func remove(_ key: [UInt8]) -> KeyRefusal? {
        guard key != keys.first else { return .isPrimary }
        keys.removeAll { $0 == key }
        return nil
    }

    /// Octets of a packet that are left for messages.
    package var room: Int {
        GossipEnvelope.maxPacket - (label.isEmpty ? 0 : 2 + label.count) - (keys.isEmpty ? 0 : 29)
            - 5
    }

    private var header: [UInt8] {
        label.isEmpty
            ? []
            : [GossipMessage.Kind.label, UInt8(truncatingIfNeeded: label.count)]
                + label
    }

    // MARK: Packets

    /// One UDP packet of these messages; `hasChecksum` when its reader is known to expect one.
    package func packet(_ messages: [[UInt8]], hasChecksum: Bool) -> [UInt8] {
        var body = messages.count == 1 ? messages[0] : GossipEnvelope.compound(messages)
        if hasChecksum {
            body =
                [GossipMessage.Kind.checksum] + GossipEnvelope.big(GossipEnvelope.crc32(body))
                + body
        }
        guard let key = keys.first else { return header + body }
        let sealed = cipher.seal(body, key: key, authenticating: label) ?? []
        return header + [1] + sealed
    }

    static func compound(_ messages: [[UInt8]]) -> [UInt8] {
        var octets = [GossipMessage.Kind.compound, UInt8(clamping: messages.count)]
        octets.reserveCapacity(messages.reduce(2) { $0 + 2 + $1.count })
        for message in messages {
            octets.append(UInt8(truncatingIfNeeded: message.count >> 8))
            octets.append(UInt8(truncatingIfNeeded: message.count))
        }
        for message in messages { octets += message }
        return octets
    }

    /// The messages of a packet; those that cannot be read are counted into `bad`.
    package func messages(
        of packet: [UInt8], bad: inout Int
    ) throws(Failure) -> [GossipMessage] {
        var body = try opened(try unlabelled(packet[...]))[...]
        if body.first == GossipMessage.Kind.checksum {
            guard body.count >= 5 else { throw Failure(.malformed) }
            let sum = GossipEnvelope.crc32(body.dropFirst(5))
            guard Array(body.dropFirst().prefix(4)) == GossipEnvelope.big(sum) else {
                throw Failure(.checksum)
            }
            body = body.dropFirst(5)
        }
        var messages: [GossipMessage] = []
        try read(body, depth: 0, into: &messages, bad: &bad)
        return messages
    }

    package struct Failure: Error, Sendable {
        package let drop: Drop
        init(_ drop: Drop) { self.drop = drop }
    }

    private func unlabelled(_ packet: ArraySlice<UInt8>) throws(Failure) -> ArraySlice<UInt8> {
        guard packet.first == GossipMessage.Kind.label else {
            guard label.isEmpty else { throw Failure(.wrongLabel) }
            return packet
        }
        let head = Array(packet.prefix(2))
        guard head.count == 2, head[1] > 0, packet.count > 2 + Int(head[1]) else {
            throw Failure(.malformed)
        }
        guard packet.dropFirst(2).prefix(Int(head[1])).elementsEqual(label) else {
            throw Failure(.wrongLabel)
        }
        return packet.dropFirst(2 + Int(head[1]))
    }

    private func opened(_ body: ArraySlice<UInt8>) throws(Failure) -> [UInt8] {
        guard !keys.isEmpty else { return Array(body) }
        guard let version = body.first, version <= 1, body.count >= 29 else {
            throw Failure(.unencrypted)
        }
        let sealed = Array(body.dropFirst())
        for key in keys {
            if let plain = cipher.open(sealed, key: key, authenticating: label) {
                return try GossipEnvelope.unpadded(plain, version)
            }
        }
        throw Failure(.undecipherable)
    }

    /// Version 0 pads to 16 octets (PKCS #7).
    static func unpadded(_ plain: [UInt8], _ version: UInt8) throws(Failure) -> [UInt8] {
        guard version == 0 else { return plain }
        guard let last = plain.last, (1...16).contains(last), plain.count >= Int(last) else {
            throw Failure(.malformed)
        }
        return Array(plain.dropLast(Int(last)))
    }

    private func read(
        _ body: ArraySlice<UInt8>, depth: Int, into messages: inout [GossipMessage], bad: inout Int
    ) throws(Failure) {
        guard let kind = body.first else { throw Failure(.malformed) }
        switch kind {
        case GossipMessage.Kind.compress:
            guard depth == 0 else { throw Failure(.malformed) }
            let plain = try GossipEnvelope.decompressed(Array(body.dropFirst()))
            try read(plain[...], depth: 1, into: &messages, bad: &bad)
        case GossipMessage.Kind.compound:
            guard depth < 2, let parts = GossipEnvelope.parts(body.dropFirst()) else {
                throw Failure(.malformed)
            }
            for part in parts {
                if part.first == GossipMessage.Kind.compound {
                    bad += 1
                } else if part.first == GossipMessage.Kind.compress {
                    bad += 1
                } else if let message = GossipMessage(part) {
                    messages.append(message)
                } else {
                    bad += 1
                }
            }
        default:
            guard let message = GossipMessage(body) else { throw Failure(.malformed) }
            messages.append(message)
        }
    }

    /// The parts of a compound message; a broken tail is left out, as memberlist does.
    static func parts(_ body: ArraySlice<UInt8>) -> [ArraySlice<UInt8>]? {
        guard let count = body.first, body.count > 2 * Int(count) else { return nil }
        let lengths = Array(body.dropFirst().prefix(2 * Int(count)))
        var rest = body.dropFirst(1 + 2 * Int(count))
        var parts: [ArraySlice<UInt8>] = []
        for index in 0..<Int(count) {
            let length = Int(lengths[2 * index]) << 8 | Int(lengths[2 * index + 1])
            guard length <= rest.count else { break }
            parts.append(rest.prefix(length))
            rest = rest.dropFirst(length)
        }
        return parts
    }

    // MARK: Compression and checksum

    /// What stands in a compress message behind its type.
    static func decompressed(_ body: [UInt8]) throws(Failure) -> [UInt8] {
        var reader = MessagePackReader(body)
        guard let (algorithm, buffer) = try? compressedFields(&reader) else {
            throw Failure(.malformed)
        }
        guard algorithm == 0 else { throw Failure(.malformed) }
        guard let plain = LZW.decompress(buffer, limit: maxDecompressed) else {
            throw Failure(.tooLarge)
        }
        return plain
    }

    private static func compressedFields(
        _ reader: inout MessagePackReader
    ) throws(MessagePackReader.Failure) -> (UInt64, ArraySlice<UInt8>) {
        var algorithm: UInt64 = 0
        var buffer: ArraySlice<UInt8> = []
        let count = try reader.map()
        guard count <= 8 else { throw .malformed }
        for _ in 0..<count {
            switch try reader.text() {
            case "Algo": algorithm = try reader.integer()
            case "Buf": buffer = try reader.raw()
            default: try reader.skip()
            }
        }
        return (algorithm, buffer)
    }

    /// A compress message of `message`.
    package static func compressed(_ message: [UInt8]) -> [UInt8] {
        var octets = [GossipMessage.Kind.compress]
        MessagePack.append(map: 2, to: &octets)
        MessagePack.append("Algo", to: &octets)
        MessagePack.append(0, to: &octets)
        MessagePack.append("Buf", to: &octets)
        MessagePack.append(raw: LZW.compress(message), to: &octets)
        return octets
    }

    private static let crcTable: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { crc, _ in
            crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1
        }
    }

    /// CRC-32 of IEEE 802.3.
    package static func crc32(_ octets: some Sequence<UInt8>) -> UInt32 {
        ~octets.reduce(0xFFFF_FFFF) { crc, octet in
            crc >> 8 ^ crcTable[Int(UInt8(truncatingIfNeeded: crc) ^ octet)]
        }
    }

    static func big(_ word: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> $0) }
    }

    // MARK: Streams

    /// A message for a TCP stream: with its label and, where there are keys, sealed.
    package func stream(_ message: [UInt8]) -> [UInt8] {
        guard let key = keys.first else { return header + message }
        let length = UInt32(truncatingIfNeeded: message.count + 29)
        let prefix = [GossipMessage.Kind.encrypt] + GossipEnvelope.big(length)
        let sealed = cipher.seal(message, key: key, authenticating: prefix + label) ?? []
        return header + prefix + [1] + sealed
    }

    /// The message of a whole stream: opened and decompressed.
    package func message(ofStream octets: [UInt8]) throws(Failure) -> [UInt8] {
        var body = try unlabelled(octets[...])
        if body.first == GossipMessage.Kind.encrypt {
            guard !keys.isEmpty, body.count >= 5 + 29 else { throw Failure(.undecipherable) }
            let prefix = Array(body.prefix(5))
            let version = body[body.startIndex + 5]
            guard version <= 1 else { throw Failure(.malformed) }
            let sealed = Array(body.dropFirst(6))
            var plain: [UInt8]?
            for key in keys where plain == nil {
                plain = cipher.open(sealed, key: key, authenticating: prefix + label)
            }
            guard let plain else { throw Failure(.undecipherable) }
            body = try GossipEnvelope.unpadded(plain, version)[...]
        } else if !keys.isEmpty {
            throw Failure(.unencrypted)
        }
        guard body.first == GossipMessage.Kind.compress else { return Array(body) }
        return try GossipEnvelope.decompressed(Array(body.dropFirst()))
    }
}

import Crypto
import Glibc
import KosCore
import KosNet
import Testing

/// RFC 9180's published vectors, which come with swift-crypto: every message of the suite that
/// seals payloads, opened by the library that is used, and the first as a seal is opened.
@Suite struct HPKEVectorTests {
    private static let path =
        ".build/checkouts/swift-crypto/Tests/CryptoTests/HPKE/hpke-test-vectors.json"

    private static func read(_ path: String) -> [UInt8] {
        let file = open(path, O_RDONLY)
        guard file >= 0 else { return [] }
        defer { close(file) }
        var octets: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 20)
        while case let count = Glibc.read(file, &chunk, chunk.count), count > 0 {
            octets += chunk[..<count]
        }
        return octets
    }

    /// The sets of DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20Poly1305 in base mode.
    private static func sets() throws -> [JSONObject] {
        let whole = try JSONValue(parsing: read(path).span)
        return (whole.array ?? []).compactMap(\.object).filter { set in
            set["mode"]?.integer == 0 && set["kem_id"]?.integer == 0x20
                && set["kdf_id"]?.integer == 1 && set["aead_id"]?.integer == 3
        }
    }

    private static func octets(_ set: JSONObject, _ name: String) -> [UInt8] {
        Hex.octets(set[name]?.string ?? "")
    }

    /// Every one of the 257 messages of the sequence.
    @Test func everyMessageOfTheSuiteIsOpened() throws {
        let set = try #require(try HPKEVectorTests.sets().first)
        let key = try Curve25519.KeyAgreement.PrivateKey(
            rawRepresentation: HPKEVectorTests.octets(set, "skRm"))
        #expect(Array(key.publicKey.rawRepresentation) == HPKEVectorTests.octets(set, "pkRm"))
        // The library wants the kind of octets that its keys are made of.
        var info = key.rawRepresentation
        var encapsulated = info
        info.removeAll()
        encapsulated.removeAll()
        info.append(contentsOf: HPKEVectorTests.octets(set, "info"))
        encapsulated.append(contentsOf: HPKEVectorTests.octets(set, "enc"))
        var recipient = try HPKE.Recipient(
            privateKey: key, ciphersuite: .Curve25519_SHA256_ChachaPoly, info: info,
            encapsulatedKey: encapsulated)
        let messages = set["encryptions"]?.array?.compactMap(\.object) ?? []
        #expect(messages.count == 257)
        for message in messages {
            let plain = try recipient.open(
                HPKEVectorTests.octets(message, "ct"),
                authenticating: HPKEVectorTests.octets(message, "aad"))
            #expect(Array(plain) == HPKEVectorTests.octets(message, "pt"))
        }
    }

    /// The first as a packet's seal is opened; and with any octet changed it is not.
    @Test func theFirstIsOpenedAsASealIs() throws {
        let set = try #require(try HPKEVectorTests.sets().first)
        let secret = HPKEVectorTests.octets(set, "skRm")
        let info = HPKEVectorTests.octets(set, "info")
        let first = try #require(set["encryptions"]?.array?.first?.object)
        let context = HPKEVectorTests.octets(first, "aad")
        var sealed = HPKEVectorTests.octets(set, "enc") + HPKEVectorTests.octets(first, "ct")
        func open() -> [UInt8]? {
            HybridEncryption.open(sealed, with: secret, info: info, authenticating: context)
        }
        #expect(open() == HPKEVectorTests.octets(first, "pt"))
        for place in sealed.indices {
            sealed[place] ^= 1
            #expect(open() == nil, "octet \(place)")
            sealed[place] ^= 1
        }
    }
}

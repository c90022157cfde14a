import Glibc
import KosCore
import KosCrypto
import KosNet
import Testing

/// Keys on disk, and signatures by RFC 8032's own vectors.
@Suite struct NodeIdentityTests {
    private static func octets(_ hex: String) -> [UInt8] {
        let digits = Array(hex)
        return stride(from: 0, to: digits.count - 1, by: 2).compactMap {
            UInt8(String(digits[$0...$0 + 1]), radix: 16)
        }
    }

    /// RFC 8032 §7.1, tests 1 to 3 and of SHA-512("abc"): public key, message, signature.
    static let vectors = [
        (
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        ),
        (
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
        (
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
        ),
        (
            "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
            "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704"
        ),
    ]

    @Test(arguments: vectors)
    func signaturesOfTheRFCHold(key: String, message: String, signature: String) throws {
        let node = try #require(NodeID(publicKey: NodeIdentityTests.octets(key)))
        let message = NodeIdentityTests.octets(message)
        var signature = NodeIdentityTests.octets(signature)
        #expect(SignatureVerifier().isValid(signature, of: message, by: node))
        signature[0] ^= 1
        #expect(!SignatureVerifier().isValid(signature, of: message, by: node))
    }

    @Test func aSignatureHoldsForItsMessageAndItsNodeAlone() throws {
        let (one, other) = (NodeIdentity(), NodeIdentity())
        let signature = one.sign([1, 2, 3])
        #expect(SignatureVerifier().isValid(signature, of: [1, 2, 3], by: one.node))
        #expect(!SignatureVerifier().isValid(signature, of: [1, 2, 4], by: one.node))
        #expect(!SignatureVerifier().isValid(signature, of: [1, 2, 3], by: other.node))
        let nobody = try #require(NodeID("alpha"))
        #expect(!SignatureVerifier().isValid(signature, of: [1, 2, 3], by: nobody))
    }

    @Test func aKeyIsMadeOnceAndKeptToItsOwner() throws {
        let path = "/tmp/kos-identity-\(getpid())-\(UInt64.random(in: 0...UInt64.max))/deep/key.pem"
        defer {
            let folder = path.split(separator: "/").dropLast(2).joined(separator: "/")
            unlink(path)
            rmdir("/\(folder)/deep")
            rmdir("/\(folder)")
        }
        let first = try NodeIdentity(path: path)
        let again = try NodeIdentity(path: path)
        #expect(first.node == again.node)
        #expect(SignatureVerifier().isValid(again.sign([7]), of: [7], by: first.node))
        var status = stat()
        #expect(stat(path, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
        chmod(path, 0o640)
        #expect(throws: NodeIdentity.Failure.self) { try NodeIdentity(path: path) }
    }

    @Test func aPacketIsSignedWithoutWhatRelaysChange() throws {
        let identity = NodeIdentity()
        var random = SplitMix64(seed: 1)
        let time = Timestamp(milliseconds: 1_795_337_400_412)
        let packet = Packet(
            id: PacketID(at: time, using: &random), timestamp: time, source: identity.node,
            destination: "bravo", payload: .object(["n": .number(1e-7)])
        ).signed(by: identity)
        func state(_ change: (inout Packet) -> Void) throws -> SignatureState {
            var changed = packet
            change(&changed)
            return Packet.signatureState(
                of: try JSONObject(parsing: changed.wire.span), by: SignatureVerifier())
        }
        #expect(try state { _ in } == .ok)
        #expect(try state { $0.metadata.hops = 9 } == .ok)
        #expect(try state { $0.metadata.ttl = 1 } == .ok)
        #expect(try state { $0.route.append("x") } == .ok)
        #expect(try state { $0.destination = "charlie" } == .bad)
        #expect(try state { $0.payload = .null } == .bad)
        #expect(try state { $0.metadata.priority = 0 } == .bad)
        #expect(try state { $0.options["a"] = .null } == .bad)
        #expect(try state { $0.signature = nil } == .missing)
    }
}

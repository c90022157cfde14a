import KosCore
import KosNet
import Testing

/// Certificates with the libp2p extension: the specification's own, and those made here.
@Suite struct CertificateTests {
    static let now = Timestamp(milliseconds: 1_795_372_371_774)

    /// libp2p TLS specification, test vectors 1 to 4.
    static let ed25519 =
        """
        308201773082011ea003020102020900f5bd0debaa597f52300a06082a8648ce3d04030230003020170d3735\
        303130313030303030305a180f34303936303130313030303030305a30003059301306072a8648ce3d020106\
        082a8648ce3d030107034200046bf9871220d71dcb3483ecdfcbfcc7c103f8509d0974b3c18ab1f1be1302d6\
        43103a08f7a7722c1b247ba3876fe2c59e26526f479d7718a85202ddbe47562358a37f307d307b060a2b0601\
        040183a25a01010101ff046a30680424080112207fda21856709c5ae12fd6e8450623f15f11955d384212b89\
        f56e7e136d2e17280440aaa6bffabe91b6f30c35e3aa4f94b1188fed96b0ffdd393f4c58c1c047854120e674\
        ce64c788406d1c2c4b116581fd7411b309881c3c7f20b46e54c7e6fe7f0f300a06082a8648ce3d0403020347\
        00304402207d1a1dbd2bda235ff2ec87daf006f9b04ba076a5a5530180cd9c2e8f6399e09d0220458527178c\
        7e77024601dbb1b256593e9b96d961b96349d1f560114f61a87595
        """
    static let ecdsa =
        """
        308201c030820166a003020102020900eaf419a6e3edb4a6300a06082a8648ce3d04030230003020170d3735\
        303130313030303030305a180f34303936303130313030303030305a30003059301306072a8648ce3d020106\
        082a8648ce3d030107034200048dbf1116c7c608d6d5292bd826c3feb53483a89fce434bf64538a359c8e075\
        38ff71f6766239be6a146dcc1a5f3bb934bcd4ae2ae1d4da28ac68b4a20593f06ba381c63081c33081c0060a\
        2b0601040183a25a01010101ff0481ae3081ab045f0803125b3059301306072a8648ce3d020106082a8648ce\
        3d0301070342000484b93fa456a74bd0153919f036db7bc63c802f055bc7023395d0203de718ee0fc7b570b7\
        67cdd858aca6c7c4113ff002e78bd2138ac1a3b26dde3519e06979ad04483046022100bc84014cea5a41feab\
        df4c161096564b9ccf4b62fbef4fe1cd382c84e11101780221009204f086a84cb8ed8a9ddd7868dc90c792ee\
        434adf62c66f99a08a5eba11615b300a06082a8648ce3d0403020348003045022054b437be9a2edf591312d6\
        8ff24bf91367ad4143f76cf80b5658f232ade820da022100e23b48de9df9c25d4c83ddddf75d2676f0b9318e\
        e2a6c88a736d85eab94a912f
        """
    static let secp256k1 =
        """
        3082018230820128a003020102020900f3b305f55622cfdf300a06082a8648ce3d04030230003020170d3735\
        303130313030303030305a180f34303936303130313030303030305a30003059301306072a8648ce3d020106\
        082a8648ce3d0301070342000458f7e9581748ff9bdd933b655cc0e5552a1248f840658cc221dec2186b5a2f\
        e4641b86ab7590a3422cdbb1000cf97662f27e5910d7569f22feed8829c8b52e0fa38188308185308182060a\
        2b0601040183a25a01010101ff0471306f042508021221026b053094d1112bce799dc8026040ae6d4eb57415\
        7929f1598172061f753d9b1b04463044022040712707e97794c478d93989aaa28ae1f71c03af524a8a4bd2d9\
        8424948a782302207b61b7f074b696a25fb9e0059141a811cccc4cc28042d9301b9b2a4015e87470300a0608\
        2a8648ce3d04030203480030450220143ae4d86fdc8675d2480bb6912eca5e39165df7f572d836aa2f2d6acf\
        ab13f8022100831d1979a98f0c4a6fb5069ca374de92f1a1205c962a6d90ad3d7554cb7d9df4
        """
    static let mismatched =
        """
        308201773082011da003020102020830a73c5d896a1109300a06082a8648ce3d04030230003020170d373530\
        3130313030303030305a180f34303936303130313030303030305a30003059301306072a8648ce3d02010608\
        2a8648ce3d03010703420004bbe62df9a7c1c46b7f1f21d556deec5382a36df146fb29c7f1240e60d7d53285\
        70e3b71d99602b77a65c9b3655f62837f8d66b59f1763b8c9beba3be07778043a37f307d307b060a2b060104\
        0183a25a01010101ff046a3068042408011220ec8094573afb9728088860864f7bcea2d4fd412fef09a8e2d2\
        4d482377c20db60440ecabae8354afa2f0af4b8d2ad871e865cb5a7c0c8d3dbdbf42de577f92461a0ebb0a28\
        703e33581af7d2a4f2270fc37aec6261fcc95f8af08f3f4806581c730a300a06082a8648ce3d040302034800\
        304502202dfb17a6fa0f94ee0e2e6a3b9fb6e986f311dee27392058016464bd130930a61022100ba4b937a11\
        c8d3172b81e7cd04aedb79b978c4379c2b5b24d565dd5d67d3cb3c
        """

    private func flaw(_ der: [UInt8], at time: Timestamp = now) -> PeerCertificate.Flaw? {
        do throws(PeerCertificate.Flaw) {
            _ = try CertificateProof.node(of: der, at: time)
            return nil
        } catch {
            return error
        }
    }

    @Test func theSpecificationsCertificatesAreJudgedAsItSays() throws {
        let key = Hex.octets(
            "7fda21856709c5ae12fd6e8450623f15f11955d384212b89f56e7e136d2e1728")
        let node = try CertificateProof.node(
            of: Hex.octets(CertificateTests.ed25519), at: CertificateTests.now)
        #expect(node == NodeID(publicKey: key))
        // Good certificates, of nodes that can have no kOS name.
        #expect(flaw(Hex.octets(CertificateTests.ecdsa)) == .unsupportedKey)
        #expect(flaw(Hex.octets(CertificateTests.secp256k1)) == .unsupportedKey)
        #expect(flaw(Hex.octets(CertificateTests.mismatched)) == .badIdentitySignature)
    }

    @Test func oursProveTheirNodeInTheirTime() throws {
        let identity = NodeIdentity()
        let der = try CertificateProof.pair(identity, at: CertificateTests.now).certificate
        #expect(try CertificateProof.node(of: der, at: CertificateTests.now) == identity.node)
        #expect(flaw(der, at: CertificateTests.now + .seconds(-7200)) == .expired)
        #expect(flaw(der, at: CertificateTests.now + .seconds(101 * 366 * 86400)) == .expired)
    }

    /// Whatever octet is changed, it proves nothing any more.
    @Test func noOctetOfACertificateCanBeChanged() throws {
        let identity = NodeIdentity()
        let der = try CertificateProof.pair(identity, at: CertificateTests.now).certificate
        for place in der.indices {
            var changed = der
            changed[place] ^= 0x01
            let found = try? CertificateProof.node(of: changed, at: CertificateTests.now)
            #expect(found == nil, "octet \(place)")
        }
    }

    @Test func rubbishIsMalformed() {
        let der = Hex.octets(CertificateTests.ed25519)
        for count in 0..<der.count { #expect(flaw(Array(der[..<count])) == .malformed) }
        #expect(flaw(der + [0]) == .malformed)
        var dice = SplitMix64(seed: 5)
        for _ in 0..<2000 {
            var changed = der
            for _ in 0..<4 {
                changed[Int.random(in: 0..<der.count, using: &dice)] = UInt8.random(
                    in: 0...255, using: &dice)
            }
            if changed != der { #expect(flaw(changed) != nil) }
        }
    }

    // MARK: HPKE

    /// RFC 9180 A.2.1: base mode, X25519, HKDF-SHA256, ChaCha20Poly1305, the first encryption.
    @Test func theRFCsSealIsOpened() {
        let secret = Hex.octets(
            "8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb")
        let encapsulated = Hex.octets(
            "1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a")
        let sealed = Hex.octets(
            "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28"
        )
        let info = Hex.octets("4f6465206f6e2061204772656369616e2055726e")
        let context = Hex.octets("436f756e742d30")
        let plain = HybridEncryption.open(
            encapsulated + sealed, with: secret, info: info, authenticating: context)
        #expect(
            plain.map { String(decoding: $0, as: UTF8.self) } == "Beauty is truth, truth beauty")
        #expect(
            HybridEncryption.open(
                encapsulated + sealed, with: secret, info: info, authenticating: []) == nil)
    }

    @Test func aSealIsForItsRecipientAndItsPacketAlone() throws {
        let (one, other) = (NodeIdentity(), NodeIdentity())
        var author = Author(
            signer: other, epoch: CertificateTests.now, seed: 1)
        var packet = author.packet(
            to: one.node.text, type: Packet.Kind.data, payload: .string("für dich"), at: .zero)
        packet = try #require(packet.sealed(to: one.sealingKey, by: other))
        #expect(packet.isSealed && !packet.payload.text.contains("dich"))
        #expect(packet.opened(by: one)?.payload == .string("für dich"))
        #expect(packet.opened(by: other) == nil)
        var changed = packet
        changed.destination = other.node.text
        #expect(changed.opened(by: one) == nil)
        changed = packet
        changed.timestamp = packet.timestamp + .milliseconds(1)
        #expect(changed.opened(by: one) == nil)
        changed = packet
        changed.metadata.type = Packet.Kind.reply
        #expect(changed.opened(by: one) == nil)
    }
}

/// A certificate that proves who is at the other end of a TLS connection: self-signed, with the
/// libp2p extension, in which the node's identity key signs the certificate's own key (libp2p TLS
/// specification; RFC 5280).
///
/// The core reads and writes; the adapter that holds keys makes and checks the signatures.
package struct PeerCertificate: Hashable, Sendable {
    /// Why a certificate proves nothing.
    package enum Flaw: String, Error, Hashable, Sendable, CaseIterable {
        case malformed = "the certificate is malformed"
        case notALibp2pOne = "the certificate has no libp2p extension"
        case unknownCriticalExtension = "the certificate has a critical extension that is unknown"
        case unsupportedKey = "the identity key in the certificate is not an Ed25519 one"
        case expired = "the certificate is not valid now"
        case badSignature = "the certificate's own signature is wrong"
        case badIdentitySignature = "the identity key has not signed the certificate's key"
        case chain = "there is not exactly one certificate"
    }

    /// What the certificate's signature covers.
    package let signed: [UInt8]
    /// Its own public key, as SubjectPublicKeyInfo.
    package let keyInfo: [UInt8]
    package let notBefore: Timestamp
    package let notAfter: Timestamp
    /// DER of the object identifier, without tag and length.
    package let signatureAlgorithm: [UInt8]
    package let signature: [UInt8]
    /// Whose key signed `keyInfo`.
    package let node: NodeID
    package let identitySignature: [UInt8]

    package static let ecdsaWithSHA256: [UInt8] = [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02]
    /// 1.3.6.1.4.1.53594.1.1
    private static let extensionName: [UInt8] = [
        0x2B, 0x06, 0x01, 0x04, 0x01, 0x83, 0xA2, 0x5A, 0x01, 0x01,
    ]
    /// Extensions that may be critical without changing anything here: key usage, basic
    /// constraints, extended key usage.
    private static let knownExtensions: Set<[UInt8]> = [
        extensionName, [0x55, 0x1D, 0x0F], [0x55, 0x1D, 0x13], [0x55, 0x1D, 0x25],
    ]
    /// libp2p's PublicKey message (protocol buffers): type Ed25519, 32 octets.
    private static let keyPrefix: [UInt8] = [0x08, 0x01, 0x12, 0x20]
    package static let maxOctets = 16384
    private static let validity = Duration.seconds(100 * 365 * 86400)

    /// What the identity key signs.
    package static func identityMessage(keyInfo: [UInt8]) -> [UInt8] {
        Array("libp2p-tls-handshake:".utf8) + keyInfo
    }

    package func isValid(at time: Timestamp) -> Bool { notBefore <= time && time <= notAfter }

    // MARK: Reading

    package init(_ octets: [UInt8]) throws(Flaw) {
        do {
            self = try PeerCertificate.read(octets)
        } catch let flaw as Flaw {
            throw flaw
        } catch {
            throw .malformed
        }
    }

    private init(
        signed: [UInt8], keyInfo: [UInt8], validity: (Timestamp, Timestamp),
        algorithm: [UInt8], signature: [UInt8], node: NodeID, identitySignature: [UInt8]
    ) {
        self.signed = signed
        self.keyInfo = keyInfo
        (notBefore, notAfter) = validity
        signatureAlgorithm = algorithm
        self.signature = signature
        self.node = node
        self.identitySignature = identitySignature
    }

    private static func read(_ octets: [UInt8]) throws -> PeerCertificate {
        guard octets.count <= maxOctets else { throw Flaw.malformed }
        let whole = try DER.element(of: octets, at: 0, before: octets.count)
        let parts = try DER.elements(of: octets, in: whole.body)
        guard whole.tag == DER.Tag.sequence, whole.whole.upperBound == octets.count,
            parts.count == 3,
            parts.map(\.tag) == [DER.Tag.sequence, DER.Tag.sequence, DER.Tag.bitString],
            octets[parts[2].body].first == 0
        else { throw Flaw.malformed }
        let algorithm = try DER.element(
            of: octets, at: parts[1].body.lowerBound, before: parts[1].body.upperBound)
        // version, serial, algorithm, issuer, validity, subject, key, then what is optional.
        let fields = try DER.elements(of: octets, in: parts[0].body)
        guard fields.count >= 7, fields[0].tag == DER.Tag.context(0),
            octets[fields[2].body] == octets[parts[1].body]
        else { throw Flaw.malformed }
        let times = try DER.elements(of: octets, in: fields[4].body)
        func time(_ element: DER.Element) throws -> Timestamp {
            let text = String(decoding: octets[element.body], as: UTF8.self)
            guard [DER.Tag.utcTime, DER.Tag.generalizedTime].contains(element.tag),
                let time = Timestamp(certificateTime: text)
            else { throw Flaw.malformed }
            return time
        }
        guard times.count == 2 else { throw Flaw.malformed }
        guard let last = fields.last, last.tag == DER.Tag.context(3) else {
            throw Flaw.notALibp2pOne
        }
        let (node, identitySignature) = try signedKey(octets, last.body)
        return PeerCertificate(
            signed: Array(octets[parts[0].whole]), keyInfo: Array(octets[fields[6].whole]),
            validity: (try time(times[0]), try time(times[1])),
            algorithm: Array(octets[algorithm.body]),
            signature: Array(octets[parts[2].body].dropFirst()), node: node,
            identitySignature: identitySignature)
    }

    /// The libp2p extension among the others.
    private static func signedKey(
        _ octets: [UInt8], _ range: Range<Int>
    ) throws -> (NodeID, [UInt8]) {
        let list = try DER.element(of: octets, at: range.lowerBound, before: range.upperBound)
        var found: Range<Int>?
        for each in try DER.elements(of: octets, in: list.body) {
            let parts = try DER.elements(of: octets, in: each.body)
            guard let name = parts.first, let value = parts.last, (2...3).contains(parts.count),
                value.tag == DER.Tag.octetString
            else { throw Flaw.malformed }
            let isCritical = parts.count == 3 && octets[parts[1].body] == [0xFF]
            if isCritical, !knownExtensions.contains(Array(octets[name.body])) {
                throw Flaw.unknownCriticalExtension
            }
            if octets[name.body] == extensionName[...] { found = value.body }
        }
        guard let found else { throw Flaw.notALibp2pOne }
        let pair = try DER.element(of: octets, at: found.lowerBound, before: found.upperBound)
        let parts = try DER.elements(of: octets, in: pair.body)
        guard parts.count == 2, parts.allSatisfy({ $0.tag == DER.Tag.octetString }) else {
            throw Flaw.malformed
        }
        let key = octets[parts[0].body]
        guard key.starts(with: keyPrefix), let node = NodeID(publicKey: Array(key.dropFirst(4)))
        else { throw Flaw.unsupportedKey }
        return (node, Array(octets[parts[1].body]))
    }

    // MARK: Writing

    /// What the certificate's own key has to sign, for a key that `signer` vouches for.
    package static func draft(
        keyInfo: [UInt8], signer: some Signer, serial: [UInt8], at time: Timestamp
    ) -> [UInt8] {
        let name = DER.element(
            DER.Tag.sequence,
            DER.element(
                DER.Tag.set,
                DER.element(
                    DER.Tag.sequence,
                    DER.element(DER.Tag.objectIdentifier, [0x55, 0x04, 0x03]),
                    DER.element(DER.Tag.utf8String, Array(signer.node.text.utf8)))))
        func date(_ time: Timestamp) -> [UInt8] {
            let text = Array(time.generalizedTime.utf8)
            // RFC 5280 §4.1.2.5: two digits for the year up to 2049.
            return text.starts(with: "20".utf8) && text[2] < 0x35
                ? DER.element(DER.Tag.utcTime, Array(text.dropFirst(2)))
                : DER.element(DER.Tag.generalizedTime, text)
        }
        let identity = signer.sign(identityMessage(keyInfo: keyInfo))
        let key = signer.node.publicKey ?? []
        let proof = DER.element(
            DER.Tag.sequence, DER.element(DER.Tag.octetString, keyPrefix + key),
            DER.element(DER.Tag.octetString, identity))
        let extensions = DER.element(
            DER.Tag.sequence,
            DER.element(
                DER.Tag.sequence, DER.element(DER.Tag.objectIdentifier, extensionName),
                DER.element(DER.Tag.octetString, proof)))
        return DER.element(
            DER.Tag.sequence,
            DER.element(DER.Tag.context(0), DER.element(DER.Tag.integer, [2])),
            // Positive, and never with a zero in front.
            DER.element(DER.Tag.integer, [0x40] + serial.prefix(15)),
            algorithm(ecdsaWithSHA256), name,
            DER.element(
                DER.Tag.sequence, date(time + .seconds(-3600)), date(time + validity)),
            name, keyInfo, DER.element(DER.Tag.context(3), extensions))
    }

    /// The certificate: the draft with the signature of its own key.
    package static func whole(_ draft: [UInt8], signature: [UInt8]) -> [UInt8] {
        DER.element(
            DER.Tag.sequence, draft, algorithm(ecdsaWithSHA256),
            DER.element(DER.Tag.bitString, [0] + signature))
    }

    private static func algorithm(_ name: [UInt8]) -> [UInt8] {
        DER.element(DER.Tag.sequence, DER.element(DER.Tag.objectIdentifier, name))
    }
}

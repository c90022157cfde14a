import Crypto
package import KosCore
import KosCrypto
import NIOCore
import NIOSSL

/// What the TLS endpoints of a node show to the other end, and what they ask of it.
///
/// Without files each run makes a certificate of its own, with a key on P-256 for which the node's
/// identity key vouches, and takes the same from others: both ends know then who is there. With an
/// authority or a certificate of one the ordinary rules hold, and the node's name is proven by its
/// login. Nothing is made before the first endpoint asks for TLS.
package final class TLSCredentials {
    private let identity: NodeIdentity
    private let files: TLSFiles
    private let isInsecure: Bool
    private let now: () -> Timestamp
    private var pair: (certificates: [NIOSSLCertificate], key: NIOSSLPrivateKey)?
    private var contexts: [String: NIOSSLContext] = [:]

    package init(
        _ identity: NodeIdentity, _ files: TLSFiles = TLSFiles(), isInsecure: Bool = false,
        now: @escaping () -> Timestamp
    ) {
        self.identity = identity
        self.files = files
        self.isInsecure = isInsecure
        self.now = now
    }

    /// The protocol that is spoken inside (RFC 7301).
    private static func application(_ transport: TransportType) -> String {
        transport == .tls ? "kos/1" : "http/1.1"
    }

    func client(
        _ endpoint: Endpoint, _ proof: TLSProof
    ) throws(Transports.Failure) -> NIOSSLClientHandler {
        let isAddress = IPAddress(endpoint.host) != nil
        let name = isAddress || endpoint.host.isEmpty ? nil : endpoint.host
        do {
            let context = try context(isClient: true, endpoint.transport)
            if files.authority != nil, !isInsecure {
                return try NIOSSLClientHandler(context: context, serverHostname: name)
            }
            return try NIOSSLClientHandler(
                context: context, serverHostname: name,
                customVerificationCallback: verification(proof))
        } catch let failure as Transports.Failure {
            throw failure
        } catch {
            throw Transports.Failure("TLS: \(error)")
        }
    }

    func server(
        _ transport: TransportType, _ proof: TLSProof
    ) throws(Transports.Failure) -> NIOSSLServerHandler {
        let context = try context(isClient: false, transport)
        if files.authority != nil { return NIOSSLServerHandler(context: context) }
        return NIOSSLServerHandler(
            context: context, customVerificationCallback: verification(proof))
    }

    /// Reads the files, or says what is wrong with them.
    func prepare(_ transport: TransportType) throws(Transports.Failure) {
        _ = try context(isClient: false, transport)
    }

    // MARK: Certificates of others

    /// Nobody has to show a certificate; one that is shown has to be a good one.
    private func verification(_ proof: TLSProof) -> NIOSSLCustomVerificationCallback {
        { [self] chain, promise in
            do throws(PeerCertificate.Flaw) {
                guard chain.count == 1, let der = try? chain[0].toDERBytes() else {
                    throw .chain
                }
                proof.node = try CertificateProof.node(of: der, at: now())
                promise.succeed(.certificateVerified)
            } catch {
                if isInsecure { return promise.succeed(.certificateVerified) }
                proof.flaw = error
                promise.succeed(.failed)
            }
        }
    }

    // MARK: Contexts

    private func context(
        isClient: Bool, _ transport: TransportType
    ) throws(Transports.Failure) -> NIOSSLContext {
        let application = TLSCredentials.application(transport)
        let name = "\(isClient) \(application)"
        if let made = contexts[name] { return made }
        let pair = try ownPair()
        var configuration = TLSConfiguration.makeClientConfiguration()
        if !isClient {
            configuration = .makeServerConfiguration(
                certificateChain: pair.certificates.map { .certificate($0) },
                privateKey: .privateKey(pair.key))
        }
        configuration.certificateChain = pair.certificates.map { .certificate($0) }
        configuration.privateKey = .privateKey(pair.key)
        configuration.minimumTLSVersion = .tlsv13
        configuration.applicationProtocols = [application]
        configuration.signingSignatureAlgorithms = TLSCredentials.algorithms
        configuration.verifySignatureAlgorithms = TLSCredentials.algorithms
        configuration.certificateVerification =
            isClient ? .noHostnameVerification : .optionalVerification
        if let authority = files.authority {
            configuration.trustRoots = authority == "default" ? .default : .file(authority)
            configuration.certificateVerification =
                isClient
                ? isInsecure ? .none : .fullVerification
                : .noHostnameVerification
        }
        do {
            let context = try NIOSSLContext(configuration: configuration)
            contexts[name] = context
            return context
        } catch {
            throw Transports.Failure("\(files.authority ?? "TLS"): cannot be read as certificates")
        }
    }

    private static let algorithms: [SignatureAlgorithm] = [
        .ecdsaSecp256R1Sha256, .ed25519, .ecdsaSecp384R1Sha384, .rsaPssRsaeSha256,
        .rsaPssRsaeSha384, .rsaPssRsaeSha512,
    ]

    private func ownPair() throws(Transports.Failure) -> (
        certificates: [NIOSSLCertificate], key: NIOSSLPrivateKey
    ) {
        if let pair { return pair }
        let made =
            if let path = files.certificate { try readPair(path) } else { try makePair() }
        pair = made
        return made
    }

    private func readPair(
        _ path: String
    ) throws(Transports.Failure) -> ([NIOSSLCertificate], NIOSSLPrivateKey) {
        guard let certificates = try? NIOSSLCertificate.fromPEMFile(path), !certificates.isEmpty
        else { throw Transports.Failure("\(path): has no certificate in PEM that can be read") }
        let source = files.key ?? path
        guard let key = try? NIOSSLPrivateKey(file: source, format: .pem) else {
            throw Transports.Failure("\(source): has no private key in PEM that can be read")
        }
        return (certificates, key)
    }

    private func makePair() throws(Transports.Failure) -> ([NIOSSLCertificate], NIOSSLPrivateKey) {
        do {
            let pair = try CertificateProof.pair(identity, at: now())
            return (
                [try NIOSSLCertificate(bytes: pair.certificate, format: .der)],
                try NIOSSLPrivateKey(bytes: pair.key, format: .der)
            )
        } catch {
            throw Transports.Failure("TLS: no certificate could be made: \(error)")
        }
    }
}

/// What TLS has found out about the other end of one connection.
final class TLSProof {
    var node: NodeID?
    var flaw: PeerCertificate.Flaw?
}

/// The cryptography behind `PeerCertificate`.
package enum CertificateProof {
    /// A certificate for `key`, for which `identity` vouches: DER.
    static func make(
        _ key: P256.Signing.PrivateKey, _ identity: NodeIdentity, at time: Timestamp
    ) throws -> [UInt8] {
        let serial = SymmetricKey(size: .bits128).withUnsafeBytes { Array($0) }
        let draft = PeerCertificate.draft(
            keyInfo: Array(key.publicKey.derRepresentation), signer: identity, serial: serial,
            at: time)
        let signature = try key.signature(for: draft)
        return PeerCertificate.whole(draft, signature: Array(signature.derRepresentation))
    }

    /// A new key on P-256 and a certificate in which `identity` vouches for it: DER.
    package static func pair(
        _ identity: NodeIdentity, at time: Timestamp
    ) throws -> (certificate: [UInt8], key: [UInt8]) {
        let key = P256.Signing.PrivateKey()
        return (try make(key, identity, at: time), Array(key.derRepresentation))
    }

    /// The node that a certificate proves to be there.
    package static func node(
        of der: [UInt8], at time: Timestamp
    ) throws(PeerCertificate.Flaw) -> NodeID {
        let certificate = try PeerCertificate(der)
        guard certificate.isValid(at: time) else { throw .expired }
        guard isSelfSigned(certificate) else { throw .badSignature }
        let message = PeerCertificate.identityMessage(keyInfo: certificate.keyInfo)
        guard
            SignatureVerifier().isValid(
                certificate.identitySignature, of: message, by: certificate.node)
        else { throw .badIdentitySignature }
        return certificate.node
    }

    private static let ecdsaWithSHA384: [UInt8] = [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x03]
    private static let ed25519: [UInt8] = [0x2B, 0x65, 0x70]
    /// SubjectPublicKeyInfo of an Ed25519 key up to its 32 octets (RFC 8410).
    private static let ed25519Prefix: [UInt8] = [
        0x30, 0x2A, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x03, 0x21, 0x00,
    ]

    /// Whether the certificate's own key has signed it; the keys that libp2p's implementations use.
    private static func isSelfSigned(_ certificate: PeerCertificate) -> Bool {
        switch certificate.signatureAlgorithm {
        case PeerCertificate.ecdsaWithSHA256:
            isSigned(certificate, SHA256.hash(data: certificate.signed))
        case ecdsaWithSHA384: isSigned(certificate, SHA384.hash(data: certificate.signed))
        case ed25519:
            certificate.keyInfo.starts(with: ed25519Prefix)
                && (try? Curve25519.Signing.PublicKey(
                    rawRepresentation: certificate.keyInfo.dropFirst(ed25519Prefix.count)))?
                    .isValidSignature(certificate.signature, for: certificate.signed) == true
        default: false
        }
    }

    private static func isSigned(_ certificate: PeerCertificate, _ digest: some Crypto.Digest)
        -> Bool
    {
        if let key = try? P256.Signing.PublicKey(derRepresentation: certificate.keyInfo),
            let signature = try? P256.Signing.ECDSASignature(
                derRepresentation: certificate.signature)
        {
            return key.isValidSignature(signature, for: digest)
        }
        if let key = try? P384.Signing.PublicKey(derRepresentation: certificate.keyInfo),
            let signature = try? P384.Signing.ECDSASignature(
                derRepresentation: certificate.signature)
        {
            return key.isValidSignature(signature, for: digest)
        }
        return false
    }
}

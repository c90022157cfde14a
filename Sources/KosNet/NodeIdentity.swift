import Crypto
import Glibc
package import KosCore

/// An Ed25519 key pair on disk: PKCS#8 PEM (RFC 8410), mode 0600, as `openssl genpkey` writes it.
package struct NodeIdentity: Signer, Sealer {
    package struct Failure: AdapterFailure, Sendable {
        package let code = "identity"
        package let message: String

        init(path: String, message: String) { self.message = "\(path): \(message)" }
    }

    package let node: NodeID
    private let key: Curve25519.Signing.PrivateKey
    private let opener: Curve25519.KeyAgreement.PrivateKey
    /// For tokens; another one in each run.
    private let secret = SymmetricKey(size: .bits256)

    /// DER of an Ed25519 private key up to its 32 octets.
    private static let prefix: [UInt8] = [
        0x30, 0x2E, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x04, 0x22, 0x04,
        0x20,
    ]

    package init() { self.init(key: Curve25519.Signing.PrivateKey()) }

    private init(key: Curve25519.Signing.PrivateKey) {
        self.key = key
        let octets = Array(key.publicKey.rawRepresentation)
        guard let node = NodeID(publicKey: octets),
            let opener = try? Curve25519.KeyAgreement.PrivateKey(
                rawRepresentation: NodeIdentity.sealingSeed(key))
        else { preconditionFailure("a key of Curve25519 has 32 octets") }
        self.node = node
        self.opener = opener
    }

    /// Reads the key at `path`, or makes one there when there is none.
    package init(path: String) throws(Failure) {
        if let text = try NodeIdentity.read(path) {
            try self.init(pem: text, path: path)
        } else {
            self.init()
            try write(to: path)
            // Another process may have been first: what is on disk is what counts.
            guard let text = try NodeIdentity.read(path) else {
                throw Failure(path: path, message: "the key vanished after it was written")
            }
            try self.init(pem: text, path: path)
        }
    }

    private init(pem: String, path: String) throws(Failure) {
        let body = pem.split(separator: "\n").filter { !$0.hasPrefix("-----") }.joined()
        guard pem.hasPrefix("-----BEGIN PRIVATE KEY-----"), let der = Base64.decode(body),
            der.count == 48, der.starts(with: NodeIdentity.prefix),
            let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: der.dropFirst(16))
        else { throw Failure(path: path, message: "is not an Ed25519 key in PKCS#8 PEM") }
        self.init(key: key)
    }

    package func sign(_ message: [UInt8]) -> [UInt8] {
        (try? key.signature(for: message)).map(Array.init) ?? []
    }

    // MARK: Tokens and seals

    package func token(for context: [UInt8]) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: context, using: secret))
    }

    /// The key for seals is another one than the key for signatures, drawn from the same file (RFC
    /// 5869), so that there is one thing to keep.
    private static func sealingSeed(_ key: Curve25519.Signing.PrivateKey) -> [UInt8] {
        let derived = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: key.rawRepresentation),
            info: Array("kos-sealing-key-v1".utf8), outputByteCount: 32)
        return derived.withUnsafeBytes { Array($0) }
    }

    package var sealingKey: [UInt8] { Array(opener.publicKey.rawRepresentation) }

    package func seal(
        _ plain: [UInt8], to key: [UInt8], info: [UInt8], authenticating: [UInt8]
    ) -> [UInt8]? {
        HybridEncryption.seal(plain, to: key, info: info, authenticating: authenticating)
    }

    package func open(_ sealed: [UInt8], info: [UInt8], authenticating: [UInt8]) -> [UInt8]? {
        HybridEncryption.open(
            sealed, with: Array(opener.rawRepresentation), info: info,
            authenticating: authenticating)
    }

    private static func read(_ path: String) throws(Failure) -> String? {
        let file = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            throw Failure(path: path, message: String(cString: strerror(errno)))
        }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & 0o077 == 0 else {
            throw Failure(path: path, message: "others may read it; chmod 600 \(path)")
        }
        var octets = [UInt8](repeating: 0, count: 4096)
        let count = Glibc.read(file, &octets, octets.count)
        guard count >= 0 else {
            throw Failure(path: path, message: String(cString: strerror(errno)))
        }
        return String(decoding: octets.prefix(count), as: UTF8.self)
    }

    private func write(to path: String) throws(Failure) {
        try NodeIdentity.makeFolders(above: path)
        let body = Base64.encode(NodeIdentity.prefix + Array(key.rawRepresentation))
        let text = "-----BEGIN PRIVATE KEY-----\n\(body)\n-----END PRIVATE KEY-----\n"
        let draft = "\(path).\(getpid())"
        let file = Glibc.open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else {
            throw Failure(path: path, message: String(cString: strerror(errno)))
        }
        defer { unlink(draft) }
        let octets = Array(text.utf8)
        let isWritten = Glibc.write(file, octets, octets.count) == octets.count && fsync(file) == 0
        close(file)
        // A hard link fails when the name is taken, so that no key is ever replaced.
        guard isWritten, link(draft, path) == 0 || errno == EEXIST else {
            throw Failure(path: path, message: String(cString: strerror(errno)))
        }
    }

    private static func makeFolders(above path: String) throws(Failure) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        for count in 1...max(1, parts.count) where parts.prefix(count).joined(separator: "/") != ""
        {
            let folder = parts.prefix(count).joined(separator: "/")
            guard mkdir(folder, 0o700) == 0 || errno == EEXIST else {
                throw Failure(path: path, message: "\(folder): \(String(cString: strerror(errno)))")
            }
        }
    }
}

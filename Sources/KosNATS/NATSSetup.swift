package import KosCore

/// How to reach a NATS cluster, and as whom.
package struct NATSSetup: Sendable {
    /// Whether this program was built with the trait `NATS`.
    package static var isBuiltIn: Bool {
        #if NATS
            true
        #else
            false
        #endif
    }

    /// Whether libnats is on this system.
    package static var hasLibrary: Bool {
        #if NATS
            NATSLibrary.shared != nil
        #else
            false
        #endif
    }

    /// Of one server, `nats://` or `tls://`; the others of its cluster are told by it.
    package var url: String
    /// Shown among the server's connections.
    package var name: String
    /// The public key of this user as NATS writes it, and the signature of a server's nonce with
    /// it; not used where the URL names somebody.
    package var user: String
    package var sign: @Sendable ([UInt8]) -> [UInt8]
    package var tls: TLSFiles

    package init(
        url: String, name: String, user: String, tls: TLSFiles,
        sign: @escaping @Sendable ([UInt8]) -> [UInt8]
    ) {
        self.url = url
        self.name = name
        self.user = user
        self.tls = tls
        self.sign = sign
    }
}

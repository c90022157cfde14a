/// Files for TLS with certificates of an authority, PEM (RFC 7468).
package struct TLSFiles: Hashable, Sendable {
    /// Certificates of the authorities that are believed; `default` for those of the system.
    package var authority: String?
    /// This end's certificate and those above it, with or without its key.
    package var certificate: String?
    /// The certificate's key.
    package var key: String?

    package init(authority: String? = nil, certificate: String? = nil, key: String? = nil) {
        self.authority = authority
        self.certificate = certificate
        self.key = key
    }
}

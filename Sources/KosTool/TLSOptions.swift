package import KosCore

/// TLS with certificates of an authority instead of each node's own.
package struct TLSOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Believe TLS certificates of these authorities (PEM; default: the system's).",
            valueName: "file"))
    package var ca: String?

    @Option(
        help: ArgumentHelp("Show this certificate in TLS (PEM, with its key).", valueName: "file"))
    package var cert: String?

    @Option(
        help: ArgumentHelp(
            "Key of the certificate, where it is in no file with it.", valueName: "file"))
    package var certKey: String?

    package init() {}

    package mutating func validate() throws {
        guard certKey == nil || cert != nil else {
            throw ValidationError("--cert-key needs --cert")
        }
    }

    package var files: TLSFiles { TLSFiles(authority: ca, certificate: cert, key: certKey) }
}

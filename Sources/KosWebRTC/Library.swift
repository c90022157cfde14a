#if WebRTC
    import COpenSSL
    import CUsrsctp

    typealias OpenSSL = UnsafePointer<kos_openssl>
    typealias Usrsctp = UnsafePointer<kos_usrsctp>

    /// The two libraries, loaded when a session is first wanted: linked, they cost every start of a
    /// program as much as all else. Nil on a host that does not have them.
    enum Library {
        nonisolated(unsafe) static let openSSL = kos_openssl_load()
        nonisolated(unsafe) static let usrsctp = kos_usrsctp_load()
    }
#endif

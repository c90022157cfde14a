package import KosCore
package import KosNet

/// WebRTC as a program has it: built in or not, with its libraries or without.
package enum Sessions {
    /// Why a program has no WebRTC.
    package enum Absence: Error, Equatable, Sendable {
        case notBuiltIn(Endpoint)
        case noLibrary(Endpoint, String)
    }

    /// Fails at once where an endpoint asks for what is not there.
    package static func check(_ endpoints: [Endpoint]) throws(Absence) {
        guard let endpoint = endpoints.first(where: { $0.transport == .webrtc }) else { return }
        #if WebRTC
            if Library.openSSL == nil { throw .noLibrary(endpoint, "libssl3") }
            if Library.usrsctp == nil { throw .noLibrary(endpoint, "libusrsctp2") }
        #else
            throw .notBuiltIn(endpoint)
        #endif
    }

    /// Gives a node data channels; where it listens is known already.
    package static func add(
        to driver: NodeDriver, _ identity: NodeIdentity, listening: [Endpoint],
        now: @escaping () -> Timestamp
    ) {
        #if WebRTC
            let transport = WebRTCTransport(identity, now: now)
            transport.isLoopbackOnly = listening.allSatisfy {
                IPAddress($0.host)?.isLoopback == true
            }
            transport.refused = { [unowned driver] reason, from in
                driver.refused(
                    reason, Endpoint(transport: .webrtc, host: "\(from.ip)", port: Int(from.port)))
            }
            driver.sessions = transport
        #endif
    }
}

extension Sessions.Absence: AdapterFailure {
    package var code: String {
        switch self {
        case .notBuiltIn: "notBuiltIn"
        case .noLibrary: "noLibrary"
        }
    }

    package var message: String {
        switch self {
        case .notBuiltIn(let endpoint): "\(endpoint): webrtc is not built in"
        case .noLibrary(let endpoint, let package):
            "\(endpoint): \(package) is not on this system"
        }
    }

    package var hint: String? {
        switch self {
        case .notBuiltIn: "build with --traits WebRTC"
        case .noLibrary(_, let package): "install \(package)"
        }
    }
}

import KosCore
import KosNet
import KosTool

#if WebRTC
    import KosWebRTC
#endif

/// WebRTC, where this program was built with it.
enum Sessions {
    /// Says so at once where an endpoint asks for what is not there.
    static func check(_ endpoints: [Endpoint]) throws {
        #if !WebRTC
            guard let endpoint = endpoints.first(where: { $0.transport == .webrtc }) else { return }
            throw ToolFailure(
                .failure, code: "notBuiltIn", "\(endpoint): webrtc is not built in",
                hint: "build with --traits WebRTC")
        #endif
    }

    /// Gives a node data channels; where it listens is known already.
    static func add(to driver: NodeDriver, _ identity: NodeIdentity, listening: [Endpoint]) {
        #if WebRTC
            let transport = WebRTCTransport(identity) { SystemClock.timestamp }
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

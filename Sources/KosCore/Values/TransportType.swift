/// What carries a packet between two neighbours: the seed's `TransportType`, and the scheme of an
/// endpoint's URI.
package enum TransportType: String, Hashable, Sendable, CaseIterable {
    case ws, wss, http, https, tcp, tls, udp, webrtc, lora, bluetooth

    /// Whether the scheme is a TLS one.
    package var isSecure: Bool { self == .wss || self == .https || self == .tls }

    /// Whether nobody is told when the other end is gone.
    package var leavesSilently: Bool { !isReliable || self == .http || self == .https }

    /// Whether octets arrive once and in order as long as the connection lives.
    package var isReliable: Bool {
        switch self {
        case .ws, .wss, .http, .https, .tcp, .tls, .webrtc, .bluetooth: true
        case .udp, .lora: false
        }
    }
}

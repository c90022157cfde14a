import KosCore
import NIOCore
import NIOSSL
import NIOTLS

/// Keeps a new connection from its users until TLS is up, and says why it never was.
final class TLSGate: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    /// Time for the whole handshake.
    private static let patience = TimeAmount.seconds(10)

    private let proof: TLSProof
    private let opened: () throws -> Void
    /// Why, and what it counts as.
    private let failed: (DropReason, String) -> Void
    private var timeout: Scheduled<Void>?
    private var isOpen = false
    private var isOver = false

    init(
        _ proof: TLSProof, opened: @escaping () throws -> Void,
        failed: @escaping (DropReason, String) -> Void
    ) {
        self.proof = proof
        self.opened = opened
        self.failed = failed
    }

    /// Who TLS has proven to be at the other end of a connection; nil where it has not.
    static func peer(of channel: any Channel) -> NodeID? {
        try? channel.pipeline.syncOperations.handler(type: TLSGate.self).proof.node
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        timeout = context.eventLoop.scheduleTask(in: TLSGate.patience) {
            let (gate, context) = bound.value
            gate.end(.idle, "no TLS handshake within 10 s")
            context.close(promise: nil)
        }
    }

    func channelActive(context: ChannelHandlerContext) {}

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case TLSUserEvent.handshakeCompleted? = event as? TLSUserEvent, !isOpen, !isOver
        else { return context.fireUserInboundEventTriggered(event) }
        isOpen = true
        timeout?.cancel()
        do {
            try opened()
            context.fireChannelActive()
        } catch {
            context.close(promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Who parts without the closing alert parts; lines and frames say where a packet ends.
        if case NIOSSLError.uncleanShutdown = error { return }
        if isOpen, error is IOError {
            // A reset ends a read without saying that it is complete, and only then does NIOSSL
            // hand on what it has deciphered: the last words of whoever has gone.
            context.pipeline.fireChannelReadComplete()
            return context.close(promise: nil)
        }
        let text = TLSGate.words(error)
        if let flaw = proof.flaw {
            end(flaw == .expired ? .expired : .badCertificate, flaw.rawValue)
        } else if let alert = TLSGate.alert(in: text) {
            end(.refused, "the other end refuses this node's certificate (\(alert))")
        } else {
            end(.badCertificate, "TLS: \(text)")
        }
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        if !isOpen { end(.badCertificate, "closed during the TLS handshake") }
        isOver = true
        timeout?.cancel()
        if isOpen { context.fireChannelInactive() }
    }

    /// Tells why, once.
    private func end(_ reason: DropReason, _ text: String) {
        timeout?.cancel()
        guard !isOver else { return }
        isOver = true
        failed(reason, text)
    }

    /// What BoringSSL has to say, without where in its source it says it.
    private static func words(_ error: any Error) -> String {
        let whole = "\(error)"
        // …OPENSSL_internal:CERTIFICATE_VERIFY_FAILED at …
        guard let mark = whole.firstRange(of: "OPENSSL_internal:") else { return whole }
        let name = whole[mark.upperBound...].prefix { $0.isLetter || $0.isNumber || $0 == "_" }
        return name.lowercased().replacing("_", with: " ")
    }

    private static func alert(in text: String) -> String? {
        guard let mark = text.firstRange(of: "alert ") else { return nil }
        return String(text[mark.upperBound...])
    }
}

/// TLS between a connection and what uses it, where the endpoint's scheme asks for it.
enum SecureChannel {
    static func client(
        _ channel: any Channel, _ endpoint: Endpoint, _ driver: NodeDriver,
        _ up: EventLoopPromise<Void>, _ install: @escaping (any Channel) throws -> Void
    ) throws {
        guard let tls = driver.tls else { throw Transports.Failure("TLS is not set up here") }
        let proof = TLSProof()
        let handler = try tls.client(endpoint, proof)
        let gate = TLSGate(proof) { [unowned channel] in
            driver.phase(endpoint, .secured)
            try install(channel)
            up.succeed()
        } failed: { reason, text in
            driver.post(.turnedAway(reason, from: endpoint.description))
            up.fail(Transports.Failure(text))
        }
        try channel.pipeline.syncOperations.addHandlers([handler, gate])
    }

    static func server(
        _ channel: any Channel, _ transport: TransportType, _ driver: NodeDriver,
        _ install: @escaping (any Channel) throws -> Void
    ) throws {
        guard let tls = driver.tls else { throw Transports.Failure("TLS is not set up here") }
        let proof = TLSProof()
        let handler = try tls.server(transport, proof)
        let remote = Transports.endpoint(transport, channel.remoteAddress)
        let gate = TLSGate(proof) { [unowned channel] in
            try install(channel)
        } failed: { reason, text in
            driver.turnAway(reason, remote, text)
        }
        try channel.pipeline.syncOperations.addHandlers([handler, gate])
    }
}

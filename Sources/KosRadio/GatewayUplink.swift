import CBluetooth
import Glibc
package import KosCore

/// The line from a radio to a LoRaWAN network server: datagrams of the Semtech protocol, and what
/// they order.
package final class GatewayUplink {
    package enum Event: Sendable {
        /// To be sent now; answered with `done`.
        case transmit(order: UInt16, payload: [UInt8])
        /// An order that this radio cannot carry out, with the protocol's word for why.
        case refused(order: UInt16, String)
        case connected, silent
    }
    private let socket: Int32
    private let settings: LoRaSettings
    private var engine: GWMPGateway
    private var outputs: [GWMPGateway.Output] = []
    private var events: [Event] = []
    private let now: () -> Instant

    package init(
        host: String, port: UInt16, eui: UInt64, settings: LoRaSettings, seed: UInt64,
        now: @escaping () -> Instant
    ) throws(RadioError) {
        socket = try RadioSocket.connectDatagrams(host: host, port: port)
        self.settings = settings
        self.now = now
        engine = GWMPGateway(eui: eui, settings: settings, seed: seed)
    }

    deinit { close(socket) }

    package var nextDeadline: Instant? { events.isEmpty ? engine.nextDeadline : now() }

    /// Reads with the loop from now on, and says that the gateway is there.
    package func start(on loop: RadioLoop) {
        loop.watch(socket) { [weak self] in self?.read() }
        feed(.opened)
    }

    package func heard(_ frame: ReceivedFrame) { feed(.heard(frame)) }

    package func done(_ order: UInt16, refusal: String? = nil) {
        feed(.done(order: order, refusal: refusal))
    }

    /// What has come up since the last call.
    package func take() -> [Event] {
        if let due = engine.nextDeadline, due <= now() {
            engine.advance(to: now(), into: &outputs)
            perform()
        }
        defer { events = [] }
        return events
    }

    private func read() {
        var buffer = [UInt8](repeating: 0, count: 4096)
        for _ in 0..<64 {
            let count = recv(socket, &buffer, buffer.count, 0)
            // A refused port is told here: the server may come back.
            guard count > 0 else { return }
            feed(.datagram(Array(buffer[..<count])))
        }
    }

    private func feed(_ input: GWMPGateway.Input) {
        engine.handle(input, at: now(), into: &outputs)
        perform()
    }

    private func perform() {
        let todo = outputs
        outputs = []
        for output in todo {
            switch output {
            case .datagram(let bytes):
                _ = bytes.withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, 0) }
            case .connected: events.append(.connected)
            case .silent: events.append(.silent)
            case .transmit(let order, let payload, let wanted):
                if let refusal = refusal(wanted) {
                    done(order, refusal: refusal)
                    events.append(.refused(order: order, refusal))
                } else {
                    events.append(.transmit(order: order, payload: payload))
                }
            case .refused(let order, let reason): events.append(.refused(order: order, reason))
            }
        }
    }

    /// The radio has one setting: an order for another one cannot be carried out.
    private func refusal(_ wanted: LoRaSettings) -> String? {
        let isSame =
            abs(wanted.frequencyHz - settings.frequencyHz) <= 100
            && wanted.modulation.spreadingFactor == settings.modulation.spreadingFactor
            && wanted.modulation.bandwidthHz == settings.modulation.bandwidthHz
        guard isSame else { return "TX_FREQ" }
        return wanted.powerDbm < settings.powerDbm ? "TX_POWER" : nil
    }
}

import KosCore
import KosNATS
import KosNet
import KosTool

/// `--backplane`: the relay on a NATS cluster. The session decides; what it puts out goes to the
/// connection or to the node.
final class RelayBackplane {
    private static let tick = Duration.milliseconds(100)
    /// How often losses of the queues are told of.
    private static let report = Duration.seconds(10)

    private let relay: RelaySession
    private let host: NodeHost
    private var session: BackplaneSession
    private var outputs: [BackplaneSession.Output] = []
    private var arrived: [UInt8] = []
    private var isBusy = false
    private var inputs: [BackplaneSession.Input] = []
    private var lists: [([BackplaneSession.Presence]) -> Void] = []
    private var lost = 0
    #if NATS
        private var connection: NATSConnection?
    #endif

    init(_ relay: RelaySession, _ host: NodeHost, _ url: String) throws {
        self.relay = relay
        self.host = host
        var settings = BackplaneSession.Settings()
        settings.keeps = relay.custodian != nil
        settings.token = SystemClock.seed
        session = BackplaneSession(of: relay.identity.node, settings)
        try connect(url)
        host.every(RelayBackplane.tick) { [unowned self] in
            guard let due = session.nextDeadline, due <= SystemClock.now else { return }
            session.advance(to: SystemClock.now, into: &outputs)
            perform()
        }
        host.every(RelayBackplane.report) { [unowned self] in
            guard lost > 0 else { return }
            relay.io.errors.say("backplane: \(lost) messages found no room in the queue")
            lost = 0
        }
    }

    private func connect(_ url: String) throws {
        #if NATS
            let identity = relay.identity
            let setup = NATSSetup(
                url: url, name: relay.options.name ?? identity.node.text,
                user: NKey.user(identity.node.publicKey ?? []), tls: relay.options.tls.files,
                sign: { identity.sign($0) })
            relay.io.errors.note("backplane: this relay is the NATS user \(setup.user)")
            let errors = relay.io.errors
            let wake = host.entrance { [unowned self] (_: Bool) in drain() }
            let tell = host.entrance { (text: String) in errors.say(text) }
            connection = NATSConnection(setup, wake: { wake(true) }, note: { tell($0) })
            guard connection == nil else { return }
        #endif
        throw ToolFailure(
            .failure, code: "backplane", "--backplane: no thread or descriptor for it",
            hint: "raise the limits of this service")
    }

    func take(_ request: Backplane.Request) { feed(.request(request)) }

    /// Where every node of the cluster is.
    func list(_ answer: @escaping ([BackplaneSession.Presence]) -> Void) {
        lists.append(answer)
        feed(.list)
    }

    /// Takes leave of the cluster.
    func leave() { feed(.leave) }

    func close() {
        #if NATS
            connection?.close()
        #endif
    }

    private func drain() {
        #if NATS
            guard let (inputs, dropped) = connection?.take() else { return }
            lost += dropped
            for input in inputs { feed(input) }
            flush()
        #endif
    }

    private func feed(_ input: BackplaneSession.Input) {
        inputs.append(input)
        guard !isBusy else { return }
        isBusy = true
        var next = 0
        while next < inputs.count {
            session.handle(inputs[next], at: SystemClock.now, into: &outputs)
            next += 1
            perform()
        }
        inputs.removeAll(keepingCapacity: true)
        isBusy = false
    }

    private func perform() {
        let batch = outputs
        outputs.removeAll(keepingCapacity: true)
        for output in batch {
            switch output {
            case .subscribe, .unsubscribe, .publish: send(output)
            case .event(.arrived(let lines)):
                // Together to the node when all that has come is looked at.
                arrived += lines
            case .event(let event):
                flush()
                host.driver.post(.backplane(event))
            case .note(let text): relay.io.errors.say("backplane: \(text)")
            case .listed(let found):
                let waiting = lists
                lists = []
                for answer in waiting { answer(found) }
            }
        }
    }

    private func flush() {
        guard !arrived.isEmpty else { return }
        let lines = arrived
        arrived = []
        host.driver.post(.backplane(.arrived(lines)))
    }

    private func send(_ output: BackplaneSession.Output) {
        #if NATS
            guard connection?.post(output) != true else { return }
            lost += 1
            // As if nobody had it: it is kept.
            guard case .publish(_, let reply?, _, _) = output else { return }
            feed(.message(.init(subject: reply, status: 503, octets: [])))
        #endif
    }
}

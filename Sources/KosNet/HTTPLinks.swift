import KosCore
import NIOCore

/// Connections over HTTP that outlive a request, each by the token in its path.
final class HTTPLinks {
    static let maxLinks = 1024
    private var links: [String: HTTPLink] = [:]
    private var keys = MaskKeys()

    subscript(token: String) -> HTTPLink? { links[token] }

    func open(_ driver: NodeDriver, _ remote: Endpoint) -> HTTPLink? {
        guard links.count < HTTPLinks.maxLinks else { return nil }
        let token = String(keys.next(), radix: 36) + String(keys.next(), radix: 36)
        let link = HTTPLink(token, driver, remote)
        links[token] = link
        return link
    }

    func forget(_ token: String) { links[token] = nil }
}

/// One of them: packets that wait until they are asked for.
final class HTTPLink: Conduit {
    /// A link of which nothing was heard for so long is closed.
    private static let silence = TimeAmount.seconds(60)
    private static let maxWaiting = 256 * 1024

    let token: String
    private let driver: NodeDriver
    private var link: LinkID?
    private var waiting: [UInt8] = []
    private var asker: (([UInt8]) -> Void)?
    private var patience: Scheduled<Void>?
    private var expiry: Scheduled<Void>?
    private(set) var isDirty = false

    init(_ token: String, _ driver: NodeDriver, _ remote: Endpoint) {
        self.token = token
        self.driver = driver
        link = driver.opened(
            self, LinkTraits(transport: remote.transport, remote: remote, isOutgoing: false))
        heard()
    }

    private func heard() {
        expiry?.cancel()
        let bound = NIOLoopBound(self, eventLoop: driver.loop)
        expiry = driver.loop.scheduleTask(in: HTTPLink.silence) { bound.value.close() }
    }

    func take(_ octets: [UInt8]) {
        heard()
        guard let link, !octets.isEmpty else { return }
        driver.received(octets.last == 0x0A ? octets : octets + [0x0A], on: link)
    }

    /// Answers with what waits, as soon as there is something, or with nothing when time is up.
    func poll(for time: TimeAmount, _ answer: @escaping ([UInt8]) -> Void) {
        heard()
        // Who asks last is answered with what comes.
        reply()
        asker = answer
        guard waiting.isEmpty, link != nil else { return reply() }
        let bound = NIOLoopBound(self, eventLoop: driver.loop)
        patience = driver.loop.scheduleTask(in: time) { bound.value.reply() }
    }

    private func reply() {
        patience?.cancel()
        guard let asker else { return }
        self.asker = nil
        let lines = waiting
        waiting = []
        asker(lines)
        if let link { driver.writable(link) }
    }

    var isWritable: Bool { waiting.count < HTTPLink.maxWaiting }
    var waitingOctets: Int { waiting.count }

    func write(_ octets: [UInt8]) {
        waiting += octets
        isDirty = true
    }

    func flush() {
        isDirty = false
        if asker != nil, !waiting.isEmpty { reply() }
    }

    func close() {
        guard let link else { return }
        self.link = nil
        expiry?.cancel()
        driver.web.forget(token)
        driver.closed(link)
        reply()
    }
}

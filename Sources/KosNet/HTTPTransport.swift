import KosCore
import NIOCore
import NIOHTTP1

/// A link to a relay over HTTP (kos(7), TRANSPORTS): packets are posted, those that come are waited
/// for with a long poll on a second connection.
enum HTTPTransport {
    static func connect(_ endpoint: Endpoint, driver: NodeDriver) -> EventLoopFuture<Void> {
        let link = HTTPClientLink(endpoint, driver)
        let bound = NIOLoopBound(link, eventLoop: driver.loop)
        return dial(endpoint, driver: driver).assumeIsolated()
            .flatMap { exchange in bound.value.begin(exchange) }.nonisolated()
    }

    /// A connection that carries one request after the other.
    static func dial(
        _ endpoint: Endpoint, driver: NodeDriver
    ) -> EventLoopFuture<NIOLoopBound<HTTPExchange>> {
        let exchange = HTTPExchange(endpoint, driver.dialing.headers)
        let bound = NIOLoopBound(exchange, eventLoop: driver.loop)
        return Dial.connect(endpoint, driver: driver) { channel in
            try channel.pipeline.syncOperations.addHTTPClientHandlers()
            try channel.pipeline.syncOperations.addHandler(bound.value)
        }.map { _ in bound }
    }
}

/// The client's end of a link over HTTP.
final class HTTPClientLink: Conduit {
    private static let maxWaiting = 256 * 1024
    private static let lines = "application/x-ndjson"

    private let endpoint: Endpoint
    private let driver: NodeDriver
    private var up: HTTPExchange?
    private var down: HTTPExchange?
    private var path = ""
    private var link: LinkID?
    private var waiting: [UInt8] = []
    private var isPosting = false
    private var isWanted = true
    private var isPolling = false
    private(set) var isDirty = false

    init(_ endpoint: Endpoint, _ driver: NodeDriver) {
        self.endpoint = endpoint
        self.driver = driver
    }

    func begin(_ exchange: NIOLoopBound<HTTPExchange>) -> EventLoopFuture<Void> {
        let ready = driver.loop.makePromise(of: Void.self)
        up = exchange.value
        let base = endpoint.path.hasSuffix("/") ? endpoint.path : endpoint.path + "/"
        exchange.value.send(.POST, base + "links") { [self] answer in
            guard let answer, answer.status == .created,
                let location = answer.headers.first(name: "Location")
            else {
                let status = answer.map { "HTTP \($0.status.code)" } ?? "no answer"
                return ready.fail(Transports.Failure("no kOS node there: \(status)"))
            }
            path = location
            driver.phase(endpoint, .ready)
            up?.ended = { [weak self] in self?.close() }
            link = driver.opened(
                self, LinkTraits(transport: endpoint.transport, remote: endpoint, isOutgoing: true))
            ready.succeed()
            listen()
        }
        exchange.value.ended = { ready.fail(Transports.Failure("the connection was closed")) }
        return ready.futureResult
    }

    private func listen() {
        let bound = NIOLoopBound(self, eventLoop: driver.loop)
        HTTPTransport.dial(endpoint, driver: driver).assumeIsolated().whenComplete { result in
            guard case .success(let exchange) = result else { return bound.value.close() }
            bound.value.down = exchange.value
            exchange.value.ended = { bound.value.close() }
            bound.value.poll()
        }
    }

    private func poll() {
        guard link != nil, isWanted, !isPolling else { return }
        isPolling = true
        down?.send(.GET, path + "?wait=25") { [self] answer in
            isPolling = false
            guard let answer, answer.status == .ok || answer.status == .noContent else {
                return close()
            }
            if let link, !answer.body.isEmpty { driver.received(answer.body, on: link) }
            poll()
        }
    }

    // MARK: Conduit

    var isWritable: Bool { waiting.count < HTTPClientLink.maxWaiting }
    var waitingOctets: Int { waiting.count }

    func write(_ octets: [UInt8]) {
        waiting += octets
        isDirty = true
    }

    func flush() {
        isDirty = false
        guard !isPosting, !waiting.isEmpty, link != nil else { return }
        isPosting = true
        // A request of no more than what the other end takes in one.
        var end = min(waiting.count, LinkTraits.maxPacket / 2)
        if end < waiting.count {
            end = (waiting[..<end].lastIndex(of: 0x0A) ?? waiting.count - 1) + 1
        }
        let body = Array(waiting[..<end])
        waiting.removeSubrange(..<end)
        up?.send(.POST, path, body, type: HTTPClientLink.lines) { [self] answer in
            isPosting = false
            guard let answer, answer.status == .accepted, let link else { return close() }
            if isWritable { driver.writable(link) }
            flush()
        }
    }

    func read(_ isWanted: Bool) {
        self.isWanted = isWanted
        poll()
    }

    func close() {
        guard let link else { return }
        self.link = nil
        driver.closed(link)
        up?.ended = {}
        down?.ended = {}
        down?.close()
        // What was written last goes before the end.
        if !waiting.isEmpty { up?.send(.POST, path, waiting, type: HTTPClientLink.lines) { _ in } }
        waiting = []
        up?.send(.DELETE, path) { _ in }
        up?.closeWhenIdle()
    }
}

/// Requests on one connection, one after the other.
final class HTTPExchange: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    struct Answer {
        var status: HTTPResponseStatus
        var headers: HTTPHeaders
        var body: [UInt8] = []
    }
    private struct Request {
        let head: HTTPRequestHead
        let body: [UInt8]
        let done: (Answer?) -> Void
    }
    private static let maxAnswer = 4 * LinkTraits.maxPacket

    private let endpoint: Endpoint
    private let headers: [(name: String, value: String)]
    private var context: ChannelHandlerContext?
    private var queue: [Request] = []
    private var current: Request?
    private var answer: Answer?
    private var isClosing = false
    /// Told when the connection is over.
    var ended: () -> Void = {}

    init(_ endpoint: Endpoint, _ headers: [(name: String, value: String)]) {
        self.endpoint = endpoint
        self.headers = headers
    }

    /// Sends a request; `done` gets nil when the connection ends first.
    func send(
        _ method: HTTPMethod, _ path: String, _ body: [UInt8] = [], type: String? = nil,
        _ done: @escaping (Answer?) -> Void
    ) {
        var fields = HTTPHeaders()
        fields.add(name: "Host", value: endpoint.authority)
        fields.add(name: "Content-Length", value: String(body.count))
        if let type { fields.add(name: "Content-Type", value: type) }
        for (name, value) in headers { fields.add(name: name, value: value) }
        let head = HTTPRequestHead(version: .http1_1, method: method, uri: path, headers: fields)
        queue.append(Request(head: head, body: body, done: done))
        pump()
    }

    func close() { context?.close(promise: nil) }

    func closeWhenIdle() {
        isClosing = true
        pump()
    }

    private func pump() {
        guard let context, context.channel.isActive, current == nil else { return }
        guard !queue.isEmpty else {
            if isClosing { context.close(promise: nil) }
            return
        }
        let request = queue.removeFirst()
        current = request
        context.write(wrapOutboundOut(.head(request.head)), promise: nil)
        if !request.body.isEmpty {
            let buffer = context.channel.allocator.buffer(bytes: request.body)
            context.write(wrapOutboundOut(.body(.byteBuffer(buffer))), promise: nil)
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    func channelActive(context: ChannelHandlerContext) {
        self.context = context
        pump()
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): answer = Answer(status: head.status, headers: head.headers)
        case .body(let buffer):
            guard (answer?.body.count ?? 0) + buffer.readableBytes <= HTTPExchange.maxAnswer else {
                return context.close(promise: nil)
            }
            answer?.body += buffer.readableBytesView
        case .end:
            let done = current?.done
            let finished = answer
            current = nil
            answer = nil
            done?(finished)
            pump()
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.context = nil
        let lost = [current].compactMap { $0 } + queue
        current = nil
        queue = []
        for request in lost { request.done(nil) }
        ended()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}

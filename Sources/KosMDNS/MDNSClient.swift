import CAvahi
import Glibc
package import KosCore

/// Browsing, resolving and announcing through the Avahi daemon of this host.
///
/// Everything happens on the thread that calls `AvahiLoop.wait`. A client whose daemon went away is
/// dead for good, with all its browsers and groups; `advance` makes a new one, with growing pauses.
package final class MDNSClient {
    package struct Browsing: Sendable {
        /// `_kos._tcp`, or nil for the services of every type.
        package var type: String?
        package var domain: String?
        /// Resolvers stay open, which tells of changes and of hosts that no longer answer.
        package var isWatch = false
        /// What the daemon's cache holds is enough.
        package var isCacheEnough = false
        package init() {}
    }
    package struct Announcing: Sendable {
        package var name: String
        package var type: String
        package var domain: String?
        package var port: Int
        package var txt: TXTRecord
        package init(name: String, type: String, domain: String?, port: Int, txt: TXTRecord) {
            self.name = name
            self.type = type
            self.domain = domain
            self.port = port
            self.txt = txt
        }
    }
    /// Resolvers open at once; the daemon allows a client 1024 objects.
    private static let maxResolvers = 256
    private static let maxWaiting = 4096

    private let loop: AvahiLoop
    let library = AvahiLibrary.shared
    let publishInterface: AvahiIfIndex
    private var interface: AvahiIfIndex { publishInterface }
    let browsing: Browsing?
    var announcing: Announcing?
    var events: [MDNSEvent] = []

    var client: OpaquePointer?
    private var isDead = false
    private var backoff = Backoff(first: .milliseconds(100), cap: .seconds(5))
    private var random: SplitMix64
    private var retry: Instant?

    private var typeBrowser: OpaquePointer?
    private var browsers: [String: OpaquePointer] = [:]
    private var unanswered: Set<String> = []
    private var resolvers: [ServiceKey: OpaquePointer] = [:]
    private var resolving: Set<ServiceKey> = []
    private var waiting: [ServiceKey] = []
    /// Instances that the daemon's cache held at the start, and the types of which it has told all.
    private var cached: Set<ServiceKey> = []
    private var exhausted: Set<String> = []
    private var sources: [ServiceKey: Sighting.Source] = [:]
    /// On how many interfaces and IP versions an instance of this host's neighbours is seen.
    private let breadth: Int
    private var again: [ServiceKey: Instant] = [:]
    private var isComplete = false
    var group: OpaquePointer?
    private var now = Instant.zero

    /// Nil when `interface` does not exist.
    package init?(
        loop: AvahiLoop, interface: String?, browsing: Browsing?, announcing: Announcing?,
        seed: UInt64
    ) {
        self.loop = loop
        self.browsing = browsing
        self.announcing = announcing
        random = SplitMix64(seed: seed)
        breadth = MulticastInterfaces.count(of: interface)
        guard let interface else {
            publishInterface = Avahi.anyInterface
            return
        }
        let index = if_nametoindex(interface)
        guard index > 0 else { return nil }
        publishInterface = AvahiIfIndex(index)
    }

    deinit { if let client { library?.clientFree(client) } }

    package func takeEvents() -> [MDNSEvent] {
        defer { events = [] }
        return events
    }

    package var nextDeadline: Instant? { [retry, again.values.min()].compactMap { $0 }.min() }

    /// Connects, reconnects, and asks again for hosts that did not answer. Call it after each wait.
    package func advance(to now: Instant) {
        self.now = now
        if isDead { bury(now) }
        if client == nil, retry.map({ $0 <= now }) ?? true { connect(now) }
        for (key, time) in again.sorted(by: { ($0.value, $0.key) < ($1.value, $1.key) })
        where time <= now {
            again.removeValue(forKey: key)
            resolve(key)
        }
    }

    // MARK: The client

    private var context: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }
    private static func from(_ context: UnsafeMutableRawPointer?) -> MDNSClient? {
        context.map { Unmanaged<MDNSClient>.fromOpaque($0).takeUnretainedValue() }
    }
    static func text(_ code: Int32) -> String {
        avahi_strerror(code).map { String(cString: $0) } ?? "error \(code)"
    }

    /// What the client says of its last failure.
    func lastError(_ client: OpaquePointer?) -> String {
        MDNSClient.text(library?.clientErrno(client) ?? 0)
    }

    private func connect(_ now: Instant) {
        retry = nil
        guard let library else {
            return events.append(
                .unavailable(reason: "libavahi-client.so.3 is missing; install libavahi-client3"))
        }
        var code: Int32 = 0
        let made = library.clientNew(
            loop.api, AVAHI_CLIENT_NO_FAIL,
            { client, state, context in
                MDNSClient.from(context)?.changed(client, state)
            }, context, &code)
        guard let made else {
            client = nil
            isDead = false
            retry = now + backoff.next(using: &random)
            events.append(.unavailable(reason: "no system bus: " + MDNSClient.text(code)))
            return
        }
        client = made
    }

    private func changed(_ client: OpaquePointer?, _ state: AvahiClientState) {
        self.client = client
        switch state {
        case AVAHI_CLIENT_S_RUNNING:
            backoff.reset()
            let host = library?.clientHostName(client).map { String(cString: $0) } ?? ""
            events.append(.running(host: host))
            startBrowsing()
            publish()
        case AVAHI_CLIENT_S_COLLISION, AVAHI_CLIENT_S_REGISTERING:
            // The host's name is about to change; the group is made anew once it is established.
            if let group { _ = library?.groupFree(group) }
            group = nil
        case AVAHI_CLIENT_CONNECTING:
            events.append(.unavailable(reason: "the Avahi daemon is not running"))
        case AVAHI_CLIENT_FAILURE:
            isDead = true
            events.append(.lost(reason: lastError(client)))
        default: break
        }
    }

    /// Frees a dead client; its browsers, resolvers and group die with it.
    private func bury(_ now: Instant) {
        if let client { library?.clientFree(client) }
        client = nil
        isDead = false
        typeBrowser = nil
        group = nil
        browsers = [:]
        unanswered = []
        resolvers = [:]
        resolving = []
        waiting = []
        cached = []
        exhausted = []
        again = [:]
        sources = [:]
        isComplete = false
        retry = now + backoff.next(using: &random)
    }

    // MARK: Browsing

    private func startBrowsing() {
        guard let browsing, let client, browsers.isEmpty, typeBrowser == nil else { return }
        if let type = browsing.type { return browse(type) }
        unanswered.insert("")
        typeBrowser = library?.typeBrowserNew(
            client, interface, Avahi.anyVersion, browsing.domain, Avahi.lookUpPlainly,
            { _, _, _, event, type, _, _, context in
                guard let me = MDNSClient.from(context) else { return }
                if event == AVAHI_BROWSER_NEW, let type { me.browse(String(cString: type)) }
                me.answered("", event)
            }, context)
    }

    private func browse(_ type: String) {
        guard let client, browsers[type] == nil, browsers.count < MDNSClient.maxResolvers else {
            return
        }
        unanswered.insert(type)
        let browser = library?.browserNew(
            client, interface, Avahi.anyVersion, type, browsing?.domain, Avahi.lookUpPlainly,
            { browser, interface, version, event, name, type, domain, _, context in
                guard let me = MDNSClient.from(context) else { return }
                me.browsed(browser, event, ServiceKey(interface, version, name, type, domain))
            }, context)
        guard let browser else {
            unanswered.remove(type)
            events.append(.lost(reason: lastError(client)))
            return
        }
        browsers[type] = browser
    }

    private func browsed(_ browser: OpaquePointer?, _ event: AvahiBrowserEvent, _ key: ServiceKey?)
    {
        if let key {
            if event == AVAHI_BROWSER_NEW {
                if !exhausted.contains(key.type) { cached.insert(key) }
                return resolve(key)
            }
            if event == AVAHI_BROWSER_REMOVE { return forget(key) }
        }
        if event == AVAHI_BROWSER_FAILURE { isDead = true }
        if let type = browsers.first(where: { $0.value == browser })?.key { answered(type, event) }
    }

    private func answered(_ type: String, _ event: AvahiBrowserEvent) {
        if event == AVAHI_BROWSER_CACHE_EXHAUSTED { exhausted.insert(type) }
        let isEnough = browsing?.isCacheEnough == true && event == AVAHI_BROWSER_CACHE_EXHAUSTED
        guard event == AVAHI_BROWSER_ALL_FOR_NOW || isEnough else { return }
        unanswered.remove(type)
        settle()
    }

    private func settle() {
        guard !isComplete, unanswered.isEmpty, resolving.isEmpty, waiting.isEmpty else { return }
        isComplete = true
        events.append(.complete)
    }

    // MARK: Resolving

    private func resolve(_ key: ServiceKey) {
        guard let client, resolvers[key] == nil else { return }
        guard resolving.count < MDNSClient.maxResolvers, makeRoom() else {
            if waiting.count < MDNSClient.maxWaiting { waiting.append(key) }
            return
        }
        // The address of the version of the row: a row of one version may carry an address of the
        // other.
        let resolver = library?.resolverNew(
            client, key.interface, key.version, key.name, key.type, key.domain, key.version,
            Avahi.lookUpPlainly,
            {
                resolver, interface, version, event, name, type, domain, host, address, port, txt,
                _, context in
                guard let me = MDNSClient.from(context),
                    let key = ServiceKey(interface, version, name, type, domain)
                else { return }
                me.resolved(
                    key,
                    event == AVAHI_RESOLVER_FOUND
                        ? address.map {
                            key.instance(
                                host: host, address: $0, port: port, txt: txt,
                                interface: key.interfaceName)
                        } : nil)
            }, context)
        guard let resolver else { return settle() }
        resolvers[key] = resolver
        resolving.insert(key)
    }

    /// Closes a resolver that is only kept for news, when there are too many.
    private func makeRoom() -> Bool {
        guard resolvers.count >= MDNSClient.maxResolvers else { return true }
        guard let idle = resolvers.keys.filter({ !resolving.contains($0) }).min() else {
            return false
        }
        close(idle)
        return true
    }

    private func close(_ key: ServiceKey) {
        resolving.remove(key)
        if let resolver = resolvers.removeValue(forKey: key) {
            _ = library?.resolverFree(resolver)
        }
    }

    private func resolved(_ key: ServiceKey, _ instance: ServiceInstance?) {
        resolving.remove(key)
        if let instance {
            sources[key] = instance.source
            events.append(.resolved(instance))
            if isWhole(key) { events.append(.whole(instance.source)) }
            if browsing?.isWatch != true { close(key) }
        } else {
            if let source = sources.removeValue(forKey: key) { events.append(.unreachable(source)) }
            close(key)
            // The name may stay listed for 75 minutes; the host may be back before.
            if browsing?.isWatch == true, again.count < MDNSClient.maxWaiting {
                again[key] = now + .seconds(10)
            }
        }
        if let next = waiting.popLast() { resolve(next) }
        settle()
    }

    /// Whether nothing more is to be expected of the instance: the cache had all of it, or it is
    /// there on every interface and IP version.
    private func isWhole(_ key: ServiceKey) -> Bool {
        guard !resolving.contains(where: key.isSameInstance) else { return false }
        return cached.contains(key)
            || sources.keys.count(where: key.isSameInstance) >= breadth
    }

    private func forget(_ key: ServiceKey) {
        close(key)
        again.removeValue(forKey: key)
        waiting.removeAll { $0 == key }
        if let source = sources.removeValue(forKey: key) { events.append(.removed(source)) }
        settle()
    }
}

import KosCore
import KosNet
import KosTool

/// How to connect.
struct ConnectionOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Time for one connection to be made.", valueName: "dur"))
    var connectTimeout = DurationOption(.seconds(5))

    @Flag(name: [.customShort("4"), .customLong("ipv4")], help: "Names mean IPv4 addresses only.")
    var ipv4 = false

    @Flag(name: [.customShort("6"), .customLong("ipv6")], help: "Names mean IPv6 addresses only.")
    var ipv6 = false

    @Option(
        help: ArgumentHelp("Address of this machine to connect from.", valueName: "address"))
    var localAddr: String?

    @Option(
        parsing: .singleValue,
        help: ArgumentHelp("A line for the head of HTTP requests.", valueName: "name: value"))
    var header: [String] = []

    @Option(
        help: ArgumentHelp(
            "Connect through it: http://host:port (CONNECT) or socks5://host:port.",
            valueName: "uri"))
    var proxy: String?

    mutating func validate() throws {
        guard !(ipv4 && ipv6) else { throw ValidationError("-4 and -6 exclude each other") }
        guard connectTimeout.duration > .zero else {
            throw ValidationError("--connect-timeout is longer than 0")
        }
        if let localAddr, IPAddress(localAddr) == nil {
            throw ValidationError("--local-addr '\(localAddr)' is no address")
        }
        if let proxy, Proxy(proxy) == nil {
            throw ValidationError("--proxy '\(proxy)' is neither http://… nor socks5://…")
        }
        for line in header where ConnectionOptions.parts(line) == nil {
            throw ValidationError("--header '\(line)' is not 'name: value'")
        }
    }

    private static func parts(_ line: String) -> (name: String, value: String)? {
        guard let colon = line.firstIndex(of: ":"), colon > line.startIndex,
            !line.contains(where: { $0.isNewline || $0 == "\0" })
        else { return nil }
        let name = line[..<colon]
        guard name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
        return (String(name), String(line[line.index(after: colon)...].drop { $0 == " " }))
    }

    var settings: DialSettings {
        var settings = DialSettings()
        settings.family = ipv4 ? .ipv4 : ipv6 ? .ipv6 : .any
        settings.localAddress = localAddr
        settings.headers = header.compactMap { ConnectionOptions.parts($0) }
        settings.proxy = proxy.flatMap { Proxy($0) }
        settings.timeout = connectTimeout.duration
        return settings
    }
}

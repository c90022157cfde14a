import KosCore
import KosNet
import KosTool

/// `kos-relay manet`: OLSR or AODV on this machine's interfaces.
struct Manet: Tool {
    static let configuration = CommandConfiguration(
        abstract: "Speak OLSR or AODV on network interfaces and set the kernel's routes.")

    @OptionGroup var common: CommonOptions

    @Option(name: .customLong("protocol"), help: ArgumentHelp("olsr or aodv.", valueName: "name"))
    var name = "olsr"

    @Option(
        name: .shortAndLong, parsing: .upToNextOption,
        help: ArgumentHelp("Interfaces with an IPv4 address.", valueName: "name"))
    var interface: [String] = []

    @Option(
        help: ArgumentHelp(
            "Address of the node, of those its interfaces have; by default the first one's.",
            valueName: "address"))
    var address: String?

    @Option(
        help: ArgumentHelp(
            "aodv: destinations to ask for when the kernel has no route.",
            valueName: "address/length"))
    var prefix: String?

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("olsr: networks behind this node.", valueName: "address/length"))
    var network: [String] = []

    @Option(help: ArgumentHelp("olsr: 0 (carry nothing) to 7 (always).", valueName: "n"))
    var willingness = 3

    @Option(help: ArgumentHelp("The kernel's table.", valueName: "n"))
    var table: UInt32 = 254

    @Flag(help: "Leave the kernel's routes alone.")
    var dryRun = false

    @Flag(help: "Find broken links by silence alone, not by the kernel's word.")
    var noLinkNotice = false

    mutating func validate() throws {
        guard ["olsr", "aodv"].contains(name) else {
            throw ValidationError("--protocol is olsr or aodv")
        }
        guard (0...7).contains(willingness), table > 0 else {
            throw ValidationError("--willingness is 0 to 7, --table more than 0")
        }
    }

    mutating func run(_ io: ToolIO) throws -> ExitStatus {
        let session = try ManetSession(self, io)
        try session.run()
        return .yes
    }

    func settings() throws -> ManetNode.Settings {
        var settings = ManetNode.Settings()
        guard !interface.isEmpty else {
            throw ToolFailure.usage("no interface is named", hint: "for example -i wlan0")
        }
        for name in interface {
            guard let found = NetworkInterface(named: name) else {
                throw ToolFailure(
                    .failure, code: "noInterface", "\(name) is no interface with an IPv4 address",
                    hint: "'ip -4 addr' lists them")
            }
            settings.interfaces.append(found)
        }
        settings.address = settings.interfaces[0].address
        if let address {
            guard let own = RouterAddress(address) else {
                throw ToolFailure.usage("--address \(address) is no IPv4 address")
            }
            settings.address = own
        }
        settings.table = table
        settings.setsRoutes = !dryRun
        settings.heedsLinkLayer = !noLinkNotice
        settings.willingness = UInt8(willingness)
        settings.networks = try network.map { try Manet.network($0, "--network") }
        settings.wanted = try prefix.map { try Manet.network($0, "--prefix") }
        return settings
    }

    private static func network(_ text: String, _ option: String) throws -> OLSRMessage.Network {
        let parts = text.split(separator: "/")
        guard parts.count == 2, let address = RouterAddress(String(parts[0])),
            let length = Int(parts[1]), (0...32).contains(length)
        else { throw ToolFailure.usage("\(option) \(text) is no network", hint: "as 10.9.0.0/16") }
        let mask = length == 0 ? 0 : UInt32.max << UInt32(32 - length)
        return OLSRMessage.Network(
            RouterAddress(address.bits & mask), mask: RouterAddress(mask))
    }
}

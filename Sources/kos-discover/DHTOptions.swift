import KosCore
import KosTool

/// Options of the method `dht`.
struct DHTOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp("A node of the DHT to begin with: host:port.", valueName: "contact"))
    var dhtNode: [ContactOption] = []

    @Option(
        name: .long,
        help: ArgumentHelp(
            "UDP port of the DHT; chosen by the kernel if not said.", valueName: "port"))
    var dhtPort: UInt16 = 0

    @Option(
        name: .long, help: ArgumentHelp("Only on this address of the host.", valueName: "address"))
    var dhtAddress: AddressOption?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Name of the mesh, under which its nodes find each other.", valueName: "name"))
    var mesh = "kos"

    /// The nodes to begin with.
    func contacts() throws -> [ContactAddress] {
        try HostName.contacts(of: dhtNode) { try $0.contacts() }
    }
}

struct AddressOption: ExpressibleByArgument, Sendable {
    let address: IPAddress
    init?(argument: String) {
        guard let address = IPAddress(argument) else { return nil }
        self.address = address
    }
}

import KosCore
import KosTool

/// What the options come to.
extension KosDiscover {
    /// The methods to use, and whether they were named.
    var chosen: (methods: [DiscoveryMethodName], areNamed: Bool) {
        let named = methods.flatMap(\.names)
        guard !named.isEmpty, !named.contains(where: { $0 == nil }) else {
            let cluster: [DiscoveryMethodName] = gossip.gossipJoin.isEmpty ? [] : [.gossip]
            guard !announcing.isAnnounce else { return ([.mdns] + cluster, false) }
            let others: DiscoveryMethodName =
                bootstrap.isEmpty && input == nil ? .static : .bootstrap
            return ([.mdns] + cluster + [others], false)
        }
        var unique: [DiscoveryMethodName] = []
        for case let name? in named where !unique.contains(name) { unique.append(name) }
        return (unique, true)
    }

    /// What this node says that it can do.
    var announced: [String] { announcing.isAnnounce ? capability : [] }

    /// Methods that were asked for by name, or by naming a relay or a member.
    var asked: [DiscoveryMethodName] {
        let (methods, areNamed) = chosen
        return areNamed ? methods : methods.filter { $0 == .bootstrap || $0 == .gossip }
    }

    /// Time for a run that ends by itself, where none is given: slow radios need more.
    var usualWait: Duration {
        .seconds(3) + (chosen.methods.contains(.lora) ? lora.patience : .zero)
            + (chosen.methods.contains(.bluetooth) ? BluetoothOptions.patience : .zero)
    }

    /// The options as the engine wants them.
    func rules(_ io: ToolIO) -> Discovery.Options {
        var rules = Discovery.Options()
        rules.isWatch = isWatch
        rules.methods = chosen.methods
        rules.filter.node = node
        rules.filter.capabilities = capability
        rules.filter.scope = scope.flatMap(PeerFilter.Scope.init)
        rules.count = count
        rules.until = until
        rules.idle = idle?.duration
        rules.deadline = io.deadline
        rules.own = Authenticity.knownNode(io)
        rules.includesSelf = includeSelf
        rules.requiresSignature = requireSigned
        return rules
    }
}

/// `-m mdns,bootstrap`; `auto` is nil.
struct MethodList: ExpressibleByArgument, Sendable {
    let names: [DiscoveryMethodName?]
    init?(argument: String) {
        var names: [DiscoveryMethodName?] = []
        for part in argument.split(separator: ",", omittingEmptySubsequences: false) {
            if part == "auto" {
                names.append(nil)
            } else if part != "capture", let name = DiscoveryMethodName(rawValue: String(part)) {
                names.append(name)
            } else {
                return nil
            }
        }
        self.names = names
    }
}

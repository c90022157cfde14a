/// One DNS-SD service instance as a browser resolved it on one interface and IP version.
package struct ServiceInstance: Hashable, Sendable {
    /// Instance name, raw UTF-8.
    package var name: String
    package var type: String
    package var domain: String
    package var host: String
    package var address: String
    package var port: Int
    package var interface: String?
    package var isIPv6: Bool
    package var txt: TXTRecord

    package init(
        name: String, type: String, domain: String, host: String, address: String, port: Int,
        interface: String?, isIPv6: Bool, txt: TXTRecord
    ) {
        self.name = name
        self.type = type
        self.domain = domain
        self.host = host
        self.address = address
        self.port = port
        self.interface = interface
        self.isIPv6 = isIPv6
        self.txt = txt
    }

    /// The key under which the instance is later withdrawn.
    package static func key(
        name: String, type: String, domain: String, interface: String?, isIPv6: Bool
    ) -> String {
        "\(name)\u{0}\(type)\u{0}\(domain)\u{0}\(interface ?? "")\u{0}\(isIPv6 ? 6 : 4)"
    }

    package var source: Sighting.Source {
        Sighting.Source(
            .mdns,
            ServiceInstance.key(
                name: name, type: type, domain: domain, interface: interface, isIPv6: isIPv6))
    }

    /// The instance as a sighting of a peer. A service without our TXT members is a peer named as
    /// the instance is. Nil when it cannot be a node id, or our members cannot be read.
    package func sighting(by verifier: some Verifier) -> Sighting? {
        guard txt["nodeId"] != nil else { return foreign }
        guard let announcement = PeerAnnouncement(txt) else { return nil }
        var addresses = announcement.addresses(host: address, interface: interface)
        if addresses.isEmpty { addresses = [plainAddress] }
        var sighting = Sighting(
            source: source, nodeId: announcement.nodeId, addresses: addresses,
            capabilities: announcement.capabilities, trust: announcement.trust(by: verifier))
        sighting.isPartial = announcement.isPartial
        sighting.ttlMs = announcement.ttlMs > 0 ? announcement.ttlMs : nil
        sighting.name = name == announcement.nodeId.text ? nil : name
        sighting.txt = txt.object
        return sighting
    }

    private var foreign: Sighting? {
        guard let node = NodeID(name) else { return nil }
        var sighting = Sighting(
            source: source, nodeId: node, addresses: [plainAddress],
            capabilities: type.hasPrefix("_kos.") ? [] : ["service"], trust: .opaque)
        sighting.name = name
        var members = txt.object
        if !type.hasPrefix("_kos."), members["service"] == nil {
            members["service"] = .string(type)
        }
        sighting.txt = members
        return sighting
    }

    private var plainAddress: PeerAddress {
        PeerAddress(
            type: type.hasSuffix("_udp") ? .udp : .tcp, address: address, port: port,
            interface: interface)
    }
}

extension PeerAnnouncement {
    /// Whether the announcement is the node's own.
    package func trust(by verifier: some Verifier) -> Trust {
        guard let signature else { return nodeId.publicKey == nil ? .opaque : .unsigned }
        guard verifier.isValid(signature, of: signedOctets, by: nodeId) else { return .forged }
        return .signed(sequence: timestamp.milliseconds)
    }
}

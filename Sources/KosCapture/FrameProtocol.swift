/// The protocols that a frame is taken apart into, by Wireshark's short names.
package enum FrameProtocol: UInt8, Sendable, CaseIterable {
    case none
    // Link layers.
    case eth, sll, raw, null, ppp, chdlc, vlan, ieee8021ad, llc, stp, radiotap, ppi, wlan, wpan
    case wpanTap, hciMonitor, hciH4, hciCommand, hciEvent, hciACL, hciSCO, btl2cap, btatt, btsmp
    case btleRF, btle, loratap, lorawan, nflog, pktap, user0
    case arp, lldp, eapol, macsec, nsh, fr, mpls, pppoed, pppoes, batadv, lcp, ipcp
    // Networks.
    case ip, ipv6, icmp, icmpv6, igmp, ospf, pim, vrrp, esp, ah, gre, dsr, sixlowpan
    // Transports and tunnels.
    case udp, udplite, tcp, sctp, vxlan, geneve, teredo, gtp, l2tp
    // What they carry.
    case dns, mdns, llmnr, dhcp, dhcpv6, ntp, snmp, ssdp, coap, stun, dtls, tls, http, webSocket
    case ssh, krpc, memberlist, olsr, aodv, babel, rip, quic, kos, reticulum, meshtastic, hwmp

    /// The name in records.
    package var name: StaticString {
        switch self {
        case .none: ""
        case .eth: "eth"
        case .sll: "sll"
        case .raw: "raw"
        case .null: "null"
        case .ppp: "ppp"
        case .chdlc: "chdlc"
        case .vlan: "vlan"
        case .ieee8021ad: "ieee8021ad"
        case .llc: "llc"
        case .stp: "stp"
        case .radiotap: "radiotap"
        case .ppi: "ppi"
        case .wlan: "wlan"
        case .wpan: "wpan"
        case .wpanTap: "wpan-tap"
        case .hciMonitor: "hci_mon"
        case .hciH4: "hci_h4"
        case .hciCommand: "bthci_cmd"
        case .hciEvent: "bthci_evt"
        case .hciACL: "bthci_acl"
        case .hciSCO: "bthci_sco"
        case .btl2cap: "btl2cap"
        case .btatt: "btatt"
        case .btsmp: "btsmp"
        case .btleRF: "btle_rf"
        case .btle: "btle"
        case .loratap: "loratap"
        case .lorawan: "lorawan"
        case .nflog: "nflog"
        case .pktap: "pktap"
        case .user0: "user_dlt"
        case .arp: "arp"
        case .lldp: "lldp"
        case .eapol: "eapol"
        case .macsec: "macsec"
        case .nsh: "nsh"
        case .fr: "fr"
        case .mpls: "mpls"
        case .pppoed: "pppoed"
        case .pppoes: "pppoes"
        case .batadv: "batadv"
        case .lcp: "lcp"
        case .ipcp: "ipcp"
        case .ip: "ip"
        case .ipv6: "ipv6"
        case .icmp: "icmp"
        case .icmpv6: "icmpv6"
        case .igmp: "igmp"
        case .ospf: "ospf"
        case .pim: "pim"
        case .vrrp: "vrrp"
        case .esp: "esp"
        case .ah: "ah"
        case .gre: "gre"
        case .dsr: "dsr"
        case .sixlowpan: "6lowpan"
        case .udp: "udp"
        case .udplite: "udplite"
        case .tcp: "tcp"
        case .sctp: "sctp"
        case .vxlan: "vxlan"
        case .geneve: "geneve"
        case .teredo: "teredo"
        case .gtp: "gtp"
        case .l2tp: "l2tp"
        case .dns: "dns"
        case .mdns: "mdns"
        case .llmnr: "llmnr"
        case .dhcp: "dhcp"
        case .dhcpv6: "dhcpv6"
        case .ntp: "ntp"
        case .snmp: "snmp"
        case .ssdp: "ssdp"
        case .coap: "coap"
        case .stun: "stun"
        case .dtls: "dtls"
        case .tls: "tls"
        case .http: "http"
        case .webSocket: "websocket"
        case .ssh: "ssh"
        case .krpc: "bt-dht"
        case .memberlist: "memberlist"
        case .olsr: "olsr"
        case .aodv: "aodv"
        case .babel: "babel"
        case .rip: "rip"
        case .quic: "quic"
        case .kos: "kos"
        case .reticulum: "reticulum"
        case .meshtastic: "meshtastic"
        case .hwmp: "hwmp"
        }
    }
}

/// The protocols of one frame, outermost first.
package struct ProtocolStack: Sendable {
    /// Sixteen overlays of four names each, and what is around and within them.
    package static let capacity = 80
    private var names = [80 of FrameProtocol](repeating: .none)
    package private(set) var count = 0

    package init() {}

    @inline(__always)
    package mutating func push(_ name: FrameProtocol) {
        guard count < ProtocolStack.capacity else { return }
        names[count] = name
        count &+= 1
    }
    @inline(__always)
    package subscript(index: Int) -> FrameProtocol {
        index >= 0 && index < count ? names[index] : .none
    }
    /// The innermost.
    package var last: FrameProtocol { self[count - 1] }
    @inline(__always)
    package mutating func removeAll() { count = 0 }

    package func contains(_ name: FrameProtocol) -> Bool {
        for index in 0..<count where names[index] == name { return true }
        return false
    }
}

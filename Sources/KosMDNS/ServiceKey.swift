import CAvahi
import Glibc
import KosCore

/// A service instance on one interface and IP version, as Avahi names it.
struct ServiceKey: Hashable, Comparable {
    let interface: AvahiIfIndex
    let version: AvahiProtocol
    let name: String
    let type: String
    let domain: String

    static func < (left: ServiceKey, right: ServiceKey) -> Bool {
        (left.name, left.type, left.domain, left.interface, left.version)
            < (right.name, right.type, right.domain, right.interface, right.version)
    }

    /// Nil when Avahi left out a part, as it does in failure events.
    init?(
        _ interface: AvahiIfIndex, _ version: AvahiProtocol, _ name: UnsafePointer<CChar>?,
        _ type: UnsafePointer<CChar>?, _ domain: UnsafePointer<CChar>?
    ) {
        guard let name, let type, let domain else { return nil }
        self.interface = interface
        self.version = version
        self.name = String(cString: name)
        self.type = String(cString: type)
        self.domain = String(cString: domain)
    }

    /// `eth0`; nil when the interface has gone.
    var interfaceName: String? {
        var buffer = [CChar](repeating: 0, count: Int(IF_NAMESIZE) + 1)
        guard interface > 0, if_indextoname(UInt32(interface), &buffer) != nil else { return nil }
        return String(
            decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Whether `other` is the same instance, maybe on another interface or IP version.
    func isSameInstance(_ other: ServiceKey) -> Bool {
        (name, type, domain) == (other.name, other.type, other.domain)
    }

    var isIPv6: Bool { version == Avahi.version6 }

    func instance(
        host: UnsafePointer<CChar>?, address: UnsafePointer<AvahiAddress>, port: UInt16,
        txt: UnsafeMutablePointer<AvahiStringList>?, interface: String?
    ) -> ServiceInstance {
        var buffer = [CChar](repeating: 0, count: Int(AVAHI_ADDRESS_STR_MAX) + 1)
        avahi_address_snprint(&buffer, buffer.count, address)
        let text = String(
            decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return ServiceInstance(
            name: name, type: type, domain: domain, host: host.map { String(cString: $0) } ?? "",
            address: text, port: Int(port), interface: interface, isIPv6: isIPv6,
            txt: TXTRecord(txt))
    }
}

extension TXTRecord {
    /// The strings of an Avahi list, in the order in which they stand on the wire.
    init(_ list: UnsafeMutablePointer<AvahiStringList>?) {
        var strings: [[UInt8]] = []
        var next = list
        while let node = next, strings.count < 4 * TXTRecord.maxStrings {
            let size = avahi_string_list_get_size(node)
            let text = avahi_string_list_get_text(node)
            strings.append(Array(UnsafeBufferPointer(start: text, count: size)))
            next = avahi_string_list_get_next(node)
        }
        self.init(strings: strings)
    }

    /// The record as an Avahi list, which the caller frees. Avahi prepends, so the last one goes
    /// first.
    var list: UnsafeMutablePointer<AvahiStringList>? {
        var list: UnsafeMutablePointer<AvahiStringList>?
        for pair in pairs.reversed() {
            guard let value = pair.value else {
                list = avahi_string_list_add(list, pair.name)
                continue
            }
            list = avahi_string_list_add_pair_arbitrary(list, pair.name, value, value.count)
        }
        return list
    }
}

import CAvahi

/// Avahi's constants in the types in which its functions want them: C's anonymous enumerations come
/// as
/// `Int`, its flags as a type of their own.
enum Avahi {
    static let anyVersion = AvahiProtocol(AVAHI_PROTO_UNSPEC)
    static let version6 = AvahiProtocol(AVAHI_PROTO_INET6)
    static let anyInterface = AvahiIfIndex(AVAHI_IF_UNSPEC)
    static let publishPlainly = AvahiPublishFlags(0)
    static let lookUpPlainly = AvahiLookupFlags(0)
    static let collision = Int32(AVAHI_ERR_COLLISION)
}

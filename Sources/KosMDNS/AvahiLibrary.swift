import CAvahi
import Glibc

/// The functions of libavahi-client, looked up when mDNS is first wanted.
///
/// The library brings D-Bus, systemd and six more with it, which cost every start a third of its
/// time; and a host without it can still discover by the other methods. libavahi-common, which
/// brings nothing, is linked as usual. The types are those of avahi-client's headers.
struct AvahiLibrary: Sendable {
    typealias Text = UnsafePointer<CChar>
    typealias Context = UnsafeMutableRawPointer

    let clientNew:
        @convention(c) (
            UnsafePointer<AvahiPoll>?, AvahiClientFlags, AvahiClientCallback?, Context?,
            UnsafeMutablePointer<Int32>?
        ) -> OpaquePointer?
    let clientFree: @convention(c) (OpaquePointer?) -> Void
    let clientErrno: @convention(c) (OpaquePointer?) -> Int32
    let clientHostName: @convention(c) (OpaquePointer?) -> Text?
    let typeBrowserNew:
        @convention(c) (
            OpaquePointer?, AvahiIfIndex, AvahiProtocol, Text?, AvahiLookupFlags,
            AvahiServiceTypeBrowserCallback?, Context?
        ) -> OpaquePointer?
    let browserNew:
        @convention(c) (
            OpaquePointer?, AvahiIfIndex, AvahiProtocol, Text?, Text?, AvahiLookupFlags,
            AvahiServiceBrowserCallback?, Context?
        ) -> OpaquePointer?
    let resolverNew:
        @convention(c) (
            OpaquePointer?, AvahiIfIndex, AvahiProtocol, Text?, Text?, Text?, AvahiProtocol,
            AvahiLookupFlags, AvahiServiceResolverCallback?, Context?
        ) -> OpaquePointer?
    let resolverFree: @convention(c) (OpaquePointer?) -> Int32
    let groupNew:
        @convention(c) (OpaquePointer?, AvahiEntryGroupCallback?, Context?) -> OpaquePointer?
    let groupFree: @convention(c) (OpaquePointer?) -> Int32
    let groupCommit: @convention(c) (OpaquePointer?) -> Int32
    let groupAdd:
        @convention(c) (
            OpaquePointer?, AvahiIfIndex, AvahiProtocol, AvahiPublishFlags, Text?, Text?, Text?,
            Text?, UInt16, UnsafeMutablePointer<AvahiStringList>?
        ) -> Int32
    let groupUpdate:
        @convention(c) (
            OpaquePointer?, AvahiIfIndex, AvahiProtocol, AvahiPublishFlags, Text?, Text?, Text?,
            UnsafeMutablePointer<AvahiStringList>?
        ) -> Int32

    private struct Missing: Error {}

    /// Nil on a host that does not have the library.
    static let shared = AvahiLibrary()

    private init?() {
        guard let library = dlopen("libavahi-client.so.3", RTLD_NOW | RTLD_LOCAL) else {
            return nil
        }
        /// A name with a type that the caller's property gives.
        func function<F>(_ name: String) throws(Missing) -> F {
            guard let found = dlsym(library, "avahi_" + name) else { throw Missing() }
            return unsafeBitCast(found, to: F.self)
        }
        do {
            clientNew = try function("client_new")
            clientFree = try function("client_free")
            clientErrno = try function("client_errno")
            clientHostName = try function("client_get_host_name_fqdn")
            typeBrowserNew = try function("service_type_browser_new")
            browserNew = try function("service_browser_new")
            resolverNew = try function("service_resolver_new")
            resolverFree = try function("service_resolver_free")
            groupNew = try function("entry_group_new")
            groupFree = try function("entry_group_free")
            groupCommit = try function("entry_group_commit")
            groupAdd = try function("entry_group_add_service_strlst")
            groupUpdate = try function("entry_group_update_service_txt_strlst")
        } catch {
            return nil
        }
    }
}

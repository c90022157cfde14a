import CPcap
import Glibc

/// The functions of libpcap, looked up when an interface is first listened to or a filter compiled.
///
/// The library brings D-Bus, systemd and eight more with it, which cost every start a third of its
/// time; and captures are read by a reader of our own. The types are those of pcap.h.
struct PcapLibrary: Sendable {
    typealias Handle = OpaquePointer
    typealias Text = UnsafePointer<CChar>

    let create: @convention(c) (Text?, UnsafeMutablePointer<CChar>?) -> Handle?
    let activate: @convention(c) (Handle?) -> Int32
    let close: @convention(c) (Handle?) -> Void
    let datalink: @convention(c) (Handle?) -> Int32
    let snapshot: @convention(c) (Handle?) -> Int32
    let setSnaplen: @convention(c) (Handle?, Int32) -> Int32
    let setPromisc: @convention(c) (Handle?, Int32) -> Int32
    let setTimeout: @convention(c) (Handle?, Int32) -> Int32
    let setBufferSize: @convention(c) (Handle?, Int32) -> Int32
    let setPrecision: @convention(c) (Handle?, Int32) -> Int32
    let setImmediateMode: @convention(c) (Handle?, Int32) -> Int32
    let setDatalink: @convention(c) (Handle?, Int32) -> Int32
    let setNonblock: @convention(c) (Handle?, Int32, UnsafeMutablePointer<CChar>?) -> Int32
    let errorText: @convention(c) (Handle?) -> UnsafeMutablePointer<CChar>?
    let statusText: @convention(c) (Int32) -> Text?
    let selectableDescriptor: @convention(c) (Handle?) -> Int32
    let dispatch:
        @convention(c) (Handle?, Int32, pcap_handler?, UnsafeMutablePointer<UInt8>?) -> Int32
    let stats: @convention(c) (Handle?, UnsafeMutablePointer<pcap_stat>?) -> Int32
    let openDead: @convention(c) (Int32, Int32) -> Handle?
    let compile:
        @convention(c) (Handle?, UnsafeMutablePointer<bpf_program>?, Text?, Int32, UInt32) -> Int32
    let freeCode: @convention(c) (UnsafeMutablePointer<bpf_program>?) -> Void
    let setFilter: @convention(c) (Handle?, UnsafeMutablePointer<bpf_program>?) -> Int32
    let offlineFilter:
        @convention(c) (
            UnsafePointer<bpf_program>?, UnsafePointer<pcap_pkthdr>?, UnsafePointer<UInt8>?
        ) -> Int32

    private struct Missing: Error {}

    /// Nil on a host that does not have the library.
    static let shared = PcapLibrary()

    private init?() {
        var found = dlopen("libpcap.so.0.8", RTLD_NOW | RTLD_LOCAL)
        if found == nil { found = dlopen("libpcap.so.1", RTLD_NOW | RTLD_LOCAL) }
        guard let library = found else { return nil }
        /// A name with a type that the caller's property gives.
        func function<F>(_ name: String) throws(Missing) -> F {
            guard let found = dlsym(library, "pcap_" + name) else { throw Missing() }
            return unsafeBitCast(found, to: F.self)
        }
        do {
            create = try function("create")
            activate = try function("activate")
            close = try function("close")
            datalink = try function("datalink")
            snapshot = try function("snapshot")
            setSnaplen = try function("set_snaplen")
            setPromisc = try function("set_promisc")
            setTimeout = try function("set_timeout")
            setBufferSize = try function("set_buffer_size")
            setPrecision = try function("set_tstamp_precision")
            setImmediateMode = try function("set_immediate_mode")
            setDatalink = try function("set_datalink")
            setNonblock = try function("setnonblock")
            errorText = try function("geterr")
            statusText = try function("statustostr")
            selectableDescriptor = try function("get_selectable_fd")
            dispatch = try function("dispatch")
            stats = try function("stats")
            openDead = try function("open_dead")
            compile = try function("compile")
            freeCode = try function("freecode")
            setFilter = try function("setfilter")
            offlineFilter = try function("offline_filter")
        } catch {
            return nil
        }
    }

    /// What the handle says of its last failure.
    func failure(_ handle: Handle?) -> String {
        errorText(handle).map { String(cString: $0) } ?? ""
    }
}

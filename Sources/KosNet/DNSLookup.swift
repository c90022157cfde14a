import Glibc
package import KosCore
import NIOPosix

/// Asks the domain name system through the C library's resolver, which knows this host's servers,
/// search rules, time-outs and TCP.
package enum DNSLookup {
    package struct Failure: Error, Sendable {
        package let reason: String
    }
    private typealias Query =
        @convention(c) (
            UnsafePointer<CChar>, Int32, Int32, UnsafeMutablePointer<UInt8>, Int32
        ) -> Int32
    private static let maxAnswer = 65535
    private static let text: Int32 = 16
    private static let service: Int32 = 33

    /// Where the relays of `domain` listen: the SRV and TXT records of `_kos._tcp.domain`. Blocks
    /// for as long as the resolver is patient.
    package static func relays(of domain: String) -> Result<[Endpoint], Failure> {
        let name = "_kos._tcp." + domain
        var endpoints: [Endpoint] = []
        var failure: Failure?
        for type in [text, service] {
            switch answer(to: name, type) {
            case .success(let answer):
                for endpoint in answer?.endpoints ?? [] where !endpoints.contains(endpoint) {
                    endpoints.append(endpoint)
                }
            case .failure(let reason): failure = reason
            }
        }
        if let failure, endpoints.isEmpty { return .failure(failure) }
        guard !endpoints.isEmpty else {
            return .failure(Failure(reason: "\(name) has no SRV record, and no TXT with endpoints"))
        }
        return .success(endpoints)
    }

    /// The same on a thread of its own; `tell` is called there.
    package static func begin(
        _ domain: String, tell: @escaping @Sendable (Result<[Endpoint], Failure>) -> Void
    ) {
        NIOThreadPool.singleton.submit { state in
            if case .active = state { tell(relays(of: domain)) }
        }
    }

    /// Nil when the name has no such record.
    private static func answer(to name: String, _ type: Int32) -> Result<DNSAnswer?, Failure> {
        // Moved into the C library with glibc 2.34; by name, since Swift has no header for it.
        guard let symbol = dlsym(nil, "res_query") ?? dlsym(nil, "__res_query") else {
            return .failure(Failure(reason: "this system's C library has no resolver"))
        }
        let query = unsafeBitCast(symbol, to: Query.self)
        var octets = [UInt8](repeating: 0, count: maxAnswer)
        let count = query(name, 1, type, &octets, Int32(octets.count))
        guard count > 0 else {
            switch __h_errno_location().pointee {
            case NO_DATA: return .success(nil)
            case HOST_NOT_FOUND: return .failure(Failure(reason: "there is no \(name)"))
            case TRY_AGAIN: return .failure(Failure(reason: "no name server answers"))
            default: return .failure(Failure(reason: "the name server refuses"))
            }
        }
        guard let answer = DNSAnswer(Array(octets.prefix(Int(count)))) else {
            return .failure(Failure(reason: "the name server's answer cannot be read"))
        }
        return .success(answer)
    }
}

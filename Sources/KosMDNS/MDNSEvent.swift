package import KosCore

/// What the Avahi daemon told.
package enum MDNSEvent: Sendable {
    /// The daemon answers and the host's name is established; `host` is fully qualified.
    case running(host: String)
    /// No daemon can be talked to now; `MDNSClient` goes on trying.
    case unavailable(reason: String)
    /// The connection to the daemon broke: whatever was seen is in doubt.
    case lost(reason: String)
    case resolved(ServiceInstance)
    /// What the daemon's cache held of this instance is resolved on every interface and IP version.
    case whole(Sighting.Source)
    /// Somebody said goodbye, or the record ran out in the daemon's cache.
    case removed(Sighting.Source)
    /// The instance is still listed, but its host no longer answers.
    case unreachable(Sighting.Source)
    /// The first round of answers is in.
    case complete
    /// Our service is announced, under `name`.
    case published(name: String)
    case publishFailed(reason: String)
}

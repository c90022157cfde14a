#if NATS
    import CNats

    /// libnats, loaded when a backplane is first wanted: linked, it costs every start of a relay.
    enum NATSLibrary {
        /// Nil on a host that does not have it.
        nonisolated(unsafe) static let shared = kos_nats_load()
    }
#endif

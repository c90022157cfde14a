#if NATS
    import CNats
    import Glibc
    package import KosCore
    import Synchronization

    /// A connection to a NATS cluster by libnats, made anew for as long as it takes. libnats has
    /// threads of its own and so has this: what is to be done is queued here and done there, what
    /// comes is collected until the event loop takes it.
    package final class NATSConnection: Sendable {
        private static let maxQueued = 65_536
        private static let maxQueuedOctets = 64 << 20

        private struct Queue: Sendable {
            var outputs: [BackplaneSession.Output] = []
            var octets = 0
            var isClosing = false
        }
        private let queue = Mutex(Queue())
        private let inbox: NATSInbox
        private let ends: (read: Int32, write: Int32)

        /// `wake` is called, from any thread, when `take` has something; `note` with what a person
        /// may want to know.
        package init?(
            _ setup: NATSSetup, wake: @escaping @Sendable () -> Void,
            note: @escaping @Sendable (String) -> Void
        ) {
            var pair: [Int32] = [0, 0]
            guard let lib = NATSLibrary.shared, pipe(&pair) == 0 else { return nil }
            for end in pair {
                _ = fcntl(end, F_SETFD, FD_CLOEXEC)
                _ = fcntl(end, F_SETFL, O_NONBLOCK)
            }
            ends = (pair[0], pair[1])
            inbox = NATSInbox(wake)
            let work = NATSWork(lib, setup, inbox, note) { [self] in next(atMost: $0) }
            let closure = Unmanaged.passRetained(work).toOpaque()
            var thread = pthread_t()
            let failed = pthread_create(
                &thread, nil,
                { closure in
                    guard let closure else { return nil }
                    Unmanaged<NATSWork>.fromOpaque(closure).takeRetainedValue().run()
                    return nil
                }, closure)
            guard failed == 0 else {
                Unmanaged<NATSWork>.fromOpaque(closure).release()
                return nil
            }
            pthread_detach(thread)
        }

        deinit {
            Glibc.close(ends.read)
            Glibc.close(ends.write)
        }

        /// What has come since the last time, and how many messages found no room.
        package func take() -> (inputs: [BackplaneSession.Input], dropped: Int) { inbox.take() }

        /// Has a subscription or a publication made; false when too much waits already.
        package func post(_ output: BackplaneSession.Output) -> Bool {
            let (isTaken, isFirst) = queue.withLock { queue in
                if case .publish(_, _, _, let octets) = output {
                    guard queue.outputs.count < NATSConnection.maxQueued,
                        queue.octets + octets.count <= NATSConnection.maxQueuedOctets
                    else { return (false, false) }
                    queue.octets += octets.count
                }
                queue.outputs.append(output)
                return (true, queue.outputs.count == 1)
            }
            if isFirst { ring() }
            return isTaken
        }

        /// What is queued is still sent.
        package func close() {
            queue.withLock { $0.isClosing = true }
            ring()
        }

        private func ring() {
            var octet: UInt8 = 0
            _ = write(ends.write, &octet, 1)
        }

        /// Waits for something to do, at most so many ms; nil at the end.
        private func next(atMost milliseconds: Int32) -> [BackplaneSession.Output]? {
            var waiting = pollfd(fd: ends.read, events: Int16(POLLIN), revents: 0)
            if poll(&waiting, 1, milliseconds) > 0 {
                var octets = [UInt8](repeating: 0, count: 64)
                while read(ends.read, &octets, octets.count) == octets.count {}
            }
            return queue.withLock { queue in
                guard !queue.isClosing || !queue.outputs.isEmpty else { return nil }
                defer {
                    queue.outputs = []
                    queue.octets = 0
                }
                return queue.outputs
            }
        }
    }
#endif

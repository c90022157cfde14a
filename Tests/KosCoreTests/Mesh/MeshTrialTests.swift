import KosCore
import KosSimulation
import Testing

/// Small meshes under faults; Tests/Tools runs hundreds of larger ones with the release build.
@Suite struct MeshTrialTests {
    private static func outcome(
        _ seed: UInt64, _ routing: MeshRouting = .linkstate
    ) -> MeshTrial.Outcome {
        var settings = MeshTrial.Settings()
        settings.routing = routing
        settings.nodes = 6
        settings.messagesPerNode = 2
        settings.trouble = .seconds(5)
        settings.calm = .seconds(30)
        settings.crashes = 1
        return MeshTrial.run(seed: seed, settings: settings)
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func lawsHoldUnderFaults(seed: UInt64) {
        let outcome = MeshTrialTests.outcome(seed)
        #expect(outcome.violations.isEmpty, "kos-relay simulate --seed \(seed) --nodes 6")
        // Two of each node, but for the one that crashes.
        #expect(outcome.sent == 10)
        #expect(outcome.acknowledged >= 8, "of \(outcome.sent), after the faults have ended")
    }

    @Test(arguments: [MeshRouting.flooding, .aodv, .dsr, .olsr, .auto], [4, 5] as [UInt64])
    func lawsHoldUnderEveryProtocol(routing: MeshRouting, seed: UInt64) {
        let outcome = MeshTrialTests.outcome(seed, routing)
        #expect(
            outcome.violations.isEmpty,
            "kos-relay simulate --seed \(seed) --nodes 6 --routing \(routing.rawValue)")
        #expect(outcome.sent == 10)
        #expect(outcome.acknowledged >= 8, "of \(outcome.sent), after the faults have ended")
    }

    @Test func theSameSeedIsTheSameRun() {
        #expect(MeshTrialTests.outcome(7).fingerprint == MeshTrialTests.outcome(7).fingerprint)
    }
}

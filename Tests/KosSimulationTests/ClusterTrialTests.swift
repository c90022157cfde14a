import KosCore
import KosSimulation
import Testing

/// Relays under faults, with leaves that move between them.
struct ClusterTrialTests {
    enum Kind: String, CaseIterable {
        case links, crowd, backplane, both

        var settings: ClusterTrial.Settings {
            var settings = ClusterTrial.Settings()
            settings.hasLinks = self != .backplane
            settings.hasBackplane = self == .backplane || self == .both
            // Claims alone tell where a leaf is.
            if self != .links { settings.crowd = 0 }
            return settings
        }
    }

    @Test(arguments: Kind.allCases, 1..<6)
    func lawsHold(_ kind: Kind, seed: Int) {
        let trial = ClusterTrial.run(seed: UInt64(seed), kind.settings)
        #expect(trial.violations == [])
        // Most of it gets through, whatever happens: a leaf that is away for long may give up.
        #expect(trial.acknowledged * 10 >= trial.sent * 8)
    }

    @Test func custodyMovesWithTheLeaf() {
        let trials = (1..<6).map { ClusterTrial.run(seed: $0, Kind.both.settings) }
        #expect(trials.map(\.stored).reduce(0, +) > 0)
        #expect(trials.map(\.handedOver).reduce(0, +) > 0)
    }
}

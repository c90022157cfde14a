import KosCore
import KosSimulation
import Testing

/// The model of 802.11's access to the air, of collisions and of address resolution.
@Suite struct MediumAccessTests {
    private func run(
        _ scenario: Scenario, seconds: Int64 = 10, hellos: Bool = false
    ) -> RadioSimulation<AODV> {
        var scenario = scenario
        scenario.duration = .seconds(seconds)
        var simulation = RadioSimulation(scenario) { address, seed, now in
            var settings = AODVSettings()
            settings.usesHellos = hellos
            return AODV(address: address, settings: settings, seed: seed, at: now)
        }
        simulation.run()
        return simulation
    }

    private func flow(_ from: Int, _ to: Int, _ interval: Duration, octets: Int = 64)
        -> Scenario.Flow
    {
        .init(
            from: from, to: to, start: .zero + .microseconds(10_000 + 1_300 * from),
            stop: .zero + .seconds(10), every: interval, octets: octets)
    }

    /// A sender that always has something to send: DIFS, 15.5 slots in the mean, the frame, SIFS
    /// and the acknowledgement, as the standard adds them up (IEEE 802.11-2016 §10.3, §16).
    @Test(arguments: [64, 512, 1500]) func oneSenderFillsTheAirAsTheStandardSays(octets: Int) {
        var scenario = Scenario.line(2)
        scenario.radio = .contended
        scenario.flows = [flow(0, 1, .microseconds(500), octets: octets)]
        let metrics = run(scenario).metrics
        let frame = 192 + Double(octets + 28 + 36) * 8 / 2
        let whole = 50 + 15.5 * 20 + frame + 10 + 192 + 14 * 8
        let expected = 9.99e6 / whole
        let share = Double(metrics.dataDelivered) / expected
        #expect((0.97...1.03).contains(share), "\(metrics.dataDelivered) of \(expected)")
        #expect(metrics.collisions == 0)
        #expect(metrics.queueDrops > 0)
    }

    /// Whoever hears the other waits; only equal slots collide, and those are tried again.
    @Test func neighboursTakeTurns() {
        var scenario = Scenario(positions: [], reach: .links([[1, 2], [0, 2], [0, 1]]))
        scenario.positions = (0..<3).map { PlanePosition(x: Double($0), y: 0) }
        scenario.radio = .contended
        scenario.flows = [flow(0, 2, .milliseconds(4)), flow(1, 2, .milliseconds(4))]
        let metrics = run(scenario).metrics
        #expect(metrics.deliveryRatio > 0.999)
        #expect(metrics.dataDuplicated == 0)
        #expect(metrics.collisions < metrics.dataSent / 10)
    }

    /// Two who do not hear each other spoil what they say to the one between, again and again; the
    /// retries save most, and nothing arrives twice.
    @Test func hiddenTerminalsCollideAndTryAgain() {
        var scenario = Scenario.line(3)
        scenario.radio = .contended
        scenario.radio.pathLossExponent = 0
        scenario.flows = [flow(0, 1, .milliseconds(5)), flow(2, 1, .microseconds(6_700))]
        let metrics = run(scenario).metrics
        #expect(metrics.collisions > 100)
        #expect(metrics.dataFrames > metrics.dataSent + 100)
        #expect(metrics.deliveryRatio > 0.7)
        #expect(metrics.dataDuplicated == 0)
    }

    /// The nearer of two is heard where the model lets the stronger frame survive.
    @Test func theStrongerFrameSurvives() {
        func collisions(_ ratio: Double?) -> Int {
            var scenario = Scenario(
                positions: [0, 20, 110].map { PlanePosition(x: $0, y: 0) },
                reach: .links([[1], [0, 2], [1]]))
            scenario.radio = .contended
            scenario.radio.captureRatio = ratio
            scenario.flows = [flow(0, 1, .milliseconds(5)), flow(2, 1, .milliseconds(5))]
            return run(scenario).metrics.collisions
        }
        #expect(collisions(10) < collisions(nil) * 3 / 4)
    }

    /// One question and one answer (RFC 826): the asked learns from the question.
    @Test func aNeighboursAddressIsAskedForOnce() {
        var scenario = Scenario.line(2)
        scenario.radio = .contended
        scenario.flows = [flow(0, 1, .milliseconds(100))]
        let simulation = run(scenario)
        #expect(simulation.metrics.deliveryRatio == 1)
        #expect(simulation.metrics.resolutionFrames == 2)
    }

    /// A neighbour that is gone does not answer: three datagrams wait for three questions, a second
    /// apart, the others are lost; the protocol is told, and finds nobody.
    @Test func whoDoesNotAnswerIsNotReached() {
        var scenario = Scenario.line(2)
        scenario.radio = .contended
        scenario.radio.resolution?.lifetime = .milliseconds(1)
        scenario.flows = [flow(0, 1, .milliseconds(250))]
        scenario.faults = [.init(at: .zero + .milliseconds(1_300), .crash(1))]
        let metrics = run(scenario).metrics
        #expect((3...16).contains(metrics.unresolved), "\(metrics.unresolved)")
        #expect(metrics.undelivered > 0)
        #expect(metrics.dataDelivered <= 6)
    }

    /// What nobody acknowledged is tried seven times and lost, and the protocol knows of the link.
    @Test func whatNobodyAcknowledgesIsLost() {
        var scenario = Scenario.line(2)
        scenario.radio = .contended
        scenario.flows = [flow(0, 1, .milliseconds(250))]
        scenario.faults = [.init(at: .zero + .milliseconds(1_300), .crash(1))]
        let metrics = run(scenario).metrics
        #expect(metrics.unacknowledged == 1)
        #expect(metrics.dataFrames == metrics.dataDelivered + 7)
    }
}

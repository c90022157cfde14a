// Gossip clusters in virtual time: how soon a death is known to 99 % of the members, beside
// memberlist's formulas; packets a member a second; who was declared dead and was not. One line of
// JSON a run. Arguments: nodes, share of packets lost, seed, seconds before the death.
import Glibc
import KosCore
import KosSimulation

struct Open: PacketCipher {
    func seal(_ plain: [UInt8], key: [UInt8], authenticating: [UInt8]) -> [UInt8]? { plain }
    func open(_ sealed: [UInt8], key: [UInt8], authenticating: [UInt8]) -> [UInt8]? { sealed }
}

func cpu() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

@main struct GossipBench {
    static func main() {
        let arguments = CommandLine.arguments.dropFirst().map { Double($0) ?? 0 }
        guard arguments.count == 4 else { return }
        let count = Int(arguments[0])
        let start = cpu()
        var world = GossipWorld(loss: arguments[1], cipher: Open(), seed: UInt64(arguments[2]))
        world.addAcquainted(count)
        world.run(for: .seconds(2))
        let before = (packets: world.packets, streams: world.streams)
        world.run(for: .seconds(arguments[3]))
        let share = Double(count) * arguments[3]
        let rate = Double(world.packets - before.packets) / share
        let streamRate = Double(world.streams - before.streams) / share
        let calm = world.falsePositives
        let settings = GossipSettings.lan
        let bound = settings.maxSuspicion(count)
        let victim = count / 2
        world.kill(victim)
        let died = world.now
        while world.now - died < bound, world.deaths[victim]?.widelyKnown == nil {
            world.run(for: .seconds(1))
        }
        let known = world.deaths[victim]?.widelyKnown.map { ($0 - died).seconds } ?? -1
        print(
            "{\"benchmark\":\"gossip\",\"nodes\":\(count),\"loss\":\(arguments[1]),"
                + "\"seed\":\(Int(arguments[2])),\"packetsPerNodePerSecond\":\(rate),"
                + "\"streamsPerNodePerSecond\":\(streamRate),"
                + "\"deathKnownTo99PercentSeconds\":\(known),"
                + "\"minSuspicionSeconds\":\(settings.minSuspicion(count).seconds),"
                + "\"maxSuspicionSeconds\":\(bound.seconds),\"falsePositivesCalm\":\(calm),"
                + "\"falsePositives\":\(world.falsePositives),"
                + "\"virtualSeconds\":\(Double(world.now.nanoseconds) / 1e9),"
                + "\"cpuSeconds\":\(cpu() - start)}")
    }
}

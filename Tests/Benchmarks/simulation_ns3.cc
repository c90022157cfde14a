// The scenario of simulation.py under ns-3 (libns3-dev 3.37), for comparison: nodes that walk by random
// waypoint, 802.11b in ad hoc mode, constant-rate UDP flows. Prints one JSON object.
//
// Without --own the two sides run the same protocols: link addresses are known beforehand, only
// destinations answer route requests, and a frame that nobody acknowledged breaks the route. ns-3's
// AODV does not count a broken route's number up (RFC 3561 section 6.11), so that others answer with
// what just broke, and drops the link layer's news of neighbours that it did not hear lately, so
// that a next hop that left stays in use: with --own it is as it comes. With --hellos besides, the
// link layer tells nothing at all, as with real radios: then both sides are told the same again.
#include <ns3/aodv-module.h>
#include <ns3/applications-module.h>
#include <ns3/core-module.h>
#include <ns3/dsr-module.h>
#include <ns3/internet-module.h>
#include <ns3/mobility-module.h>
#include <ns3/network-module.h>
#include <ns3/olsr-module.h>
#include <ns3/wifi-module.h>

#include <ctime>
#include <fstream>
#include <iostream>

using namespace ns3;

static uint64_t received = 0;
static uint64_t sent = 0;

static void onReceive(Ptr<Socket> socket) {
    while (socket->Recv()) received++;
}

static void sendOne(Ptr<Socket> socket, Time gap, Time stop) {
    if (Simulator::Now() >= stop) return;
    socket->Send(Create<Packet>(64));
    sent++;
    Simulator::Schedule(gap, &sendOne, socket, gap, stop);
}

/// What RFC 3561 §6.11 (i) asks for and ns-3's AODV does for some neighbours only: a frame that
/// nobody acknowledged breaks the route.
static std::map<Mac48Address, Ipv4Address> owners;
static std::vector<Ptr<aodv::RoutingProtocol>> engines;

static void onDropped(std::string place, WifiMacDropReason reason, Ptr<const WifiMpdu> frame) {
    Mac48Address receiver = frame->GetHeader().GetAddr1();
    if (receiver.IsGroup() || reason != WIFI_MAC_DROP_REACHED_RETRY_LIMIT) return;
    uint32_t node = std::stoul(place.substr(std::string("/NodeList/").size()));
    Simulator::ScheduleNow(&aodv::RoutingProtocol::SendRerrWhenBreaksLinkToNextHop, engines[node],
                           owners[receiver]);
}

/// What became of what did not arrive.
static std::map<std::string, uint64_t> losses;

static void onLost(const Ipv4Header &header, Ptr<const Packet> packet, Ipv4L3Protocol::DropReason reason,
                   Ptr<Ipv4>, uint32_t) {
    if (header.GetDestination().IsBroadcast() || packet->GetSize() < 64) return;
    losses[reason == Ipv4L3Protocol::DROP_NO_ROUTE    ? "noRoute"
           : reason == Ipv4L3Protocol::DROP_TTL_EXPIRED ? "ttlExpired"
                                                        : "network " + std::to_string(reason)]++;
}

static void onGivenUp(WifiMacDropReason reason, Ptr<const WifiMpdu> frame) {
    if (frame->GetHeader().GetAddr1().IsGroup()) return;
    losses[reason == WIFI_MAC_DROP_REACHED_RETRY_LIMIT ? "unacknowledged" : "queue"]++;
}

/// Has the nodes walk as a file of lines `seconds node x y` says.
static void walk(NodeContainer nodes, const std::string &file) {
    MobilityHelper mobility;
    mobility.SetMobilityModel("ns3::WaypointMobilityModel", "InitialPositionIsWaypoint", BooleanValue(false));
    mobility.Install(nodes);
    std::ifstream lines(file);
    double time, x, y;
    uint32_t node;
    while (lines >> time >> node >> x >> y)
        nodes.Get(node)->GetObject<WaypointMobilityModel>()->AddWaypoint(
            Waypoint(Seconds(time), Vector(x, y, 0)));
}

int main(int argc, char **argv) {
    uint32_t count = 50, seed = 1;
    double width = 1500, height = 300, range = 250, seconds = 60, speed = 20;
    std::string protocol = "aodv", pcap, places;
    bool own = false, hellos = false;
    CommandLine line;
    line.AddValue("count", "nodes", count);
    line.AddValue("seed", "run number", seed);
    line.AddValue("seconds", "virtual seconds", seconds);
    line.AddValue("protocol", "aodv or olsr", protocol);
    line.AddValue("own", "ARP and AODV as ns-3 has them", own);
    line.AddValue("hellos", "with --own: losses are told by missing Hellos alone", hellos);
    line.AddValue("places", "file of lines: seconds, node, x, y", places);
    line.AddValue("pcap", "prefix of captures", pcap);
    line.Parse(argc, argv);
    RngSeedManager::SetRun(seed);

    NodeContainer nodes;
    nodes.Create(count);
    YansWifiChannelHelper channel;
    channel.SetPropagationDelay("ns3::ConstantSpeedPropagationDelayModel");
    channel.AddPropagationLoss("ns3::RangePropagationLossModel", "MaxRange", DoubleValue(range));
    YansWifiPhyHelper phy;
    phy.SetChannel(channel.Create());
    WifiHelper wifi;
    wifi.SetStandard(WIFI_STANDARD_80211b);
    wifi.SetRemoteStationManager("ns3::ConstantRateWifiManager", "DataMode",
                                 StringValue("DsssRate2Mbps"), "ControlMode",
                                 StringValue("DsssRate1Mbps"), "NonUnicastMode",
                                 StringValue("DsssRate2Mbps"));
    WifiMacHelper mac;
    mac.SetType("ns3::AdhocWifiMac");
    NetDeviceContainer devices = wifi.Install(phy, mac, nodes);

    MobilityHelper mobility;
    ObjectFactory area;
    area.SetTypeId("ns3::RandomRectanglePositionAllocator");
    area.Set("X", StringValue("ns3::UniformRandomVariable[Min=0|Max=" + std::to_string(width) + "]"));
    area.Set("Y", StringValue("ns3::UniformRandomVariable[Min=0|Max=" + std::to_string(height) + "]"));
    Ptr<PositionAllocator> allocator = area.Create()->GetObject<PositionAllocator>();
    mobility.SetMobilityModel(
        "ns3::RandomWaypointMobilityModel", "Speed",
        StringValue("ns3::UniformRandomVariable[Min=1|Max=" + std::to_string(speed) + "]"), "Pause",
        StringValue("ns3::ConstantRandomVariable[Constant=0]"), "PositionAllocator",
        PointerValue(allocator));
    mobility.SetPositionAllocator(allocator);
    if (places.empty()) mobility.Install(nodes);
    else walk(nodes, places);

    InternetStackHelper internet;
    AodvHelper aodv;
    if (!own) {
        aodv.Set("EnableHello", BooleanValue(false));
        aodv.Set("DestinationOnly", BooleanValue(true));
    }
    OlsrHelper olsr;
    if (protocol == "olsr") internet.SetRoutingHelper(olsr);
    else internet.SetRoutingHelper(aodv);
    internet.Install(nodes);
    Ipv4AddressHelper addresses;
    addresses.SetBase("10.0.0.0", "255.255.0.0");
    Ipv4InterfaceContainer interfaces = addresses.Assign(devices);
    if (!own) {
        NeighborCacheHelper().PopulateNeighborCache();
        for (uint32_t node = 0; node < count; node++)
            owners[Mac48Address::ConvertFrom(devices.Get(node)->GetAddress())] =
                interfaces.GetAddress(node);
        if (protocol == "aodv") {
            for (uint32_t node = 0; node < count; node++)
                engines.push_back(nodes.Get(node)->GetObject<aodv::RoutingProtocol>());
            Config::Connect("/NodeList/*/DeviceList/*/$ns3::WifiNetDevice/Mac/DroppedMpdu",
                            MakeCallback(&onDropped));
        }
    }
    Config::ConnectWithoutContext("/NodeList/*/$ns3::Ipv4L3Protocol/Drop", MakeCallback(&onLost));
    Config::ConnectWithoutContext("/NodeList/*/DeviceList/*/$ns3::WifiNetDevice/Mac/DroppedMpdu",
                                  MakeCallback(&onGivenUp));
    if (hellos && protocol == "aodv")
        for (uint32_t node = 0; node < count; node++)
            DynamicCast<WifiNetDevice>(devices.Get(node))->GetMac()->TraceDisconnectWithoutContext(
                "DroppedMpdu", MakeCallback(&aodv::RoutingProtocol::NotifyTxError,
                                            PeekPointer(nodes.Get(node)->GetObject<aodv::RoutingProtocol>())));
    if (!pcap.empty()) phy.EnablePcapAll(pcap);

    for (uint32_t flow = 0; flow < 10; flow++) {
        uint32_t target = count - 1 - flow;
        Ptr<Socket> sink = Socket::CreateSocket(nodes.Get(target), UdpSocketFactory::GetTypeId());
        sink->Bind(InetSocketAddress(Ipv4Address::GetAny(), 9000 + flow));
        sink->SetRecvCallback(MakeCallback(&onReceive));
        Ptr<Socket> source = Socket::CreateSocket(nodes.Get(flow), UdpSocketFactory::GetTypeId());
        source->Connect(InetSocketAddress(interfaces.GetAddress(target), 9000 + flow));
        Simulator::Schedule(Seconds(10 + 0.01 * flow), &sendOne, source, MilliSeconds(250),
                            Seconds(seconds - 2));
    }
    Simulator::Stop(Seconds(seconds));
    clock_t start = clock();
    Simulator::Run();
    double cpu = double(clock() - start) / CLOCKS_PER_SEC;
    std::cout << "{\"simulator\":\"ns-3.37\",\"protocol\":\"" << protocol << "\",\"seed\":" << seed
              << ",\"sent\":" << sent << ",\"received\":" << received << ",\"ratio\":"
              << double(received) / double(sent) << ",\"cpuSeconds\":" << cpu << ",\"events\":"
              << Simulator::GetEventCount() << ",\"losses\":{";
    const char *between = "";
    for (const auto &[reason, number] : losses) {
        std::cout << between << "\"" << reason << "\":" << number;
        between = ",";
    }
    std::cout << "}}" << std::endl;
    Simulator::Destroy();
}

// The scenario of simulation.py under ns-3 (libns3-dev 3.37), for comparison: nodes that walk by random
// waypoint, 802.11b in ad hoc mode, constant-rate UDP flows. Prints one JSON object.
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

int main(int argc, char **argv) {
    uint32_t count = 50, seed = 1;
    double width = 1500, height = 300, range = 250, seconds = 60, speed = 20;
    std::string protocol = "aodv", pcap;
    CommandLine line;
    line.AddValue("count", "nodes", count);
    line.AddValue("seed", "run number", seed);
    line.AddValue("seconds", "virtual seconds", seconds);
    line.AddValue("protocol", "aodv or olsr", protocol);
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
    ObjectFactory places;
    places.SetTypeId("ns3::RandomRectanglePositionAllocator");
    places.Set("X", StringValue("ns3::UniformRandomVariable[Min=0|Max=" + std::to_string(width) + "]"));
    places.Set("Y", StringValue("ns3::UniformRandomVariable[Min=0|Max=" + std::to_string(height) + "]"));
    Ptr<PositionAllocator> allocator = places.Create()->GetObject<PositionAllocator>();
    mobility.SetMobilityModel(
        "ns3::RandomWaypointMobilityModel", "Speed",
        StringValue("ns3::UniformRandomVariable[Min=1|Max=" + std::to_string(speed) + "]"), "Pause",
        StringValue("ns3::ConstantRandomVariable[Constant=0]"), "PositionAllocator",
        PointerValue(allocator));
    mobility.SetPositionAllocator(allocator);
    mobility.Install(nodes);

    InternetStackHelper internet;
    AodvHelper aodv;
    OlsrHelper olsr;
    if (protocol == "olsr") internet.SetRoutingHelper(olsr);
    else internet.SetRoutingHelper(aodv);
    internet.Install(nodes);
    Ipv4AddressHelper addresses;
    addresses.SetBase("10.0.0.0", "255.255.0.0");
    Ipv4InterfaceContainer interfaces = addresses.Assign(devices);
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
              << Simulator::GetEventCount() << "}" << std::endl;
    Simulator::Destroy();
}

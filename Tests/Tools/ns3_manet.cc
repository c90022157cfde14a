// Ten nodes under ns-3's OLSR or AODV (libns3-dev 3.37) for test_protocols_ns3.py: node I's capture in
// PREFIX-I-0.pcap, and on standard output every node's routing table at the end, a line an entry:
// node destination next-hop metric.
#include <ns3/aodv-helper.h>
#include <ns3/boolean.h>
#include <ns3/command-line.h>
#include <ns3/constant-position-mobility-model.h>
#include <ns3/double.h>
#include <ns3/internet-stack-helper.h>
#include <ns3/ipv4-address-helper.h>
#include <ns3/ipv4-interface-container.h>
#include <ns3/mobility-helper.h>
#include <ns3/node-container.h>
#include <ns3/olsr-helper.h>
#include <ns3/olsr-routing-protocol.h>
#include <ns3/ipv4-list-routing.h>
#include <ns3/rng-seed-manager.h>
#include <ns3/simulator.h>
#include <ns3/string.h>
#include <ns3/udp-socket-factory.h>
#include <ns3/inet-socket-address.h>
#include <ns3/wifi-helper.h>
#include <ns3/wifi-net-device.h>
#include <ns3/yans-wifi-helper.h>

#include <iostream>

using namespace ns3;

static void sendOne(Ptr<Socket> socket) {
    socket->Send(Create<Packet>(64));
    Simulator::Schedule(MilliSeconds(500), &sendOne, socket);
}

int main(int argc, char **argv) {
    std::string protocol = "olsr", prefix = "node";
    double seconds = 60;
    CommandLine line;
    line.AddValue("protocol", "olsr or aodv", protocol);
    line.AddValue("prefix", "of the captures", prefix);
    line.AddValue("seconds", "virtual time", seconds);
    line.Parse(argc, argv);
    RngSeedManager::SetRun(1);

    NodeContainer nodes;
    nodes.Create(10);
    YansWifiChannelHelper channel;
    channel.SetPropagationDelay("ns3::ConstantSpeedPropagationDelayModel");
    channel.AddPropagationLoss("ns3::RangePropagationLossModel", "MaxRange", DoubleValue(150));
    YansWifiPhyHelper phy;
    phy.SetChannel(channel.Create());
    WifiHelper wifi;
    wifi.SetStandard(WIFI_STANDARD_80211b);
    wifi.SetRemoteStationManager("ns3::ConstantRateWifiManager", "DataMode", StringValue("DsssRate2Mbps"),
                                 "ControlMode", StringValue("DsssRate1Mbps"));
    WifiMacHelper mac;
    mac.SetType("ns3::AdhocWifiMac");
    NetDeviceContainer devices = wifi.Install(phy, mac, nodes);
    // A trunk of six with two branches: between any two nodes there is one shortest way.
    Ptr<ListPositionAllocator> places = CreateObject<ListPositionAllocator>();
    for (int i = 0; i < 6; i++) places->Add(Vector(100 * i, 0, 0));
    for (int i = 1; i <= 2; i++) places->Add(Vector(150, 100 * i + 20, 0));
    for (int i = 1; i <= 2; i++) places->Add(Vector(400, 110 * i, 0));
    MobilityHelper mobility;
    mobility.SetPositionAllocator(places);
    mobility.SetMobilityModel("ns3::ConstantPositionMobilityModel");
    mobility.Install(nodes);

    InternetStackHelper internet;
    OlsrHelper olsr;
    AodvHelper aodv;
    if (protocol == "aodv") internet.SetRoutingHelper(aodv);
    else internet.SetRoutingHelper(olsr);
    internet.Install(nodes);
    Ipv4AddressHelper addresses;
    addresses.SetBase("10.0.0.0", "255.255.0.0");
    Ipv4InterfaceContainer interfaces = addresses.Assign(devices);
    phy.EnablePcapAll(prefix);
    for (int flow = 0; flow < 3; flow++) {
        Ptr<Socket> socket = Socket::CreateSocket(nodes.Get(flow), UdpSocketFactory::GetTypeId());
        socket->Connect(InetSocketAddress(interfaces.GetAddress(9 - flow), 9000));
        Simulator::Schedule(Seconds(5 + flow), &sendOne, socket);
    }
    Simulator::Stop(Seconds(seconds));
    Simulator::Run();
    for (uint32_t i = 0; protocol == "olsr" && i < nodes.GetN(); i++) {
        Ptr<Ipv4RoutingProtocol> routing = nodes.Get(i)->GetObject<Ipv4>()->GetRoutingProtocol();
        Ptr<olsr::RoutingProtocol> own = DynamicCast<olsr::RoutingProtocol>(routing);
        if (!own) own = nodes.Get(i)->GetObject<olsr::RoutingProtocol>();
        for (const auto &entry : own->GetRoutingTableEntries())
            std::cout << i << " " << entry.destAddr << " " << entry.nextAddr << " " << entry.distance << "\n";
    }
    Simulator::Destroy();
}

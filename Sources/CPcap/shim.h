#include <pcap/pcap.h>

#include "confine.h"

#include <pcap/pcap.h>
#include <sys/prctl.h>

/* prctl takes a variable number of arguments, which Swift cannot pass. */
static inline int kos_no_new_privileges(void) {
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/* Headers of the system's that Swift's module of the C library leaves out. */
#include <sys/timex.h>
#include <sys/xattr.h>

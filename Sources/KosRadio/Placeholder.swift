import KosCore
import CBluetooth

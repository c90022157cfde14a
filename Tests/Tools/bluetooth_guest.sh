# Runs in the guest (Tests/bluetooth-guest): the tools of $1, one process for each controller, judged
# by BlueZ's own programs. What each step says is in $OUT, and read by test_bluetooth.py.
set -u
tools=$1 parts=${2:-all}
wants() { case ",$parts," in *,all,* | *,$1,*) ;; *) return 1 ;; esac; }
for node in alpha bravo carol one; do mkdir -p "$HOME/$node"; done
alone() { # alone NODE COMMAND... &: the same, so that $! is the command itself
    local home=$HOME/$1
    shift
    exec env HOME="$home" XDG_DATA_HOME="$home/data" XDG_STATE_HOME="$home/state" \
        XDG_RUNTIME_DIR="$home/run" XDG_CONFIG_HOME="$home/config" "$@"
}
as() { # as NODE COMMAND...: with the keys and places of that node
    (alone "$@")
}
step() { # step NAME COMMAND...: output, errors and status, each in a file
    local name=$1
    shift
    "$@" > "$OUT/$name.out" 2> "$OUT/$name.err" < /dev/null
    echo $? > "$OUT/$name.status"
    echo "$name $(cut -d' ' -f1 /proc/uptime) s: $(cat "$OUT/$name.status")"
}
await() { # await FILE WORD: until it stands in the file
    for _ in $(seq 200); do grep -q "$2" "$1" 2>/dev/null && return; sleep 0.1; done
    echo "no $2 in $1"
    return 1
}
end() { kill "$@" 2>/dev/null; wait "$@" 2>/dev/null; }
btmon -w "$OUT/btsnoop" > /dev/null 2>&1 & monitor=$!

if wants discovery; then
    step methods as one "$tools/kos-discover" --methods
    hciconfig "$ALPHA" down
    step off as one "$tools/kos-discover" -m bluetooth --adapter "$ALPHA"
    hciconfig "$ALPHA" up
    step none as one "$tools/kos-discover" -m bluetooth --adapter hci7
    hciconfig "$BRAVO" name bravo-machine
    alone bravo "$tools/kos-discover" -A -m bluetooth --adapter "$BRAVO" --name bravo \
        --capability store --listen tcp://10.9.8.7:47470 --hold 90s \
        > "$OUT/announce.out" 2> "$OUT/announce.err" & announcer=$!
    await "$OUT/announce.out" announcement
    step found as alpha "$tools/kos-discover" -m bluetooth --adapter "$ALPHA_ADDRESS" -v -t 60s
    step inquiry hcitool -i "$ALPHA" inq
    step name hcitool -i "$ALPHA" name "$BRAVO_ADDRESS"
    step records sdptool browse --tree "$BRAVO_ADDRESS"
    end $announcer
    # What it showed it has taken back.
    step after hciconfig "$BRAVO"
fi

if wants transport; then
    alone bravo "$tools/kos-relay" --name bravo --listen "bluetooth://$BRAVO" tcp://127.0.0.1:47471 \
        --socket /run/bravo.sock -v > "$OUT/bravo.out" 2> "$OUT/bravo.err" & bravo=$!
    await "$OUT/bravo.out" '"peer"'
    channel=$(grep -o '"port":[0-9]*' "$OUT/bravo.out" | cut -d: -f2 | awk '$1 < 31' | head -1)
    for way in "le psm=128" "classic psm=4225" "serial channel=$channel"; do
        step "send-${way%% *}" as one "$tools/kos-send" \
            -T "bluetooth://$BRAVO_ADDRESS?${way#* }&adapter=$ALPHA" "over ${way%% *}" -v -t 30s
    done
    step send-auto as one "$tools/kos-send" \
        -T "bluetooth://$BRAVO_ADDRESS?adapter=$ALPHA" "over what there is" -t 30s
    step seen as one "$tools/kos-discover" -m bluetooth --adapter "$ALPHA" -v -t 60s
    # alpha ~Bluetooth~ bravo -TCP- carol, both ways.
    alone carol "$tools/kos-relay" --name carol --connect tcp://127.0.0.1:47471 \
        --listen tcp://127.0.0.1:47472 --socket /run/carol.sock \
        > "$OUT/carol.out" 2> "$OUT/carol.err" & carol=$!
    alone alpha "$tools/kos-relay" --name alpha --listen tcp://127.0.0.1:47473 --connect \
        "bluetooth://$BRAVO_ADDRESS?psm=128&adapter=$ALPHA" --heartbeat 1s \
        --socket /run/alpha.sock -v > "$OUT/alpha.out" 2> "$OUT/alpha.err" & alpha=$!
    await "$OUT/alpha.out" '"event":"up"' && await "$OUT/carol.out" '"event":"up"'
    step to-carol as one "$tools/kos-send" --connect tcp://127.0.0.1:47473 -T carol \
        "to the wire" -t 30s
    step to-alpha as one "$tools/kos-send" --connect tcp://127.0.0.1:47472 -T alpha \
        "to the air" -t 30s
    step peers as alpha "$tools/kos-relay" who --socket /run/alpha.sock
    # A big one, in fragments.
    head -c 60000 /dev/zero | tr '\0' 'b' > "$HOME/big"
    step big as one "$tools/kos-send" --connect tcp://127.0.0.1:47473 -T carol \
        --file "$HOME/big" -t 60s
    # The relay falls silent and comes back: the link is made again.
    end $bravo
    await "$OUT/alpha.out" '"event":"down"'
    alone bravo "$tools/kos-relay" --name bravo --listen "bluetooth://$BRAVO" tcp://127.0.0.1:47471 \
        --socket /run/bravo.sock -v > "$OUT/returned.out" 2> "$OUT/returned.err" & bravo=$!
    await "$OUT/returned.out" '"event":"up"'
    step again as one "$tools/kos-send" --connect tcp://127.0.0.1:47473 -T bravo \
        "here again" -t 60s
    end $alpha $carol $bravo
fi

if wants daemon; then
    # bluetoothd has the adapters: a user without rights looks through it, and both see each other.
    dbus-daemon --system --fork
    /usr/sbin/bluetoothd -n > "$OUT/bluetoothd.log" 2>&1 & daemon=$!
    for _ in $(seq 100); do bluetoothctl list 2>/dev/null | grep -c Controller | grep -q 2 && break; sleep 0.2; done
    alone bravo "$tools/kos-discover" -A -m bluetooth --adapter "$BRAVO" --name bravo \
        --hold 90s -v > "$OUT/shared.out" 2> "$OUT/shared.err" & announcer=$!
    await "$OUT/shared.out" announcement
    mkdir -p "$HOME/nobody" && chmod 711 "$HOME" && chown 65534 "$HOME/nobody"
    step nobody as nobody setpriv --reuid 65534 --regid 65534 --clear-groups \
        "$tools/kos-discover" -m bluetooth --adapter "$ALPHA" -v -t 60s
    step bluetoothctl bluetoothctl info "$BRAVO_ADDRESS"
    end $announcer $daemon
fi

sync
end $monitor
true

function __kos-relay_should_offer_completions_for_flags_or_options -a expected_commands
    set -l non_repeating_flags_or_options $argv[2..]
    set -l non_repeating_flags_or_options_absent 0
    set -l positional_index 0
    set -l commands
    __kos-relay_parse_tokens
    test "$commands" = "$expected_commands"; and return $non_repeating_flags_or_options_absent
end

function __kos-relay_should_offer_completions_for_positional -a expected_commands positional_index_comparison expected_positional_index
    set -l non_repeating_flags_or_options
    set -l non_repeating_flags_or_options_absent 0
    set -l positional_index 0
    set -l commands
    __kos-relay_parse_tokens
    test "$commands" = "$expected_commands" -a \( "$positional_index" "$positional_index_comparison" "$expected_positional_index" \)
end

function __kos-relay_parse_tokens -S
    set -l unparsed_tokens (__kos-relay_tokens -pc)
    switch $unparsed_tokens[1]
    case 'kos-relay'
        __kos-relay_parse_subcommand 0 'version' 'h/help'
        switch $unparsed_tokens[1]
        case 'run'
            __kos-relay_parse_subcommand 0 'j/json' 'f/format=' 'q/quiet' 'v/verbose' 'o/output=' 't/timeout=' 'k/keep' 'only' 'strict' 'max-line=' 'summary' 'splay=' 'splay-fixed' 'lock=' 'lock-wait=' 'config=' 'no-config' 'print-config' 'color=' 'log-format=' 'records=' 'schema=' 'socket=' 'gossip-join=+' 'gossip-bind=' 'gossip-keyring=' 'gossip-label=' 'gossip-profile=' 'gossip-tag=+' 'ca=' 'cert=' 'cert-key=' 'mesh-with=+' 'backplane=' 'gossip-relays=' 'listen=+' 'connect=+' 'name=' 'capability=+' 'key-file=' 'insecure' 'announce' 'routing=' 'stdin' 'events=' 'custody=' 'custody-time=' 'custody-quota=' 'max-queue=' 'rate=' 'max-per-address=' 'metrics=' 'deny=' 'allow=' 'drain=' 'heartbeat=' 'version' 'h/help'
        case 'status'
            __kos-relay_parse_subcommand 0 'j/json' 'f/format=' 'q/quiet' 'v/verbose' 'o/output=' 't/timeout=' 'k/keep' 'only' 'strict' 'max-line=' 'summary' 'splay=' 'splay-fixed' 'lock=' 'lock-wait=' 'config=' 'no-config' 'print-config' 'color=' 'log-format=' 'records=' 'schema=' 'socket=' 'version' 'h/help'
        case 'who'
            __kos-relay_parse_subcommand 0 'j/json' 'f/format=' 'q/quiet' 'v/verbose' 'o/output=' 't/timeout=' 'k/keep' 'only' 'strict' 'max-line=' 'summary' 'splay=' 'splay-fixed' 'lock=' 'lock-wait=' 'config=' 'no-config' 'print-config' 'color=' 'log-format=' 'records=' 'schema=' 'socket=' 'version' 'h/help'
        case 'ban'
            __kos-relay_parse_subcommand 1 'j/json' 'f/format=' 'q/quiet' 'v/verbose' 'o/output=' 't/timeout=' 'k/keep' 'only' 'strict' 'max-line=' 'summary' 'splay=' 'splay-fixed' 'lock=' 'lock-wait=' 'config=' 'no-config' 'print-config' 'color=' 'log-format=' 'records=' 'schema=' 'socket=' 'version' 'h/help'
        case 'stop'
            __kos-relay_parse_subcommand 0 'j/json' 'f/format=' 'q/quiet' 'v/verbose' 'o/output=' 't/timeout=' 'k/keep' 'only' 'strict' 'max-line=' 'summary' 'splay=' 'splay-fixed' 'lock=' 'lock-wait=' 'config=' 'no-config' 'print-config' 'color=' 'log-format=' 'records=' 'schema=' 'socket=' 'version' 'h/help'
        case 'reload'
            __kos-relay_parse_subcommand 0 'j/json' 'f/format=' 'q/quiet' 'v/verbose' 'o/output=' 't/timeout=' 'k/keep' 'only' 'strict' 'max-line=' 'summary' 'splay=' 'splay-fixed' 'lock=' 'lock-wait=' 'config=' 'no-config' 'print-config' 'color=' 'log-format=' 'records=' 'schema=' 'socket=' 'version' 'h/help'
        case 'simulate'
            __kos-relay_parse_subcommand 0 'j/json' 'f/format=' 'q/quiet' 'v/verbose' 'o/output=' 't/timeout=' 'k/keep' 'only' 'strict' 'max-line=' 'summary' 'splay=' 'splay-fixed' 'lock=' 'lock-wait=' 'config=' 'no-config' 'print-config' 'color=' 'log-format=' 'records=' 'schema=' 'seed=' 'seeds=' 'nodes=' 'routing=' 'version' 'h/help'
        case 'manet'
            __kos-relay_parse_subcommand 0 'j/json' 'f/format=' 'q/quiet' 'v/verbose' 'o/output=' 't/timeout=' 'k/keep' 'only' 'strict' 'max-line=' 'summary' 'splay=' 'splay-fixed' 'lock=' 'lock-wait=' 'config=' 'no-config' 'print-config' 'color=' 'log-format=' 'records=' 'schema=' 'protocol=' 'i/interface=+' 'address=' 'prefix=' 'network=+' 'willingness=' 'table=' 'dry-run' 'no-link-notice' 'version' 'h/help'
        case 'help'
            __kos-relay_parse_subcommand -r 1 'version'
        end
    end
end

function __kos-relay_tokens
    if test (string split -m 1 -f 1 -- . "$FISH_VERSION") -gt 3
        commandline --tokens-raw $argv
    else
        commandline -o $argv
    end
end

function __kos-relay_parse_subcommand -S -a positional_count
    argparse -s r -- $argv
    set -l option_specs $argv[2..]
    set -l is_repeating_positional $_flag_r
    set -el _flag_r
    set -a commands $unparsed_tokens[1]
    set positional_index 0
    while true
        set -e unparsed_tokens[1]
        argparse -sn "$commands" $option_specs -- $unparsed_tokens 2> /dev/null
        set unparsed_tokens $argv
        set positional_index (math $positional_index + 1)
        for non_repeating_flag_or_option in $non_repeating_flags_or_options
            if set -ql "_flag_$(string replace -a - _ -- $non_repeating_flag_or_option)"
                set non_repeating_flags_or_options_absent 1
                break
            end
        end
        test (count $unparsed_tokens) -eq 0 -o \( -z "$is_repeating_positional" -a "$positional_index" -gt "$positional_count" \) && break
    end
end

function __kos-relay_complete_directories
    set -l token (commandline -t)
    string match -- '*/' $token
    set -l subdirs $token*/
    printf %s\n $subdirs
end

function __kos-relay_custom_completion
    set -x SAP_SHELL fish
    set -x SAP_SHELL_VERSION $FISH_VERSION
    set -l tokens (__kos-relay_tokens -p)
    if test -z "$(__kos-relay_tokens -t)"
        set -l index (count (__kos-relay_tokens -pc))
        set tokens $tokens[..$index] \'\' $tokens[(math $index + 1)..]
    end
    command $tokens[1] $argv $tokens
end

complete -c 'kos-relay' -f
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay" version' -l 'version' -d 'Show the version.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_positional "kos-relay" -eq 1' -fa 'run' -d 'Run a relay (the default verb).'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_positional "kos-relay" -eq 1' -fa 'status' -d 'Metrics of the running relay: the whole, then each connection.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_positional "kos-relay" -eq 1' -fa 'who' -d 'The nodes that the running relay knows to be in the mesh.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_positional "kos-relay" -eq 1' -fa 'ban' -d 'Let the running relay refuse a node until its lists are read again.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_positional "kos-relay" -eq 1' -fa 'stop' -d 'End the running relay.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_positional "kos-relay" -eq 1' -fa 'reload' -d 'Let the running relay open its output anew and read its configuration again.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_positional "kos-relay" -eq 1' -fa 'simulate' -d 'Run meshes of relays in virtual time under faults, and check the laws.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_positional "kos-relay" -eq 1' -fa 'manet' -d 'Speak OLSR or AODV on network interfaces and set the kernel\'s routes.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_positional "kos-relay" -eq 1' -fa 'help' -d 'Show subcommand help information.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay run" j json' -s 'j' -l 'json' -d 'JSON lines, also at a terminal (= -f ndjson).'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay run" f format' -s 'f' -l 'format' -d 'auto, ndjson or text.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay run" q quiet' -s 'q' -l 'quiet' -d 'No output on success: the exit status is the answer.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay run"' -s 'v' -l 'verbose' -d 'Notes on stderr; -vv protocol, -vvv octets.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay run" o output' -s 'o' -l 'output' -d 'Write here instead of stdout.' -rF
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay run" t timeout' -s 't' -l 'timeout' -d 'Time for the whole call.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay run" k keep' -s 'k' -l 'keep' -d 'Also repeat the records that were consumed.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay run" only' -l 'only' -d 'Drop every record that this tool did not make.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay run" strict' -l 'strict' -d 'Stop with status 4 at the first bad record.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay run" max-line' -l 'max-line' -d 'Longest input line.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay run" summary' -l 'summary' -d 'A summary record at the end.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay run" splay' -l 'splay' -d 'Start after a random time, at most this.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay run" splay-fixed' -l 'splay-fixed' -d 'The time of --splay is this machine\'s own, the same every time.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay run" lock' -l 'lock' -d 'Status 6 if another run holds this lock; --lock alone takes the tool\'s own.' -rF
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay run" lock-wait' -l 'lock-wait' -d 'Wait for the lock.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay run" config' -l 'config' -d 'Configuration of the user.' -rF
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay run" no-config' -l 'no-config' -d 'Read no configuration file.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay run" print-config' -l 'print-config' -d 'Show every option\'s value and where it came from.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay run" color' -l 'color' -d 'auto, always or never.' -rfka 'auto always never'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay run" log-format' -l 'log-format' -d 'Lines on stderr: text or json.' -rfka 'text json'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay run" records' -l 'records' -d 'Version of the record format: 1.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay run" schema' -l 'schema' -d 'JSON Schema of the records, or of one type.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay run" socket' -l 'socket' -d 'Control socket; none for no socket.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay run"' -l 'gossip-join' -d 'A member of the Serf or Consul cluster: its host, or host:port.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay run" gossip-bind' -l 'gossip-bind' -d 'Where a member listens, UDP and TCP; port 7946 if not said.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay run" gossip-keyring' -l 'gossip-keyring' -d 'Keys of the cluster: Serf\'s key ring, or one in base64 a line.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay run" gossip-label' -l 'gossip-label' -d 'Label of the cluster\'s packets.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay run" gossip-profile' -l 'gossip-profile' -d 'Timing: lan, wan or local.' -rfka 'lan wan local'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay run"' -l 'gossip-tag' -d 'A tag that this member shows.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay run" ca' -l 'ca' -d 'Believe TLS certificates of these authorities (PEM; default: the system\'s).' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay run" cert' -l 'cert' -d 'Show this certificate in TLS (PEM, with its key).' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay run" cert-key' -l 'cert-key' -d 'Key of the certificate, where it is in no file with it.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay run"' -l 'mesh-with' -d 'Relays whose word counts on who is attached to them.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay run" backplane' -l 'backplane' -d 'NATS server by which relays that share no link reach each other: nats:// or tls://.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay run" gossip-relays' -l 'gossip-relays' -d 'Relays among those that gossip finds to connect to; 0 for none.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay run"' -l 'listen' -d 'Where to listen: tcp:// tls:// udp:// ws:// wss:// (port 0 lets the kernel choose).' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay run"' -l 'connect' -d 'Relays to stay connected to.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay run" name' -l 'name' -d 'Name for people, told to the mesh.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay run"' -l 'capability' -d 'What this node can do, told to the mesh.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay run" key-file' -l 'key-file' -d 'Private key; by default the one of this user, made when needed.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay run" insecure' -l 'insecure' -d 'Take neighbours and packets without signatures.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay run" announce' -l 'announce' -d 'Announce this relay on the local network, through Avahi.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay run" routing' -l 'routing' -d 'linkstate, flooding, aodv, dsr, olsr or auto; the same at every relay.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay run" stdin' -l 'stdin' -d 'Read packets to forward from standard input.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay run" events' -l 'events' -d 'Events to write: received,forwarded,delivered,queued,dropped,discovered,switched.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay run" custody' -l 'custody' -d 'Keep packets for nodes that are away, in dir or the state directory.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay run" custody-time' -l 'custody-time' -d 'How long packets are kept.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay run" custody-quota' -l 'custody-quota' -d 'Packets of one source that are kept.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay run" max-queue' -l 'max-queue' -d 'Octets that may wait for one neighbour.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay run" rate' -l 'rate' -d 'Packets a second that one neighbour may bring.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay run" max-per-address' -l 'max-per-address' -d 'Connections of one IPv4 address, or one IPv6 /64; 0 for any number.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay run" metrics' -l 'metrics' -d 'Write metrics this often.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay run" deny' -l 'deny' -d 'Refuse the node ids, addresses and networks that the file lists, one a line.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay run" allow' -l 'allow' -d 'Take only neighbours that the file lists, one a line.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay run" drain' -l 'drain' -d 'At the end, how long to wait for what is on its way (default 10s).' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay run" heartbeat' -l 'heartbeat' -d 'Time between heartbeats.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay run" version' -l 'version' -d 'Show the version.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay run" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay status" j json' -s 'j' -l 'json' -d 'JSON lines, also at a terminal (= -f ndjson).'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay status" f format' -s 'f' -l 'format' -d 'auto, ndjson or text.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay status" q quiet' -s 'q' -l 'quiet' -d 'No output on success: the exit status is the answer.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay status"' -s 'v' -l 'verbose' -d 'Notes on stderr; -vv protocol, -vvv octets.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay status" o output' -s 'o' -l 'output' -d 'Write here instead of stdout.' -rF
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay status" t timeout' -s 't' -l 'timeout' -d 'Time for the whole call.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay status" k keep' -s 'k' -l 'keep' -d 'Also repeat the records that were consumed.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay status" only' -l 'only' -d 'Drop every record that this tool did not make.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay status" strict' -l 'strict' -d 'Stop with status 4 at the first bad record.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay status" max-line' -l 'max-line' -d 'Longest input line.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay status" summary' -l 'summary' -d 'A summary record at the end.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay status" splay' -l 'splay' -d 'Start after a random time, at most this.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay status" splay-fixed' -l 'splay-fixed' -d 'The time of --splay is this machine\'s own, the same every time.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay status" lock' -l 'lock' -d 'Status 6 if another run holds this lock; --lock alone takes the tool\'s own.' -rF
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay status" lock-wait' -l 'lock-wait' -d 'Wait for the lock.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay status" config' -l 'config' -d 'Configuration of the user.' -rF
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay status" no-config' -l 'no-config' -d 'Read no configuration file.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay status" print-config' -l 'print-config' -d 'Show every option\'s value and where it came from.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay status" color' -l 'color' -d 'auto, always or never.' -rfka 'auto always never'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay status" log-format' -l 'log-format' -d 'Lines on stderr: text or json.' -rfka 'text json'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay status" records' -l 'records' -d 'Version of the record format: 1.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay status" schema' -l 'schema' -d 'JSON Schema of the records, or of one type.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay status" socket' -l 'socket' -d 'Control socket; none for no socket.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay status" version' -l 'version' -d 'Show the version.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay status" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay who" j json' -s 'j' -l 'json' -d 'JSON lines, also at a terminal (= -f ndjson).'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay who" f format' -s 'f' -l 'format' -d 'auto, ndjson or text.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay who" q quiet' -s 'q' -l 'quiet' -d 'No output on success: the exit status is the answer.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay who"' -s 'v' -l 'verbose' -d 'Notes on stderr; -vv protocol, -vvv octets.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay who" o output' -s 'o' -l 'output' -d 'Write here instead of stdout.' -rF
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay who" t timeout' -s 't' -l 'timeout' -d 'Time for the whole call.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay who" k keep' -s 'k' -l 'keep' -d 'Also repeat the records that were consumed.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay who" only' -l 'only' -d 'Drop every record that this tool did not make.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay who" strict' -l 'strict' -d 'Stop with status 4 at the first bad record.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay who" max-line' -l 'max-line' -d 'Longest input line.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay who" summary' -l 'summary' -d 'A summary record at the end.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay who" splay' -l 'splay' -d 'Start after a random time, at most this.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay who" splay-fixed' -l 'splay-fixed' -d 'The time of --splay is this machine\'s own, the same every time.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay who" lock' -l 'lock' -d 'Status 6 if another run holds this lock; --lock alone takes the tool\'s own.' -rF
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay who" lock-wait' -l 'lock-wait' -d 'Wait for the lock.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay who" config' -l 'config' -d 'Configuration of the user.' -rF
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay who" no-config' -l 'no-config' -d 'Read no configuration file.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay who" print-config' -l 'print-config' -d 'Show every option\'s value and where it came from.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay who" color' -l 'color' -d 'auto, always or never.' -rfka 'auto always never'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay who" log-format' -l 'log-format' -d 'Lines on stderr: text or json.' -rfka 'text json'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay who" records' -l 'records' -d 'Version of the record format: 1.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay who" schema' -l 'schema' -d 'JSON Schema of the records, or of one type.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay who" socket' -l 'socket' -d 'Control socket; none for no socket.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay who" version' -l 'version' -d 'Show the version.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay who" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay ban" j json' -s 'j' -l 'json' -d 'JSON lines, also at a terminal (= -f ndjson).'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay ban" f format' -s 'f' -l 'format' -d 'auto, ndjson or text.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay ban" q quiet' -s 'q' -l 'quiet' -d 'No output on success: the exit status is the answer.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay ban"' -s 'v' -l 'verbose' -d 'Notes on stderr; -vv protocol, -vvv octets.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay ban" o output' -s 'o' -l 'output' -d 'Write here instead of stdout.' -rF
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay ban" t timeout' -s 't' -l 'timeout' -d 'Time for the whole call.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay ban" k keep' -s 'k' -l 'keep' -d 'Also repeat the records that were consumed.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay ban" only' -l 'only' -d 'Drop every record that this tool did not make.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay ban" strict' -l 'strict' -d 'Stop with status 4 at the first bad record.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay ban" max-line' -l 'max-line' -d 'Longest input line.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay ban" summary' -l 'summary' -d 'A summary record at the end.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay ban" splay' -l 'splay' -d 'Start after a random time, at most this.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay ban" splay-fixed' -l 'splay-fixed' -d 'The time of --splay is this machine\'s own, the same every time.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay ban" lock' -l 'lock' -d 'Status 6 if another run holds this lock; --lock alone takes the tool\'s own.' -rF
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay ban" lock-wait' -l 'lock-wait' -d 'Wait for the lock.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay ban" config' -l 'config' -d 'Configuration of the user.' -rF
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay ban" no-config' -l 'no-config' -d 'Read no configuration file.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay ban" print-config' -l 'print-config' -d 'Show every option\'s value and where it came from.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay ban" color' -l 'color' -d 'auto, always or never.' -rfka 'auto always never'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay ban" log-format' -l 'log-format' -d 'Lines on stderr: text or json.' -rfka 'text json'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay ban" records' -l 'records' -d 'Version of the record format: 1.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay ban" schema' -l 'schema' -d 'JSON Schema of the records, or of one type.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay ban" socket' -l 'socket' -d 'Control socket; none for no socket.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay ban" version' -l 'version' -d 'Show the version.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay ban" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay stop" j json' -s 'j' -l 'json' -d 'JSON lines, also at a terminal (= -f ndjson).'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay stop" f format' -s 'f' -l 'format' -d 'auto, ndjson or text.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay stop" q quiet' -s 'q' -l 'quiet' -d 'No output on success: the exit status is the answer.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay stop"' -s 'v' -l 'verbose' -d 'Notes on stderr; -vv protocol, -vvv octets.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay stop" o output' -s 'o' -l 'output' -d 'Write here instead of stdout.' -rF
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay stop" t timeout' -s 't' -l 'timeout' -d 'Time for the whole call.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay stop" k keep' -s 'k' -l 'keep' -d 'Also repeat the records that were consumed.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay stop" only' -l 'only' -d 'Drop every record that this tool did not make.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay stop" strict' -l 'strict' -d 'Stop with status 4 at the first bad record.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay stop" max-line' -l 'max-line' -d 'Longest input line.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay stop" summary' -l 'summary' -d 'A summary record at the end.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay stop" splay' -l 'splay' -d 'Start after a random time, at most this.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay stop" splay-fixed' -l 'splay-fixed' -d 'The time of --splay is this machine\'s own, the same every time.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay stop" lock' -l 'lock' -d 'Status 6 if another run holds this lock; --lock alone takes the tool\'s own.' -rF
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay stop" lock-wait' -l 'lock-wait' -d 'Wait for the lock.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay stop" config' -l 'config' -d 'Configuration of the user.' -rF
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay stop" no-config' -l 'no-config' -d 'Read no configuration file.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay stop" print-config' -l 'print-config' -d 'Show every option\'s value and where it came from.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay stop" color' -l 'color' -d 'auto, always or never.' -rfka 'auto always never'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay stop" log-format' -l 'log-format' -d 'Lines on stderr: text or json.' -rfka 'text json'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay stop" records' -l 'records' -d 'Version of the record format: 1.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay stop" schema' -l 'schema' -d 'JSON Schema of the records, or of one type.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay stop" socket' -l 'socket' -d 'Control socket; none for no socket.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay stop" version' -l 'version' -d 'Show the version.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay stop" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay reload" j json' -s 'j' -l 'json' -d 'JSON lines, also at a terminal (= -f ndjson).'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay reload" f format' -s 'f' -l 'format' -d 'auto, ndjson or text.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay reload" q quiet' -s 'q' -l 'quiet' -d 'No output on success: the exit status is the answer.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay reload"' -s 'v' -l 'verbose' -d 'Notes on stderr; -vv protocol, -vvv octets.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay reload" o output' -s 'o' -l 'output' -d 'Write here instead of stdout.' -rF
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay reload" t timeout' -s 't' -l 'timeout' -d 'Time for the whole call.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay reload" k keep' -s 'k' -l 'keep' -d 'Also repeat the records that were consumed.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay reload" only' -l 'only' -d 'Drop every record that this tool did not make.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay reload" strict' -l 'strict' -d 'Stop with status 4 at the first bad record.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay reload" max-line' -l 'max-line' -d 'Longest input line.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay reload" summary' -l 'summary' -d 'A summary record at the end.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay reload" splay' -l 'splay' -d 'Start after a random time, at most this.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay reload" splay-fixed' -l 'splay-fixed' -d 'The time of --splay is this machine\'s own, the same every time.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay reload" lock' -l 'lock' -d 'Status 6 if another run holds this lock; --lock alone takes the tool\'s own.' -rF
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay reload" lock-wait' -l 'lock-wait' -d 'Wait for the lock.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay reload" config' -l 'config' -d 'Configuration of the user.' -rF
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay reload" no-config' -l 'no-config' -d 'Read no configuration file.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay reload" print-config' -l 'print-config' -d 'Show every option\'s value and where it came from.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay reload" color' -l 'color' -d 'auto, always or never.' -rfka 'auto always never'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay reload" log-format' -l 'log-format' -d 'Lines on stderr: text or json.' -rfka 'text json'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay reload" records' -l 'records' -d 'Version of the record format: 1.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay reload" schema' -l 'schema' -d 'JSON Schema of the records, or of one type.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay reload" socket' -l 'socket' -d 'Control socket; none for no socket.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay reload" version' -l 'version' -d 'Show the version.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay reload" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay simulate" j json' -s 'j' -l 'json' -d 'JSON lines, also at a terminal (= -f ndjson).'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay simulate" f format' -s 'f' -l 'format' -d 'auto, ndjson or text.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay simulate" q quiet' -s 'q' -l 'quiet' -d 'No output on success: the exit status is the answer.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay simulate"' -s 'v' -l 'verbose' -d 'Notes on stderr; -vv protocol, -vvv octets.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay simulate" o output' -s 'o' -l 'output' -d 'Write here instead of stdout.' -rF
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay simulate" t timeout' -s 't' -l 'timeout' -d 'Time for the whole call.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay simulate" k keep' -s 'k' -l 'keep' -d 'Also repeat the records that were consumed.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay simulate" only' -l 'only' -d 'Drop every record that this tool did not make.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay simulate" strict' -l 'strict' -d 'Stop with status 4 at the first bad record.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay simulate" max-line' -l 'max-line' -d 'Longest input line.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay simulate" summary' -l 'summary' -d 'A summary record at the end.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay simulate" splay' -l 'splay' -d 'Start after a random time, at most this.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay simulate" splay-fixed' -l 'splay-fixed' -d 'The time of --splay is this machine\'s own, the same every time.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay simulate" lock' -l 'lock' -d 'Status 6 if another run holds this lock; --lock alone takes the tool\'s own.' -rF
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay simulate" lock-wait' -l 'lock-wait' -d 'Wait for the lock.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay simulate" config' -l 'config' -d 'Configuration of the user.' -rF
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay simulate" no-config' -l 'no-config' -d 'Read no configuration file.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay simulate" print-config' -l 'print-config' -d 'Show every option\'s value and where it came from.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay simulate" color' -l 'color' -d 'auto, always or never.' -rfka 'auto always never'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay simulate" log-format' -l 'log-format' -d 'Lines on stderr: text or json.' -rfka 'text json'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay simulate" records' -l 'records' -d 'Version of the record format: 1.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay simulate" schema' -l 'schema' -d 'JSON Schema of the records, or of one type.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay simulate" seed' -l 'seed' -d 'First seed.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay simulate" seeds' -l 'seeds' -d 'How many seeds, one mesh each.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay simulate" nodes' -l 'nodes' -d 'Relays in a mesh.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay simulate" routing' -l 'routing' -d 'How the relays find next hops.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay simulate" version' -l 'version' -d 'Show the version.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay simulate" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay manet" j json' -s 'j' -l 'json' -d 'JSON lines, also at a terminal (= -f ndjson).'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay manet" f format' -s 'f' -l 'format' -d 'auto, ndjson or text.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay manet" q quiet' -s 'q' -l 'quiet' -d 'No output on success: the exit status is the answer.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay manet"' -s 'v' -l 'verbose' -d 'Notes on stderr; -vv protocol, -vvv octets.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay manet" o output' -s 'o' -l 'output' -d 'Write here instead of stdout.' -rF
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay manet" t timeout' -s 't' -l 'timeout' -d 'Time for the whole call.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay manet" k keep' -s 'k' -l 'keep' -d 'Also repeat the records that were consumed.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay manet" only' -l 'only' -d 'Drop every record that this tool did not make.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay manet" strict' -l 'strict' -d 'Stop with status 4 at the first bad record.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay manet" max-line' -l 'max-line' -d 'Longest input line.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay manet" summary' -l 'summary' -d 'A summary record at the end.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay manet" splay' -l 'splay' -d 'Start after a random time, at most this.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay manet" splay-fixed' -l 'splay-fixed' -d 'The time of --splay is this machine\'s own, the same every time.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay manet" lock' -l 'lock' -d 'Status 6 if another run holds this lock; --lock alone takes the tool\'s own.' -rF
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay manet" lock-wait' -l 'lock-wait' -d 'Wait for the lock.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay manet" config' -l 'config' -d 'Configuration of the user.' -rF
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay manet" no-config' -l 'no-config' -d 'Read no configuration file.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay manet" print-config' -l 'print-config' -d 'Show every option\'s value and where it came from.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay manet" color' -l 'color' -d 'auto, always or never.' -rfka 'auto always never'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay manet" log-format' -l 'log-format' -d 'Lines on stderr: text or json.' -rfka 'text json'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay manet" records' -l 'records' -d 'Version of the record format: 1.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay manet" schema' -l 'schema' -d 'JSON Schema of the records, or of one type.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay manet" protocol' -l 'protocol' -d 'olsr or aodv.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay manet"' -l 'interface' -s 'i' -d 'Interfaces with an IPv4 address.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay manet" address' -l 'address' -d 'Address of the node, of those its interfaces have; by default the first one\'s.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay manet" prefix' -l 'prefix' -d 'aodv: destinations to ask for when the kernel has no route.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay manet"' -l 'network' -d 'olsr: networks behind this node.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay manet" willingness' -l 'willingness' -d 'olsr: 0 (carry nothing) to 7 (always).' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay manet" table' -l 'table' -d 'The kernel\'s table.' -rfka ''
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay manet" dry-run' -l 'dry-run' -d 'Leave the kernel\'s routes alone.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay manet" no-link-notice' -l 'no-link-notice' -d 'Find broken links by silence alone, not by the kernel\'s word.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay manet" version' -l 'version' -d 'Show the version.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay manet" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'kos-relay' -n '__kos-relay_should_offer_completions_for_flags_or_options "kos-relay help" version' -l 'version' -d 'Show the version.'

function __kos-discover_should_offer_completions_for_flags_or_options -a expected_commands
    set -l non_repeating_flags_or_options $argv[2..]
    set -l non_repeating_flags_or_options_absent 0
    set -l positional_index 0
    set -l commands
    __kos-discover_parse_tokens
    test "$commands" = "$expected_commands"; and return $non_repeating_flags_or_options_absent
end

function __kos-discover_should_offer_completions_for_positional -a expected_commands positional_index_comparison expected_positional_index
    set -l non_repeating_flags_or_options
    set -l non_repeating_flags_or_options_absent 0
    set -l positional_index 0
    set -l commands
    __kos-discover_parse_tokens
    test "$commands" = "$expected_commands" -a \( "$positional_index" "$positional_index_comparison" "$expected_positional_index" \)
end

function __kos-discover_parse_tokens -S
    set -l unparsed_tokens (__kos-discover_tokens -pc)
    switch $unparsed_tokens[1]
    case 'kos-discover'
        __kos-discover_parse_subcommand 1 'j/json' 'f/format=' 'q/quiet' 'v/verbose' 'o/output=' 't/timeout=' 'k/keep' 'only' 'strict' 'max-line=' 'summary' 'splay=' 'splay-fixed' 'lock=' 'lock-wait=' 'config=' 'no-config' 'print-config' 'color=' 'log-format=' 'records=' 'schema=' 'm/method=+' 'methods' 'W/watch' 'expire=' 'c/count=' 'u/until=' 'idle=' 'node=' 'capability=+' 'scope=' 'include-self' 'require-signed' 'cached' 'i/interface=' 'service=' 'domain=' 'bootstrap=+' 'links' 'A/announce' 'listen=+' 'ttl=' 'hold=' 'name=' 'dht-node=+' 'dht-port=' 'dht-address=' 'mesh=' 'gossip-join=+' 'gossip-bind=' 'gossip-keyring=' 'gossip-label=' 'gossip-profile=' 'gossip-tag=+' 'lora=' 'adapter=' 'ca=' 'cert=' 'cert-key=' 'gossip-member' 'version' 'h/help'
        switch $unparsed_tokens[1]
        case 'help'
            __kos-discover_parse_subcommand -r 1 'version'
        end
    end
end

function __kos-discover_tokens
    if test (string split -m 1 -f 1 -- . "$FISH_VERSION") -gt 3
        commandline --tokens-raw $argv
    else
        commandline -o $argv
    end
end

function __kos-discover_parse_subcommand -S -a positional_count
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

function __kos-discover_complete_directories
    set -l token (commandline -t)
    string match -- '*/' $token
    set -l subdirs $token*/
    printf %s\n $subdirs
end

function __kos-discover_custom_completion
    set -x SAP_SHELL fish
    set -x SAP_SHELL_VERSION $FISH_VERSION
    set -l tokens (__kos-discover_tokens -p)
    if test -z "$(__kos-discover_tokens -t)"
        set -l index (count (__kos-discover_tokens -pc))
        set tokens $tokens[..$index] \'\' $tokens[(math $index + 1)..]
    end
    command $tokens[1] $argv $tokens
end

complete -c 'kos-discover' -f
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover" j json' -s 'j' -l 'json' -d 'JSON lines, also at a terminal (= -f ndjson).'
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover" f format' -s 'f' -l 'format' -d 'auto, ndjson or text.' -rfka ''
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover" q quiet' -s 'q' -l 'quiet' -d 'No output on success: the exit status is the answer.'
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover"' -s 'v' -l 'verbose' -d 'Notes on stderr; -vv protocol, -vvv octets.'
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover" o output' -s 'o' -l 'output' -d 'Write here instead of stdout.' -rF
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover" t timeout' -s 't' -l 'timeout' -d 'Time for the whole call.' -rfka ''
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover" k keep' -s 'k' -l 'keep' -d 'Also repeat the records that were consumed.'
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover" only' -l 'only' -d 'Drop every record that this tool did not make.'
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover" strict' -l 'strict' -d 'Stop with status 4 at the first bad record.'
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover" max-line' -l 'max-line' -d 'Longest input line.' -rfka ''
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover" summary' -l 'summary' -d 'A summary record at the end.'
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover" splay' -l 'splay' -d 'Start after a random time, at most this.' -rfka ''
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover" splay-fixed' -l 'splay-fixed' -d 'The time of --splay is this machine\'s own, the same every time.'
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover" lock' -l 'lock' -d 'Status 6 if another run holds this lock; --lock alone takes the tool\'s own.' -rF
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover" lock-wait' -l 'lock-wait' -d 'Wait for the lock.' -rfka ''
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover" config' -l 'config' -d 'Configuration of the user.' -rF
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover" no-config' -l 'no-config' -d 'Read no configuration file.'
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover" print-config' -l 'print-config' -d 'Show every option\'s value and where it came from.'
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover" color' -l 'color' -d 'auto, always or never.' -rfka 'auto always never'
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover" log-format' -l 'log-format' -d 'Lines on stderr: text or json.' -rfka 'text json'
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover" records' -l 'records' -d 'Version of the record format: 1.' -rfka ''
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover" schema' -l 'schema' -d 'JSON Schema of the records, or of one type.' -rfka ''
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover"' -s 'm' -l 'method' -d 'mdns,dht,bluetooth,lora,bootstrap,gossip,static, or auto: those that need nothing.' -rfka ''
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover" methods' -l 'methods' -d 'Tell which methods work on this host, and why not.'
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover" W watch' -s 'W' -l 'watch' -d 'Go on until interrupted.'
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover" expire' -l 'expire' -d 'With -W: how long a peer is believed in that is silent.' -rfka ''
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover" c count' -s 'c' -l 'count' -d 'End with N peers.' -rfka ''
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover" u until' -s 'u' -l 'until' -d 'End with 0 as soon as this node is seen.' -rfka '(kos-discover --cached -j 2>/dev/null | sed -n \'s/.*"nodeId":"\\([^"]*\\)".*/\\1/p\')'
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover" idle' -l 'idle' -d 'End after so long without news.' -rfka ''
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover" node' -l 'node' -d 'Only nodes whose id or name matches.' -rfka ''
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover"' -l 'capability' -d 'With -A what this node can do; else only peers that can.' -rfka ''
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover" scope' -l 'scope' -d 'Only peers within local, lan or wan.' -rfka ''
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover" include-self' -l 'include-self' -d 'Also this node itself.'
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover" require-signed' -l 'require-signed' -d 'Only peers whose announcement is signed.'
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover" cached' -l 'cached' -d 'What Avahi knows and earlier runs found is enough.'
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover" i interface' -s 'i' -l 'interface' -d 'Only on this network interface.' -rfka ''
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover" service' -l 'service' -d 'mDNS service type; any for all.' -rfka ''
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover" domain' -l 'domain' -d 'mDNS domain.' -rfka ''
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover"' -l 'bootstrap' -d 'A relay to ask: tcp://host:47470; file:PATH or dns:DOMAIN for several.' -rfka ''
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover" links' -l 'links' -d 'Ask the relays for their topology: links and more peers.'
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover" A announce' -s 'A' -l 'announce' -d 'Announce this node instead.'
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover"' -l 'listen' -d 'Where this node listens; tcp://:47470 if not said.' -rfka ''
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover" ttl' -l 'ttl' -d 'How long an announcement holds.' -rfka ''
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover" hold' -l 'hold' -d 'Go on announcing and answering for so long.' -rfka ''
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover" name' -l 'name' -d 'Name for people; the node id if not said.' -rfka ''
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover"' -l 'dht-node' -d 'A node of the DHT to begin with: host:port.' -rfka ''
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover" dht-port' -l 'dht-port' -d 'UDP port of the DHT; chosen by the kernel if not said.' -rfka ''
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover" dht-address' -l 'dht-address' -d 'Only on this address of the host.' -rfka ''
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover" mesh' -l 'mesh' -d 'Name of the mesh, under which its nodes find each other.' -rfka ''
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover"' -l 'gossip-join' -d 'A member of the Serf or Consul cluster: its host, or host:port.' -rfka ''
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover" gossip-bind' -l 'gossip-bind' -d 'Where a member listens, UDP and TCP; port 7946 if not said.' -rfka ''
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover" gossip-keyring' -l 'gossip-keyring' -d 'Keys of the cluster: Serf\'s key ring, or one in base64 a line.' -rfka ''
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover" gossip-label' -l 'gossip-label' -d 'Label of the cluster\'s packets.' -rfka ''
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover" gossip-profile' -l 'gossip-profile' -d 'Timing: lan, wan or local.' -rfka 'lan wan local'
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover"' -l 'gossip-tag' -d 'A tag that this member shows.' -rfka ''
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover" lora' -l 'lora' -d 'The radio: lora:/dev/ttyUSB0?freq=868.1M&sf=8, sim:; the only USB modem if not said.' -rfka ''
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover" adapter' -l 'adapter' -d 'The Bluetooth adapter: hci0, or its address; the first if not said.' -rfka ''
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover" ca' -l 'ca' -d 'Believe TLS certificates of these authorities (PEM; default: the system\'s).' -rfka ''
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover" cert' -l 'cert' -d 'Show this certificate in TLS (PEM, with its key).' -rfka ''
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover" cert-key' -l 'cert-key' -d 'Key of the certificate, where it is in no file with it.' -rfka ''
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover" gossip-member' -l 'gossip-member' -d 'Join the gossip cluster as a member; without it, look on.'
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover" version' -l 'version' -d 'Show the version.'
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_positional "kos-discover" -eq 1' -fa 'help' -d 'Show subcommand help information.'
complete -c 'kos-discover' -n '__kos-discover_should_offer_completions_for_flags_or_options "kos-discover help" version' -l 'version' -d 'Show the version.'

function __kos-lora_should_offer_completions_for_flags_or_options -a expected_commands
    set -l non_repeating_flags_or_options $argv[2..]
    set -l non_repeating_flags_or_options_absent 0
    set -l positional_index 0
    set -l commands
    __kos-lora_parse_tokens
    test "$commands" = "$expected_commands"; and return $non_repeating_flags_or_options_absent
end

function __kos-lora_should_offer_completions_for_positional -a expected_commands positional_index_comparison expected_positional_index
    set -l non_repeating_flags_or_options
    set -l non_repeating_flags_or_options_absent 0
    set -l positional_index 0
    set -l commands
    __kos-lora_parse_tokens
    test "$commands" = "$expected_commands" -a \( "$positional_index" "$positional_index_comparison" "$expected_positional_index" \)
end

function __kos-lora_parse_tokens -S
    set -l unparsed_tokens (__kos-lora_tokens -pc)
    switch $unparsed_tokens[1]
    case 'kos-lora'
        __kos-lora_parse_subcommand 0 'version' 'h/help'
        switch $unparsed_tokens[1]
        case 'ports'
            __kos-lora_parse_subcommand 0 'j/json' 'f/format=' 'q/quiet' 'v/verbose' 'o/output=' 't/timeout=' 'k/keep' 'only' 'strict' 'max-line=' 'summary' 'splay=' 'splay-fixed' 'lock=' 'lock-wait=' 'config=' 'no-config' 'print-config' 'color=' 'log-format=' 'records=' 'schema=' 'version' 'h/help'
        case 'info'
            __kos-lora_parse_subcommand 0 'p/port=' 'driver=' 'power=' 'sync-word=' 'raw' 'region=' 'frequency=' 'sf=' 'bandwidth=' 'coding-rate=' 'preamble=' 'implicit' 'no-crc' 'chip=' 'ldro=' 'j/json' 'f/format=' 'q/quiet' 'v/verbose' 'o/output=' 't/timeout=' 'k/keep' 'only' 'strict' 'max-line=' 'summary' 'splay=' 'splay-fixed' 'lock=' 'lock-wait=' 'config=' 'no-config' 'print-config' 'color=' 'log-format=' 'records=' 'schema=' 'version' 'h/help'
        case 'listen'
            __kos-lora_parse_subcommand 0 'c/count=' 'frames' 'pcap=' 'loratap=' 'p/port=' 'driver=' 'power=' 'sync-word=' 'raw' 'region=' 'frequency=' 'sf=' 'bandwidth=' 'coding-rate=' 'preamble=' 'implicit' 'no-crc' 'chip=' 'ldro=' 'j/json' 'f/format=' 'q/quiet' 'v/verbose' 'o/output=' 't/timeout=' 'k/keep' 'only' 'strict' 'max-line=' 'summary' 'splay=' 'splay-fixed' 'lock=' 'lock-wait=' 'config=' 'no-config' 'print-config' 'color=' 'log-format=' 'records=' 'schema=' 'version' 'h/help'
        case 'send'
            __kos-lora_parse_subcommand 1 'T/to=' 'hex' 'n/dry-run' 'wait' 'key-file=' 'ttl=' 'priority=' 'p/port=' 'driver=' 'power=' 'sync-word=' 'raw' 'region=' 'frequency=' 'sf=' 'bandwidth=' 'coding-rate=' 'preamble=' 'implicit' 'no-crc' 'chip=' 'ldro=' 'j/json' 'f/format=' 'q/quiet' 'v/verbose' 'o/output=' 't/timeout=' 'k/keep' 'only' 'strict' 'max-line=' 'summary' 'splay=' 'splay-fixed' 'lock=' 'lock-wait=' 'config=' 'no-config' 'print-config' 'color=' 'log-format=' 'records=' 'schema=' 'version' 'h/help'
        case 'config'
            __kos-lora_parse_subcommand -r 1 'p/port=' 'driver=' 'power=' 'sync-word=' 'raw' 'region=' 'frequency=' 'sf=' 'bandwidth=' 'coding-rate=' 'preamble=' 'implicit' 'no-crc' 'chip=' 'ldro=' 'j/json' 'f/format=' 'q/quiet' 'v/verbose' 'o/output=' 't/timeout=' 'k/keep' 'only' 'strict' 'max-line=' 'summary' 'splay=' 'splay-fixed' 'lock=' 'lock-wait=' 'config=' 'no-config' 'print-config' 'color=' 'log-format=' 'records=' 'schema=' 'version' 'h/help'
        case 'monitor'
            __kos-lora_parse_subcommand 0 'p/port=' 'driver=' 'power=' 'sync-word=' 'raw' 'region=' 'frequency=' 'sf=' 'bandwidth=' 'coding-rate=' 'preamble=' 'implicit' 'no-crc' 'chip=' 'ldro=' 'j/json' 'f/format=' 'q/quiet' 'v/verbose' 'o/output=' 't/timeout=' 'k/keep' 'only' 'strict' 'max-line=' 'summary' 'splay=' 'splay-fixed' 'lock=' 'lock-wait=' 'config=' 'no-config' 'print-config' 'color=' 'log-format=' 'records=' 'schema=' 'version' 'h/help'
        case 'serve'
            __kos-lora_parse_subcommand 0 'socket=' 'listen=' 'repeat' 'p/port=' 'driver=' 'power=' 'sync-word=' 'raw' 'region=' 'frequency=' 'sf=' 'bandwidth=' 'coding-rate=' 'preamble=' 'implicit' 'no-crc' 'chip=' 'ldro=' 'j/json' 'f/format=' 'q/quiet' 'v/verbose' 'o/output=' 't/timeout=' 'k/keep' 'only' 'strict' 'max-line=' 'summary' 'splay=' 'splay-fixed' 'lock=' 'lock-wait=' 'config=' 'no-config' 'print-config' 'color=' 'log-format=' 'records=' 'schema=' 'version' 'h/help'
        case 'gateway'
            __kos-lora_parse_subcommand 0 'server=' 'eui=' 'p/port=' 'driver=' 'power=' 'sync-word=' 'raw' 'region=' 'frequency=' 'sf=' 'bandwidth=' 'coding-rate=' 'preamble=' 'implicit' 'no-crc' 'chip=' 'ldro=' 'key-file=' 'ttl=' 'priority=' 'j/json' 'f/format=' 'q/quiet' 'v/verbose' 'o/output=' 't/timeout=' 'k/keep' 'only' 'strict' 'max-line=' 'summary' 'splay=' 'splay-fixed' 'lock=' 'lock-wait=' 'config=' 'no-config' 'print-config' 'color=' 'log-format=' 'records=' 'schema=' 'version' 'h/help'
        case 'airtime'
            __kos-lora_parse_subcommand 0 'sf=' 'bandwidth=' 'coding-rate=' 'preamble=' 'implicit' 'no-crc' 'chip=' 'ldro=' 'payload=+' 'j/json' 'f/format=' 'q/quiet' 'v/verbose' 'o/output=' 't/timeout=' 'k/keep' 'only' 'strict' 'max-line=' 'summary' 'splay=' 'splay-fixed' 'lock=' 'lock-wait=' 'config=' 'no-config' 'print-config' 'color=' 'log-format=' 'records=' 'schema=' 'version' 'h/help'
        case 'budget'
            __kos-lora_parse_subcommand 0 'region=' 'frequency=' 'sub-band=' 'payload=' 'p/port=' 'power=' 'sf=' 'bandwidth=' 'coding-rate=' 'preamble=' 'implicit' 'no-crc' 'chip=' 'ldro=' 'j/json' 'f/format=' 'q/quiet' 'v/verbose' 'o/output=' 't/timeout=' 'k/keep' 'only' 'strict' 'max-line=' 'summary' 'splay=' 'splay-fixed' 'lock=' 'lock-wait=' 'config=' 'no-config' 'print-config' 'color=' 'log-format=' 'records=' 'schema=' 'version' 'h/help'
        case 'link'
            __kos-lora_parse_subcommand 0 'sf=' 'bandwidth=' 'coding-rate=' 'preamble=' 'implicit' 'no-crc' 'chip=' 'ldro=' 'frequency=' 'distance=' 'power=' 'sender-gain=' 'receiver-gain=' 'noise-figure=' 'path-loss-exponent=' 'j/json' 'f/format=' 'q/quiet' 'v/verbose' 'o/output=' 't/timeout=' 'k/keep' 'only' 'strict' 'max-line=' 'summary' 'splay=' 'splay-fixed' 'lock=' 'lock-wait=' 'config=' 'no-config' 'print-config' 'color=' 'log-format=' 'records=' 'schema=' 'version' 'h/help'
        case 'help'
            __kos-lora_parse_subcommand -r 1 'version'
        end
    end
end

function __kos-lora_tokens
    if test (string split -m 1 -f 1 -- . "$FISH_VERSION") -gt 3
        commandline --tokens-raw $argv
    else
        commandline -o $argv
    end
end

function __kos-lora_parse_subcommand -S -a positional_count
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

function __kos-lora_complete_directories
    set -l token (commandline -t)
    string match -- '*/' $token
    set -l subdirs $token*/
    printf %s\n $subdirs
end

function __kos-lora_custom_completion
    set -x SAP_SHELL fish
    set -x SAP_SHELL_VERSION $FISH_VERSION
    set -l tokens (__kos-lora_tokens -p)
    if test -z "$(__kos-lora_tokens -t)"
        set -l index (count (__kos-lora_tokens -pc))
        set tokens $tokens[..$index] \'\' $tokens[(math $index + 1)..]
    end
    command $tokens[1] $argv $tokens
end

complete -c 'kos-lora' -f
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora" version' -l 'version' -d 'Show the version.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_positional "kos-lora" -eq 1' -fa 'ports' -d 'USB serial lines that may be modems.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_positional "kos-lora" -eq 1' -fa 'info' -d 'Model, firmware and settings of the modem.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_positional "kos-lora" -eq 1' -fa 'listen' -d 'Packets and frames that the modem hears, until -c, -t or SIGINT.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_positional "kos-lora" -eq 1' -fa 'send' -d 'Sends packets to a node, or raw frames, within the legal air time.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_positional "kos-lora" -eq 1' -fa 'config' -d 'Sets the modem, reads back what it has, and says where they differ.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_positional "kos-lora" -eq 1' -fa 'monitor' -d 'Frames and the modem\'s own events; waits for a modem that is absent.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_positional "kos-lora" -eq 1' -fa 'serve' -d 'Shares the radio through a UNIX socket: records in both directions.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_positional "kos-lora" -eq 1' -fa 'gateway' -d 'Reports what the modem hears to a network server, and sends what it orders.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_positional "kos-lora" -eq 1' -fa 'airtime' -d 'How long a frame of so many octets occupies the air. Needs no modem.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_positional "kos-lora" -eq 1' -fa 'budget' -d 'What is left of the legal air time, and when a packet may go. Needs no modem.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_positional "kos-lora" -eq 1' -fa 'link' -d 'What a link can bridge: sensitivity, range, margin at a distance. Needs no modem.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_positional "kos-lora" -eq 1' -fa 'help' -d 'Show subcommand help information.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora ports" j json' -s 'j' -l 'json' -d 'JSON lines, also at a terminal (= -f ndjson).'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora ports" f format' -s 'f' -l 'format' -d 'auto, ndjson or text.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora ports" q quiet' -s 'q' -l 'quiet' -d 'No output on success: the exit status is the answer.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora ports"' -s 'v' -l 'verbose' -d 'Notes on stderr; -vv protocol, -vvv octets.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora ports" o output' -s 'o' -l 'output' -d 'Write here instead of stdout.' -rF
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora ports" t timeout' -s 't' -l 'timeout' -d 'Time for the whole call.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora ports" k keep' -s 'k' -l 'keep' -d 'Also repeat the records that were consumed.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora ports" only' -l 'only' -d 'Drop every record that this tool did not make.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora ports" strict' -l 'strict' -d 'Stop with status 4 at the first bad record.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora ports" max-line' -l 'max-line' -d 'Longest input line.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora ports" summary' -l 'summary' -d 'A summary record at the end.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora ports" splay' -l 'splay' -d 'Start after a random time, at most this.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora ports" splay-fixed' -l 'splay-fixed' -d 'The time of --splay is this machine\'s own, the same every time.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora ports" lock' -l 'lock' -d 'Status 6 if another run holds this lock; --lock alone takes the tool\'s own.' -rF
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora ports" lock-wait' -l 'lock-wait' -d 'Wait for the lock.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora ports" config' -l 'config' -d 'Configuration of the user.' -rF
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora ports" no-config' -l 'no-config' -d 'Read no configuration file.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora ports" print-config' -l 'print-config' -d 'Show every option\'s value and where it came from.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora ports" color' -l 'color' -d 'auto, always or never.' -rfka 'auto always never'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora ports" log-format' -l 'log-format' -d 'Lines on stderr: text or json.' -rfka 'text json'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora ports" records' -l 'records' -d 'Version of the record format: 1.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora ports" schema' -l 'schema' -d 'JSON Schema of the records, or of one type.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora ports" version' -l 'version' -d 'Show the version.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora ports" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora info" p port' -s 'p' -l 'port' -d 'Device path, tcp://HOST:PORT, or lora:PLACE?driver=…&freq=…' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora info" driver' -l 'driver' -d 'Dialect: rnode, kiss, meshcore, gwmp, meshtastic, rylr, rui3, rn2xx3, rf95, ebyte, sim.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora info" power' -l 'power' -d 'Power at the antenna connector.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora info" sync-word' -l 'sync-word' -d '18 or 0x12 private, 0x34 LoRaWAN, 0x2B Meshtastic.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora info" raw' -l 'raw' -d 'Raw frames: without the dialect\'s own header.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora info" region' -l 'region' -d 'EU868, US915, EU433, AU915, AS923, IN865 or KR920.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora info" frequency' -l 'frequency' -d '868.1M, 868100000 (a bare number below 10000 is MHz).' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora info" sf' -l 'sf' -d 'Spreading factor, 5 to 12.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora info" bandwidth' -l 'bandwidth' -d '125k, 62.5k, 250000 (a bare number below 2000 is kHz).' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora info" coding-rate' -l 'coding-rate' -d '4/5 to 4/8.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora info" preamble' -l 'preamble' -d 'Programmed preamble.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora info" implicit' -l 'implicit' -d 'No header in the frame: both ends know the length.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora info" no-crc' -l 'no-crc' -d 'No checksum in the frame.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora info" chip' -l 'chip' -d 'sx126x or sx127x: they differ at SF5 and SF6.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora info" ldro' -l 'ldro' -d 'Low data rate optimisation: auto, rnode, gateway, on or off.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora info" j json' -s 'j' -l 'json' -d 'JSON lines, also at a terminal (= -f ndjson).'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora info" f format' -s 'f' -l 'format' -d 'auto, ndjson or text.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora info" q quiet' -s 'q' -l 'quiet' -d 'No output on success: the exit status is the answer.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora info"' -s 'v' -l 'verbose' -d 'Notes on stderr; -vv protocol, -vvv octets.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora info" o output' -s 'o' -l 'output' -d 'Write here instead of stdout.' -rF
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora info" t timeout' -s 't' -l 'timeout' -d 'Time for the whole call.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora info" k keep' -s 'k' -l 'keep' -d 'Also repeat the records that were consumed.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora info" only' -l 'only' -d 'Drop every record that this tool did not make.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora info" strict' -l 'strict' -d 'Stop with status 4 at the first bad record.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora info" max-line' -l 'max-line' -d 'Longest input line.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora info" summary' -l 'summary' -d 'A summary record at the end.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora info" splay' -l 'splay' -d 'Start after a random time, at most this.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora info" splay-fixed' -l 'splay-fixed' -d 'The time of --splay is this machine\'s own, the same every time.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora info" lock' -l 'lock' -d 'Status 6 if another run holds this lock; --lock alone takes the tool\'s own.' -rF
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora info" lock-wait' -l 'lock-wait' -d 'Wait for the lock.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora info" config' -l 'config' -d 'Configuration of the user.' -rF
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora info" no-config' -l 'no-config' -d 'Read no configuration file.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora info" print-config' -l 'print-config' -d 'Show every option\'s value and where it came from.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora info" color' -l 'color' -d 'auto, always or never.' -rfka 'auto always never'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora info" log-format' -l 'log-format' -d 'Lines on stderr: text or json.' -rfka 'text json'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora info" records' -l 'records' -d 'Version of the record format: 1.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora info" schema' -l 'schema' -d 'JSON Schema of the records, or of one type.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora info" version' -l 'version' -d 'Show the version.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora info" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora listen" c count' -s 'c' -l 'count' -d 'End after so many records.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora listen" frames' -l 'frames' -d 'Every frame as it is, also those that packets are made of.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora listen" pcap' -l 'pcap' -d 'Also write every frame to a capture file (LoRaTap).' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora listen" loratap' -l 'loratap' -d 'Header of the capture: 0 (default) or 1.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora listen" p port' -s 'p' -l 'port' -d 'Device path, tcp://HOST:PORT, or lora:PLACE?driver=…&freq=…' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora listen" driver' -l 'driver' -d 'Dialect: rnode, kiss, meshcore, gwmp, meshtastic, rylr, rui3, rn2xx3, rf95, ebyte, sim.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora listen" power' -l 'power' -d 'Power at the antenna connector.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora listen" sync-word' -l 'sync-word' -d '18 or 0x12 private, 0x34 LoRaWAN, 0x2B Meshtastic.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora listen" raw' -l 'raw' -d 'Raw frames: without the dialect\'s own header.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora listen" region' -l 'region' -d 'EU868, US915, EU433, AU915, AS923, IN865 or KR920.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora listen" frequency' -l 'frequency' -d '868.1M, 868100000 (a bare number below 10000 is MHz).' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora listen" sf' -l 'sf' -d 'Spreading factor, 5 to 12.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora listen" bandwidth' -l 'bandwidth' -d '125k, 62.5k, 250000 (a bare number below 2000 is kHz).' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora listen" coding-rate' -l 'coding-rate' -d '4/5 to 4/8.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora listen" preamble' -l 'preamble' -d 'Programmed preamble.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora listen" implicit' -l 'implicit' -d 'No header in the frame: both ends know the length.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora listen" no-crc' -l 'no-crc' -d 'No checksum in the frame.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora listen" chip' -l 'chip' -d 'sx126x or sx127x: they differ at SF5 and SF6.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora listen" ldro' -l 'ldro' -d 'Low data rate optimisation: auto, rnode, gateway, on or off.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora listen" j json' -s 'j' -l 'json' -d 'JSON lines, also at a terminal (= -f ndjson).'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora listen" f format' -s 'f' -l 'format' -d 'auto, ndjson or text.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora listen" q quiet' -s 'q' -l 'quiet' -d 'No output on success: the exit status is the answer.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora listen"' -s 'v' -l 'verbose' -d 'Notes on stderr; -vv protocol, -vvv octets.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora listen" o output' -s 'o' -l 'output' -d 'Write here instead of stdout.' -rF
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora listen" t timeout' -s 't' -l 'timeout' -d 'Time for the whole call.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora listen" k keep' -s 'k' -l 'keep' -d 'Also repeat the records that were consumed.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora listen" only' -l 'only' -d 'Drop every record that this tool did not make.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora listen" strict' -l 'strict' -d 'Stop with status 4 at the first bad record.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora listen" max-line' -l 'max-line' -d 'Longest input line.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora listen" summary' -l 'summary' -d 'A summary record at the end.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora listen" splay' -l 'splay' -d 'Start after a random time, at most this.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora listen" splay-fixed' -l 'splay-fixed' -d 'The time of --splay is this machine\'s own, the same every time.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora listen" lock' -l 'lock' -d 'Status 6 if another run holds this lock; --lock alone takes the tool\'s own.' -rF
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora listen" lock-wait' -l 'lock-wait' -d 'Wait for the lock.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora listen" config' -l 'config' -d 'Configuration of the user.' -rF
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora listen" no-config' -l 'no-config' -d 'Read no configuration file.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora listen" print-config' -l 'print-config' -d 'Show every option\'s value and where it came from.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora listen" color' -l 'color' -d 'auto, always or never.' -rfka 'auto always never'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora listen" log-format' -l 'log-format' -d 'Lines on stderr: text or json.' -rfka 'text json'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora listen" records' -l 'records' -d 'Version of the record format: 1.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora listen" schema' -l 'schema' -d 'JSON Schema of the records, or of one type.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora listen" version' -l 'version' -d 'Show the version.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora listen" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora send" T to' -s 'T' -l 'to' -d 'Destination, or * for all.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora send" hex' -l 'hex' -d 'The text is hexadecimal digits.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora send" dry-run n' -s 'n' -l 'dry-run' -d 'Say what it would cost and whether it may go; send nothing.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora send" wait' -l 'wait' -d 'Wait for legal air time instead of refusing.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora send" key-file' -l 'key-file' -d 'Private key; by default the one of this user, made when needed.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora send" ttl' -l 'ttl' -d 'Links that the packet may cross, 0 to 32.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora send" priority' -l 'priority' -d '0 most urgent to 7.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora send" p port' -s 'p' -l 'port' -d 'Device path, tcp://HOST:PORT, or lora:PLACE?driver=…&freq=…' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora send" driver' -l 'driver' -d 'Dialect: rnode, kiss, meshcore, gwmp, meshtastic, rylr, rui3, rn2xx3, rf95, ebyte, sim.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora send" power' -l 'power' -d 'Power at the antenna connector.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora send" sync-word' -l 'sync-word' -d '18 or 0x12 private, 0x34 LoRaWAN, 0x2B Meshtastic.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora send" raw' -l 'raw' -d 'Raw frames: without the dialect\'s own header.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora send" region' -l 'region' -d 'EU868, US915, EU433, AU915, AS923, IN865 or KR920.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora send" frequency' -l 'frequency' -d '868.1M, 868100000 (a bare number below 10000 is MHz).' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora send" sf' -l 'sf' -d 'Spreading factor, 5 to 12.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora send" bandwidth' -l 'bandwidth' -d '125k, 62.5k, 250000 (a bare number below 2000 is kHz).' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora send" coding-rate' -l 'coding-rate' -d '4/5 to 4/8.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora send" preamble' -l 'preamble' -d 'Programmed preamble.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora send" implicit' -l 'implicit' -d 'No header in the frame: both ends know the length.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora send" no-crc' -l 'no-crc' -d 'No checksum in the frame.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora send" chip' -l 'chip' -d 'sx126x or sx127x: they differ at SF5 and SF6.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora send" ldro' -l 'ldro' -d 'Low data rate optimisation: auto, rnode, gateway, on or off.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora send" j json' -s 'j' -l 'json' -d 'JSON lines, also at a terminal (= -f ndjson).'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora send" f format' -s 'f' -l 'format' -d 'auto, ndjson or text.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora send" q quiet' -s 'q' -l 'quiet' -d 'No output on success: the exit status is the answer.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora send"' -s 'v' -l 'verbose' -d 'Notes on stderr; -vv protocol, -vvv octets.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora send" o output' -s 'o' -l 'output' -d 'Write here instead of stdout.' -rF
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora send" t timeout' -s 't' -l 'timeout' -d 'Time for the whole call.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora send" k keep' -s 'k' -l 'keep' -d 'Also repeat the records that were consumed.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora send" only' -l 'only' -d 'Drop every record that this tool did not make.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora send" strict' -l 'strict' -d 'Stop with status 4 at the first bad record.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora send" max-line' -l 'max-line' -d 'Longest input line.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora send" summary' -l 'summary' -d 'A summary record at the end.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora send" splay' -l 'splay' -d 'Start after a random time, at most this.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora send" splay-fixed' -l 'splay-fixed' -d 'The time of --splay is this machine\'s own, the same every time.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora send" lock' -l 'lock' -d 'Status 6 if another run holds this lock; --lock alone takes the tool\'s own.' -rF
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora send" lock-wait' -l 'lock-wait' -d 'Wait for the lock.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora send" config' -l 'config' -d 'Configuration of the user.' -rF
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora send" no-config' -l 'no-config' -d 'Read no configuration file.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora send" print-config' -l 'print-config' -d 'Show every option\'s value and where it came from.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora send" color' -l 'color' -d 'auto, always or never.' -rfka 'auto always never'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora send" log-format' -l 'log-format' -d 'Lines on stderr: text or json.' -rfka 'text json'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora send" records' -l 'records' -d 'Version of the record format: 1.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora send" schema' -l 'schema' -d 'JSON Schema of the records, or of one type.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora send" version' -l 'version' -d 'Show the version.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora send" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora config" p port' -s 'p' -l 'port' -d 'Device path, tcp://HOST:PORT, or lora:PLACE?driver=…&freq=…' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora config" driver' -l 'driver' -d 'Dialect: rnode, kiss, meshcore, gwmp, meshtastic, rylr, rui3, rn2xx3, rf95, ebyte, sim.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora config" power' -l 'power' -d 'Power at the antenna connector.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora config" sync-word' -l 'sync-word' -d '18 or 0x12 private, 0x34 LoRaWAN, 0x2B Meshtastic.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora config" raw' -l 'raw' -d 'Raw frames: without the dialect\'s own header.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora config" region' -l 'region' -d 'EU868, US915, EU433, AU915, AS923, IN865 or KR920.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora config" frequency' -l 'frequency' -d '868.1M, 868100000 (a bare number below 10000 is MHz).' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora config" sf' -l 'sf' -d 'Spreading factor, 5 to 12.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora config" bandwidth' -l 'bandwidth' -d '125k, 62.5k, 250000 (a bare number below 2000 is kHz).' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora config" coding-rate' -l 'coding-rate' -d '4/5 to 4/8.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora config" preamble' -l 'preamble' -d 'Programmed preamble.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora config" implicit' -l 'implicit' -d 'No header in the frame: both ends know the length.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora config" no-crc' -l 'no-crc' -d 'No checksum in the frame.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora config" chip' -l 'chip' -d 'sx126x or sx127x: they differ at SF5 and SF6.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora config" ldro' -l 'ldro' -d 'Low data rate optimisation: auto, rnode, gateway, on or off.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora config" j json' -s 'j' -l 'json' -d 'JSON lines, also at a terminal (= -f ndjson).'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora config" f format' -s 'f' -l 'format' -d 'auto, ndjson or text.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora config" q quiet' -s 'q' -l 'quiet' -d 'No output on success: the exit status is the answer.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora config"' -s 'v' -l 'verbose' -d 'Notes on stderr; -vv protocol, -vvv octets.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora config" o output' -s 'o' -l 'output' -d 'Write here instead of stdout.' -rF
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora config" t timeout' -s 't' -l 'timeout' -d 'Time for the whole call.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora config" k keep' -s 'k' -l 'keep' -d 'Also repeat the records that were consumed.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora config" only' -l 'only' -d 'Drop every record that this tool did not make.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora config" strict' -l 'strict' -d 'Stop with status 4 at the first bad record.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora config" max-line' -l 'max-line' -d 'Longest input line.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora config" summary' -l 'summary' -d 'A summary record at the end.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora config" splay' -l 'splay' -d 'Start after a random time, at most this.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora config" splay-fixed' -l 'splay-fixed' -d 'The time of --splay is this machine\'s own, the same every time.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora config" lock' -l 'lock' -d 'Status 6 if another run holds this lock; --lock alone takes the tool\'s own.' -rF
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora config" lock-wait' -l 'lock-wait' -d 'Wait for the lock.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora config" config' -l 'config' -d 'Configuration of the user.' -rF
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora config" no-config' -l 'no-config' -d 'Read no configuration file.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora config" print-config' -l 'print-config' -d 'Show every option\'s value and where it came from.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora config" color' -l 'color' -d 'auto, always or never.' -rfka 'auto always never'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora config" log-format' -l 'log-format' -d 'Lines on stderr: text or json.' -rfka 'text json'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora config" records' -l 'records' -d 'Version of the record format: 1.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora config" schema' -l 'schema' -d 'JSON Schema of the records, or of one type.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora config" version' -l 'version' -d 'Show the version.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora config" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora monitor" p port' -s 'p' -l 'port' -d 'Device path, tcp://HOST:PORT, or lora:PLACE?driver=…&freq=…' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora monitor" driver' -l 'driver' -d 'Dialect: rnode, kiss, meshcore, gwmp, meshtastic, rylr, rui3, rn2xx3, rf95, ebyte, sim.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora monitor" power' -l 'power' -d 'Power at the antenna connector.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora monitor" sync-word' -l 'sync-word' -d '18 or 0x12 private, 0x34 LoRaWAN, 0x2B Meshtastic.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora monitor" raw' -l 'raw' -d 'Raw frames: without the dialect\'s own header.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora monitor" region' -l 'region' -d 'EU868, US915, EU433, AU915, AS923, IN865 or KR920.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora monitor" frequency' -l 'frequency' -d '868.1M, 868100000 (a bare number below 10000 is MHz).' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora monitor" sf' -l 'sf' -d 'Spreading factor, 5 to 12.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora monitor" bandwidth' -l 'bandwidth' -d '125k, 62.5k, 250000 (a bare number below 2000 is kHz).' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora monitor" coding-rate' -l 'coding-rate' -d '4/5 to 4/8.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora monitor" preamble' -l 'preamble' -d 'Programmed preamble.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora monitor" implicit' -l 'implicit' -d 'No header in the frame: both ends know the length.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora monitor" no-crc' -l 'no-crc' -d 'No checksum in the frame.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora monitor" chip' -l 'chip' -d 'sx126x or sx127x: they differ at SF5 and SF6.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora monitor" ldro' -l 'ldro' -d 'Low data rate optimisation: auto, rnode, gateway, on or off.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora monitor" j json' -s 'j' -l 'json' -d 'JSON lines, also at a terminal (= -f ndjson).'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora monitor" f format' -s 'f' -l 'format' -d 'auto, ndjson or text.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora monitor" q quiet' -s 'q' -l 'quiet' -d 'No output on success: the exit status is the answer.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora monitor"' -s 'v' -l 'verbose' -d 'Notes on stderr; -vv protocol, -vvv octets.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora monitor" o output' -s 'o' -l 'output' -d 'Write here instead of stdout.' -rF
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora monitor" t timeout' -s 't' -l 'timeout' -d 'Time for the whole call.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora monitor" k keep' -s 'k' -l 'keep' -d 'Also repeat the records that were consumed.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora monitor" only' -l 'only' -d 'Drop every record that this tool did not make.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora monitor" strict' -l 'strict' -d 'Stop with status 4 at the first bad record.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora monitor" max-line' -l 'max-line' -d 'Longest input line.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora monitor" summary' -l 'summary' -d 'A summary record at the end.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora monitor" splay' -l 'splay' -d 'Start after a random time, at most this.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora monitor" splay-fixed' -l 'splay-fixed' -d 'The time of --splay is this machine\'s own, the same every time.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora monitor" lock' -l 'lock' -d 'Status 6 if another run holds this lock; --lock alone takes the tool\'s own.' -rF
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora monitor" lock-wait' -l 'lock-wait' -d 'Wait for the lock.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora monitor" config' -l 'config' -d 'Configuration of the user.' -rF
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora monitor" no-config' -l 'no-config' -d 'Read no configuration file.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora monitor" print-config' -l 'print-config' -d 'Show every option\'s value and where it came from.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora monitor" color' -l 'color' -d 'auto, always or never.' -rfka 'auto always never'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora monitor" log-format' -l 'log-format' -d 'Lines on stderr: text or json.' -rfka 'text json'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora monitor" records' -l 'records' -d 'Version of the record format: 1.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora monitor" schema' -l 'schema' -d 'JSON Schema of the records, or of one type.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora monitor" version' -l 'version' -d 'Show the version.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora monitor" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora serve" socket' -l 'socket' -d 'The socket; by default lora.sock in the runtime directory.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora serve" listen' -l 'listen' -d 'Also on TCP; anybody who reaches it may send.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora serve" repeat' -l 'repeat' -d 'Send on packets for other nodes (managed flooding).'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora serve" p port' -s 'p' -l 'port' -d 'Device path, tcp://HOST:PORT, or lora:PLACE?driver=…&freq=…' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora serve" driver' -l 'driver' -d 'Dialect: rnode, kiss, meshcore, gwmp, meshtastic, rylr, rui3, rn2xx3, rf95, ebyte, sim.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora serve" power' -l 'power' -d 'Power at the antenna connector.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora serve" sync-word' -l 'sync-word' -d '18 or 0x12 private, 0x34 LoRaWAN, 0x2B Meshtastic.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora serve" raw' -l 'raw' -d 'Raw frames: without the dialect\'s own header.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora serve" region' -l 'region' -d 'EU868, US915, EU433, AU915, AS923, IN865 or KR920.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora serve" frequency' -l 'frequency' -d '868.1M, 868100000 (a bare number below 10000 is MHz).' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora serve" sf' -l 'sf' -d 'Spreading factor, 5 to 12.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora serve" bandwidth' -l 'bandwidth' -d '125k, 62.5k, 250000 (a bare number below 2000 is kHz).' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora serve" coding-rate' -l 'coding-rate' -d '4/5 to 4/8.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora serve" preamble' -l 'preamble' -d 'Programmed preamble.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora serve" implicit' -l 'implicit' -d 'No header in the frame: both ends know the length.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora serve" no-crc' -l 'no-crc' -d 'No checksum in the frame.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora serve" chip' -l 'chip' -d 'sx126x or sx127x: they differ at SF5 and SF6.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora serve" ldro' -l 'ldro' -d 'Low data rate optimisation: auto, rnode, gateway, on or off.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora serve" j json' -s 'j' -l 'json' -d 'JSON lines, also at a terminal (= -f ndjson).'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora serve" f format' -s 'f' -l 'format' -d 'auto, ndjson or text.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora serve" q quiet' -s 'q' -l 'quiet' -d 'No output on success: the exit status is the answer.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora serve"' -s 'v' -l 'verbose' -d 'Notes on stderr; -vv protocol, -vvv octets.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora serve" o output' -s 'o' -l 'output' -d 'Write here instead of stdout.' -rF
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora serve" t timeout' -s 't' -l 'timeout' -d 'Time for the whole call.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora serve" k keep' -s 'k' -l 'keep' -d 'Also repeat the records that were consumed.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora serve" only' -l 'only' -d 'Drop every record that this tool did not make.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora serve" strict' -l 'strict' -d 'Stop with status 4 at the first bad record.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora serve" max-line' -l 'max-line' -d 'Longest input line.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora serve" summary' -l 'summary' -d 'A summary record at the end.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora serve" splay' -l 'splay' -d 'Start after a random time, at most this.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora serve" splay-fixed' -l 'splay-fixed' -d 'The time of --splay is this machine\'s own, the same every time.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora serve" lock' -l 'lock' -d 'Status 6 if another run holds this lock; --lock alone takes the tool\'s own.' -rF
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora serve" lock-wait' -l 'lock-wait' -d 'Wait for the lock.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora serve" config' -l 'config' -d 'Configuration of the user.' -rF
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora serve" no-config' -l 'no-config' -d 'Read no configuration file.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora serve" print-config' -l 'print-config' -d 'Show every option\'s value and where it came from.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora serve" color' -l 'color' -d 'auto, always or never.' -rfka 'auto always never'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora serve" log-format' -l 'log-format' -d 'Lines on stderr: text or json.' -rfka 'text json'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora serve" records' -l 'records' -d 'Version of the record format: 1.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora serve" schema' -l 'schema' -d 'JSON Schema of the records, or of one type.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora serve" version' -l 'version' -d 'Show the version.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora serve" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora gateway" server' -l 'server' -d 'The server; port 1700 if not said.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora gateway" eui' -l 'eui' -d 'The gateway\'s EUI, 16 hexadecimal digits; made of this user\'s key if not said.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora gateway" p port' -s 'p' -l 'port' -d 'Device path, tcp://HOST:PORT, or lora:PLACE?driver=…&freq=…' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora gateway" driver' -l 'driver' -d 'Dialect: rnode, kiss, meshcore, gwmp, meshtastic, rylr, rui3, rn2xx3, rf95, ebyte, sim.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora gateway" power' -l 'power' -d 'Power at the antenna connector.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora gateway" sync-word' -l 'sync-word' -d '18 or 0x12 private, 0x34 LoRaWAN, 0x2B Meshtastic.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora gateway" raw' -l 'raw' -d 'Raw frames: without the dialect\'s own header.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora gateway" region' -l 'region' -d 'EU868, US915, EU433, AU915, AS923, IN865 or KR920.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora gateway" frequency' -l 'frequency' -d '868.1M, 868100000 (a bare number below 10000 is MHz).' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora gateway" sf' -l 'sf' -d 'Spreading factor, 5 to 12.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora gateway" bandwidth' -l 'bandwidth' -d '125k, 62.5k, 250000 (a bare number below 2000 is kHz).' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora gateway" coding-rate' -l 'coding-rate' -d '4/5 to 4/8.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora gateway" preamble' -l 'preamble' -d 'Programmed preamble.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora gateway" implicit' -l 'implicit' -d 'No header in the frame: both ends know the length.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora gateway" no-crc' -l 'no-crc' -d 'No checksum in the frame.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora gateway" chip' -l 'chip' -d 'sx126x or sx127x: they differ at SF5 and SF6.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora gateway" ldro' -l 'ldro' -d 'Low data rate optimisation: auto, rnode, gateway, on or off.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora gateway" key-file' -l 'key-file' -d 'Private key; by default the one of this user, made when needed.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora gateway" ttl' -l 'ttl' -d 'Links that the packet may cross, 0 to 32.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora gateway" priority' -l 'priority' -d '0 most urgent to 7.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora gateway" j json' -s 'j' -l 'json' -d 'JSON lines, also at a terminal (= -f ndjson).'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora gateway" f format' -s 'f' -l 'format' -d 'auto, ndjson or text.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora gateway" q quiet' -s 'q' -l 'quiet' -d 'No output on success: the exit status is the answer.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora gateway"' -s 'v' -l 'verbose' -d 'Notes on stderr; -vv protocol, -vvv octets.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora gateway" o output' -s 'o' -l 'output' -d 'Write here instead of stdout.' -rF
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora gateway" t timeout' -s 't' -l 'timeout' -d 'Time for the whole call.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora gateway" k keep' -s 'k' -l 'keep' -d 'Also repeat the records that were consumed.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora gateway" only' -l 'only' -d 'Drop every record that this tool did not make.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora gateway" strict' -l 'strict' -d 'Stop with status 4 at the first bad record.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora gateway" max-line' -l 'max-line' -d 'Longest input line.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora gateway" summary' -l 'summary' -d 'A summary record at the end.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora gateway" splay' -l 'splay' -d 'Start after a random time, at most this.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora gateway" splay-fixed' -l 'splay-fixed' -d 'The time of --splay is this machine\'s own, the same every time.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora gateway" lock' -l 'lock' -d 'Status 6 if another run holds this lock; --lock alone takes the tool\'s own.' -rF
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora gateway" lock-wait' -l 'lock-wait' -d 'Wait for the lock.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora gateway" config' -l 'config' -d 'Configuration of the user.' -rF
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora gateway" no-config' -l 'no-config' -d 'Read no configuration file.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora gateway" print-config' -l 'print-config' -d 'Show every option\'s value and where it came from.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora gateway" color' -l 'color' -d 'auto, always or never.' -rfka 'auto always never'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora gateway" log-format' -l 'log-format' -d 'Lines on stderr: text or json.' -rfka 'text json'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora gateway" records' -l 'records' -d 'Version of the record format: 1.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora gateway" schema' -l 'schema' -d 'JSON Schema of the records, or of one type.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora gateway" version' -l 'version' -d 'Show the version.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora gateway" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora airtime" sf' -l 'sf' -d 'Spreading factor, 5 to 12.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora airtime" bandwidth' -l 'bandwidth' -d '125k, 62.5k, 250000 (a bare number below 2000 is kHz).' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora airtime" coding-rate' -l 'coding-rate' -d '4/5 to 4/8.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora airtime" preamble' -l 'preamble' -d 'Programmed preamble.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora airtime" implicit' -l 'implicit' -d 'No header in the frame: both ends know the length.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora airtime" no-crc' -l 'no-crc' -d 'No checksum in the frame.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora airtime" chip' -l 'chip' -d 'sx126x or sx127x: they differ at SF5 and SF6.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora airtime" ldro' -l 'ldro' -d 'Low data rate optimisation: auto, rnode, gateway, on or off.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora airtime"' -l 'payload' -d 'Octets of payload: numbers, FROM-TO, or - for one a line on stdin.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora airtime" j json' -s 'j' -l 'json' -d 'JSON lines, also at a terminal (= -f ndjson).'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora airtime" f format' -s 'f' -l 'format' -d 'auto, ndjson or text.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora airtime" q quiet' -s 'q' -l 'quiet' -d 'No output on success: the exit status is the answer.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora airtime"' -s 'v' -l 'verbose' -d 'Notes on stderr; -vv protocol, -vvv octets.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora airtime" o output' -s 'o' -l 'output' -d 'Write here instead of stdout.' -rF
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora airtime" t timeout' -s 't' -l 'timeout' -d 'Time for the whole call.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora airtime" k keep' -s 'k' -l 'keep' -d 'Also repeat the records that were consumed.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora airtime" only' -l 'only' -d 'Drop every record that this tool did not make.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora airtime" strict' -l 'strict' -d 'Stop with status 4 at the first bad record.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora airtime" max-line' -l 'max-line' -d 'Longest input line.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora airtime" summary' -l 'summary' -d 'A summary record at the end.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora airtime" splay' -l 'splay' -d 'Start after a random time, at most this.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora airtime" splay-fixed' -l 'splay-fixed' -d 'The time of --splay is this machine\'s own, the same every time.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora airtime" lock' -l 'lock' -d 'Status 6 if another run holds this lock; --lock alone takes the tool\'s own.' -rF
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora airtime" lock-wait' -l 'lock-wait' -d 'Wait for the lock.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora airtime" config' -l 'config' -d 'Configuration of the user.' -rF
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora airtime" no-config' -l 'no-config' -d 'Read no configuration file.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora airtime" print-config' -l 'print-config' -d 'Show every option\'s value and where it came from.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora airtime" color' -l 'color' -d 'auto, always or never.' -rfka 'auto always never'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora airtime" log-format' -l 'log-format' -d 'Lines on stderr: text or json.' -rfka 'text json'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora airtime" records' -l 'records' -d 'Version of the record format: 1.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora airtime" schema' -l 'schema' -d 'JSON Schema of the records, or of one type.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora airtime" version' -l 'version' -d 'Show the version.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora airtime" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora budget" region' -l 'region' -d 'EU868, US915, EU433, AU915, AS923, IN865 or KR920.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora budget" frequency' -l 'frequency' -d '868.1M, 868100000 (a bare number below 10000 is MHz).' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora budget" sub-band' -l 'sub-band' -d 'One sub-band; without it and --frequency, all of the region.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora budget" payload' -l 'payload' -d 'Octets of a packet to ask about.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora budget" p port' -s 'p' -l 'port' -d 'Only what this radio has sent.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora budget" power' -l 'power' -d 'Conducted power in dBm: it decides which row of the table holds.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora budget" sf' -l 'sf' -d 'Spreading factor, 5 to 12.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora budget" bandwidth' -l 'bandwidth' -d '125k, 62.5k, 250000 (a bare number below 2000 is kHz).' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora budget" coding-rate' -l 'coding-rate' -d '4/5 to 4/8.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora budget" preamble' -l 'preamble' -d 'Programmed preamble.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora budget" implicit' -l 'implicit' -d 'No header in the frame: both ends know the length.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora budget" no-crc' -l 'no-crc' -d 'No checksum in the frame.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora budget" chip' -l 'chip' -d 'sx126x or sx127x: they differ at SF5 and SF6.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora budget" ldro' -l 'ldro' -d 'Low data rate optimisation: auto, rnode, gateway, on or off.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora budget" j json' -s 'j' -l 'json' -d 'JSON lines, also at a terminal (= -f ndjson).'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora budget" f format' -s 'f' -l 'format' -d 'auto, ndjson or text.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora budget" q quiet' -s 'q' -l 'quiet' -d 'No output on success: the exit status is the answer.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora budget"' -s 'v' -l 'verbose' -d 'Notes on stderr; -vv protocol, -vvv octets.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora budget" o output' -s 'o' -l 'output' -d 'Write here instead of stdout.' -rF
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora budget" t timeout' -s 't' -l 'timeout' -d 'Time for the whole call.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora budget" k keep' -s 'k' -l 'keep' -d 'Also repeat the records that were consumed.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora budget" only' -l 'only' -d 'Drop every record that this tool did not make.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora budget" strict' -l 'strict' -d 'Stop with status 4 at the first bad record.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora budget" max-line' -l 'max-line' -d 'Longest input line.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora budget" summary' -l 'summary' -d 'A summary record at the end.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora budget" splay' -l 'splay' -d 'Start after a random time, at most this.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora budget" splay-fixed' -l 'splay-fixed' -d 'The time of --splay is this machine\'s own, the same every time.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora budget" lock' -l 'lock' -d 'Status 6 if another run holds this lock; --lock alone takes the tool\'s own.' -rF
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora budget" lock-wait' -l 'lock-wait' -d 'Wait for the lock.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora budget" config' -l 'config' -d 'Configuration of the user.' -rF
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora budget" no-config' -l 'no-config' -d 'Read no configuration file.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora budget" print-config' -l 'print-config' -d 'Show every option\'s value and where it came from.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora budget" color' -l 'color' -d 'auto, always or never.' -rfka 'auto always never'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora budget" log-format' -l 'log-format' -d 'Lines on stderr: text or json.' -rfka 'text json'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora budget" records' -l 'records' -d 'Version of the record format: 1.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora budget" schema' -l 'schema' -d 'JSON Schema of the records, or of one type.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora budget" version' -l 'version' -d 'Show the version.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora budget" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora link" sf' -l 'sf' -d 'Spreading factor, 5 to 12.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora link" bandwidth' -l 'bandwidth' -d '125k, 62.5k, 250000 (a bare number below 2000 is kHz).' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora link" coding-rate' -l 'coding-rate' -d '4/5 to 4/8.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora link" preamble' -l 'preamble' -d 'Programmed preamble.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora link" implicit' -l 'implicit' -d 'No header in the frame: both ends know the length.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora link" no-crc' -l 'no-crc' -d 'No checksum in the frame.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora link" chip' -l 'chip' -d 'sx126x or sx127x: they differ at SF5 and SF6.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora link" ldro' -l 'ldro' -d 'Low data rate optimisation: auto, rnode, gateway, on or off.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora link" frequency' -l 'frequency' -d '868.1M, 868100000 (a bare number below 10000 is MHz).' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora link" distance' -l 'distance' -d 'Distance: 5km, 800m; a bare number is metres.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora link" power' -l 'power' -d 'Conducted power.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora link" sender-gain' -l 'sender-gain' -d 'Sender\'s antenna gain less cable loss.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora link" receiver-gain' -l 'receiver-gain' -d 'Receiver\'s antenna gain less cable loss.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora link" noise-figure' -l 'noise-figure' -d 'Receiver\'s noise figure: 6 node, 3 gateway.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora link" path-loss-exponent' -l 'path-loss-exponent' -d '2 free space, 2.7 to 3.5 over a town.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora link" j json' -s 'j' -l 'json' -d 'JSON lines, also at a terminal (= -f ndjson).'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora link" f format' -s 'f' -l 'format' -d 'auto, ndjson or text.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora link" q quiet' -s 'q' -l 'quiet' -d 'No output on success: the exit status is the answer.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora link"' -s 'v' -l 'verbose' -d 'Notes on stderr; -vv protocol, -vvv octets.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora link" o output' -s 'o' -l 'output' -d 'Write here instead of stdout.' -rF
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora link" t timeout' -s 't' -l 'timeout' -d 'Time for the whole call.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora link" k keep' -s 'k' -l 'keep' -d 'Also repeat the records that were consumed.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora link" only' -l 'only' -d 'Drop every record that this tool did not make.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora link" strict' -l 'strict' -d 'Stop with status 4 at the first bad record.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora link" max-line' -l 'max-line' -d 'Longest input line.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora link" summary' -l 'summary' -d 'A summary record at the end.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora link" splay' -l 'splay' -d 'Start after a random time, at most this.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora link" splay-fixed' -l 'splay-fixed' -d 'The time of --splay is this machine\'s own, the same every time.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora link" lock' -l 'lock' -d 'Status 6 if another run holds this lock; --lock alone takes the tool\'s own.' -rF
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora link" lock-wait' -l 'lock-wait' -d 'Wait for the lock.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora link" config' -l 'config' -d 'Configuration of the user.' -rF
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora link" no-config' -l 'no-config' -d 'Read no configuration file.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora link" print-config' -l 'print-config' -d 'Show every option\'s value and where it came from.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora link" color' -l 'color' -d 'auto, always or never.' -rfka 'auto always never'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora link" log-format' -l 'log-format' -d 'Lines on stderr: text or json.' -rfka 'text json'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora link" records' -l 'records' -d 'Version of the record format: 1.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora link" schema' -l 'schema' -d 'JSON Schema of the records, or of one type.' -rfka ''
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora link" version' -l 'version' -d 'Show the version.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora link" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'kos-lora' -n '__kos-lora_should_offer_completions_for_flags_or_options "kos-lora help" version' -l 'version' -d 'Show the version.'

function __kos-capture_should_offer_completions_for_flags_or_options -a expected_commands
    set -l non_repeating_flags_or_options $argv[2..]
    set -l non_repeating_flags_or_options_absent 0
    set -l positional_index 0
    set -l commands
    __kos-capture_parse_tokens
    test "$commands" = "$expected_commands"; and return $non_repeating_flags_or_options_absent
end

function __kos-capture_should_offer_completions_for_positional -a expected_commands positional_index_comparison expected_positional_index
    set -l non_repeating_flags_or_options
    set -l non_repeating_flags_or_options_absent 0
    set -l positional_index 0
    set -l commands
    __kos-capture_parse_tokens
    test "$commands" = "$expected_commands" -a \( "$positional_index" "$positional_index_comparison" "$expected_positional_index" \)
end

function __kos-capture_parse_tokens -S
    set -l unparsed_tokens (__kos-capture_tokens -pc)
    switch $unparsed_tokens[1]
    case 'kos-capture'
        __kos-capture_parse_subcommand 0 'version' 'h/help'
        switch $unparsed_tokens[1]
        case 'live'
            __kos-capture_parse_subcommand -r 1 'j/json' 'f/format=' 'q/quiet' 'v/verbose' 'o/output=' 't/timeout=' 'k/keep' 'only' 'strict' 'max-line=' 'summary' 'splay=' 'splay-fixed' 'lock=' 'lock-wait=' 'config=' 'no-config' 'print-config' 'color=' 'log-format=' 'records=' 'schema=' 'i/interface=+' 'duration=' 'c/count=' 'w/write=' 'rotate=' 'files=' 'Z/user=' 'print' 'decode' 'verify' 'keys=' 'gossip-keyring=' 'fields=' 'statistics=' 'B/buffer=' 's/snapshot=' 'strict-drops' 'latency' 'where=' 'version' 'h/help'
        case 'read'
            __kos-capture_parse_subcommand -r 1 'j/json' 'f/format=' 'q/quiet' 'v/verbose' 'o/output=' 't/timeout=' 'k/keep' 'only' 'strict' 'max-line=' 'summary' 'splay=' 'splay-fixed' 'lock=' 'lock-wait=' 'config=' 'no-config' 'print-config' 'color=' 'log-format=' 'records=' 'schema=' 'decode' 'filter=' 'where=' 'max-bytes=' 'verify' 'keys=' 'gossip-keyring=' 'c/count=' 'w/write=' 'fields=' 'dissect-with=' 'follow-packet=' 'merge' 'version' 'h/help'
        case 'count'
            __kos-capture_parse_subcommand -r 1 'j/json' 'f/format=' 'q/quiet' 'v/verbose' 'o/output=' 't/timeout=' 'k/keep' 'only' 'strict' 'max-line=' 'summary' 'splay=' 'splay-fixed' 'lock=' 'lock-wait=' 'config=' 'no-config' 'print-config' 'color=' 'log-format=' 'records=' 'schema=' 'filter=' 'where=' 'max-bytes=' 'version' 'h/help'
        case 'report'
            __kos-capture_parse_subcommand -r 1 'j/json' 'f/format=' 'q/quiet' 'v/verbose' 'o/output=' 't/timeout=' 'k/keep' 'only' 'strict' 'max-line=' 'summary' 'splay=' 'splay-fixed' 'lock=' 'lock-wait=' 'config=' 'no-config' 'print-config' 'color=' 'log-format=' 'records=' 'schema=' 'by=' 'interval=' 'every=' 'merge' 'filter=' 'where=' 'max-bytes=' 'verify' 'keys=' 'gossip-keyring=' 'version' 'h/help'
        case 'topology'
            __kos-capture_parse_subcommand -r 1 'j/json' 'f/format=' 'q/quiet' 'v/verbose' 'o/output=' 't/timeout=' 'k/keep' 'only' 'strict' 'max-line=' 'summary' 'splay=' 'splay-fixed' 'lock=' 'lock-wait=' 'config=' 'no-config' 'print-config' 'color=' 'log-format=' 'records=' 'schema=' 'filter=' 'where=' 'max-bytes=' 'verify' 'keys=' 'gossip-keyring=' 'version' 'h/help'
        case 'diff'
            __kos-capture_parse_subcommand -r 1 'j/json' 'f/format=' 'q/quiet' 'v/verbose' 'o/output=' 't/timeout=' 'k/keep' 'only' 'strict' 'max-line=' 'summary' 'splay=' 'splay-fixed' 'lock=' 'lock-wait=' 'config=' 'no-config' 'print-config' 'color=' 'log-format=' 'records=' 'schema=' 'key=' 'offset=' 'merge' 'follow-packet=' 'filter=' 'where=' 'max-bytes=' 'version' 'h/help'
        case 'help'
            __kos-capture_parse_subcommand -r 1 'version'
        end
    end
end

function __kos-capture_tokens
    if test (string split -m 1 -f 1 -- . "$FISH_VERSION") -gt 3
        commandline --tokens-raw $argv
    else
        commandline -o $argv
    end
end

function __kos-capture_parse_subcommand -S -a positional_count
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

function __kos-capture_complete_directories
    set -l token (commandline -t)
    string match -- '*/' $token
    set -l subdirs $token*/
    printf %s\n $subdirs
end

function __kos-capture_custom_completion
    set -x SAP_SHELL fish
    set -x SAP_SHELL_VERSION $FISH_VERSION
    set -l tokens (__kos-capture_tokens -p)
    if test -z "$(__kos-capture_tokens -t)"
        set -l index (count (__kos-capture_tokens -pc))
        set tokens $tokens[..$index] \'\' $tokens[(math $index + 1)..]
    end
    command $tokens[1] $argv $tokens
end

complete -c 'kos-capture' -f
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture" version' -l 'version' -d 'Show the version.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_positional "kos-capture" -eq 1' -fa 'live' -d 'Capture from interfaces until told to stop.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_positional "kos-capture" -eq 1' -fa 'read' -d 'Print the frames of captures as records.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_positional "kos-capture" -eq 1' -fa 'count' -d 'How many frames captures have, from when to when.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_positional "kos-capture" -eq 1' -fa 'report' -d 'Figures over captures: loss, latency, throughput.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_positional "kos-capture" -eq 1' -fa 'topology' -d 'Peers and links that a capture, or its records, show.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_positional "kos-capture" -eq 1' -fa 'diff' -d 'What differs between captures of the same traffic.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_positional "kos-capture" -eq 1' -fa 'help' -d 'Show subcommand help information.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture live" j json' -s 'j' -l 'json' -d 'JSON lines, also at a terminal (= -f ndjson).'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture live" f format' -s 'f' -l 'format' -d 'auto, ndjson or text.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture live" q quiet' -s 'q' -l 'quiet' -d 'No output on success: the exit status is the answer.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture live"' -s 'v' -l 'verbose' -d 'Notes on stderr; -vv protocol, -vvv octets.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture live" o output' -s 'o' -l 'output' -d 'Write here instead of stdout.' -rF
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture live" t timeout' -s 't' -l 'timeout' -d 'Time for the whole call.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture live" k keep' -s 'k' -l 'keep' -d 'Also repeat the records that were consumed.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture live" only' -l 'only' -d 'Drop every record that this tool did not make.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture live" strict' -l 'strict' -d 'Stop with status 4 at the first bad record.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture live" max-line' -l 'max-line' -d 'Longest input line.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture live" summary' -l 'summary' -d 'A summary record at the end.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture live" splay' -l 'splay' -d 'Start after a random time, at most this.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture live" splay-fixed' -l 'splay-fixed' -d 'The time of --splay is this machine\'s own, the same every time.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture live" lock' -l 'lock' -d 'Status 6 if another run holds this lock; --lock alone takes the tool\'s own.' -rF
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture live" lock-wait' -l 'lock-wait' -d 'Wait for the lock.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture live" config' -l 'config' -d 'Configuration of the user.' -rF
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture live" no-config' -l 'no-config' -d 'Read no configuration file.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture live" print-config' -l 'print-config' -d 'Show every option\'s value and where it came from.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture live" color' -l 'color' -d 'auto, always or never.' -rfka 'auto always never'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture live" log-format' -l 'log-format' -d 'Lines on stderr: text or json.' -rfka 'text json'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture live" records' -l 'records' -d 'Version of the record format: 1.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture live" schema' -l 'schema' -d 'JSON Schema of the records, or of one type.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture live"' -l 'interface' -s 'i' -d 'Interface; may be given again; any is all of them.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture live" duration' -l 'duration' -d 'End after this time.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture live" c count' -l 'count' -s 'c' -d 'End behind this many frames.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture live" w write' -l 'write' -s 'w' -d 'Write a capture.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture live" rotate' -l 'rotate' -d 'With -w, a new file after 10MB, 1h or 1000 frames.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture live" files' -l 'files' -d 'With --rotate, keep the last files only.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture live" Z user' -s 'Z' -l 'user' -d 'Become this user once all is open.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture live" print' -l 'print' -d 'With -w, records on stdout as well.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture live" decode' -l 'decode' -d 'Also print the kOS packets that the frames carry.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture live" verify' -l 'verify' -d 'Check the signatures of kOS packets (--decode does so always).'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture live" keys' -l 'keys' -d 'Nodes whose keys are known: ids one a line, or peer records.' -rF
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture live" gossip-keyring' -l 'gossip-keyring' -d 'Keys of gossip clusters: Serf\'s key ring, or one in base64 a line.' -rF
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture live" fields' -l 'fields' -d 'Only these members: timestamp,source,dns.id.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture live" statistics' -l 'statistics' -d 'A statistics record of each interface so often, and at the end.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture live" B buffer' -s 'B' -l 'buffer' -d 'Kernel buffer in MiB.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture live" s snapshot' -s 's' -l 'snapshot' -d 'Octets kept of a packet.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture live" strict-drops' -l 'strict-drops' -d 'Status 3 when packets were dropped.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture live" latency' -l 'latency' -d 'Each packet at once; keeps 2048 octets of a packet.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture live" where' -l 'where' -d 'Only frames of which this holds: proto=aodv.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture live" version' -l 'version' -d 'Show the version.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture live" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture read" j json' -s 'j' -l 'json' -d 'JSON lines, also at a terminal (= -f ndjson).'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture read" f format' -s 'f' -l 'format' -d 'auto, ndjson or text.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture read" q quiet' -s 'q' -l 'quiet' -d 'No output on success: the exit status is the answer.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture read"' -s 'v' -l 'verbose' -d 'Notes on stderr; -vv protocol, -vvv octets.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture read" o output' -s 'o' -l 'output' -d 'Write here instead of stdout.' -rF
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture read" t timeout' -s 't' -l 'timeout' -d 'Time for the whole call.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture read" k keep' -s 'k' -l 'keep' -d 'Also repeat the records that were consumed.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture read" only' -l 'only' -d 'Drop every record that this tool did not make.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture read" strict' -l 'strict' -d 'Stop with status 4 at the first bad record.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture read" max-line' -l 'max-line' -d 'Longest input line.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture read" summary' -l 'summary' -d 'A summary record at the end.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture read" splay' -l 'splay' -d 'Start after a random time, at most this.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture read" splay-fixed' -l 'splay-fixed' -d 'The time of --splay is this machine\'s own, the same every time.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture read" lock' -l 'lock' -d 'Status 6 if another run holds this lock; --lock alone takes the tool\'s own.' -rF
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture read" lock-wait' -l 'lock-wait' -d 'Wait for the lock.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture read" config' -l 'config' -d 'Configuration of the user.' -rF
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture read" no-config' -l 'no-config' -d 'Read no configuration file.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture read" print-config' -l 'print-config' -d 'Show every option\'s value and where it came from.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture read" color' -l 'color' -d 'auto, always or never.' -rfka 'auto always never'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture read" log-format' -l 'log-format' -d 'Lines on stderr: text or json.' -rfka 'text json'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture read" records' -l 'records' -d 'Version of the record format: 1.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture read" schema' -l 'schema' -d 'JSON Schema of the records, or of one type.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture read" decode' -l 'decode' -d 'Also print the kOS packets that the frames carry.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture read" filter' -l 'filter' -d 'Only frames that pass (pcap-filter(7)).' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture read" where' -l 'where' -d 'Only frames of which this holds: proto=aodv and src=n3.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture read" max-bytes' -l 'max-bytes' -d 'Read so much of a capture at most, after decompression: 100MB.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture read" verify' -l 'verify' -d 'Check the signatures of kOS packets (--decode does so always).'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture read" keys' -l 'keys' -d 'Nodes whose keys are known: ids one a line, or peer records.' -rF
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture read" gossip-keyring' -l 'gossip-keyring' -d 'Keys of gossip clusters: Serf\'s key ring, or one in base64 a line.' -rF
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture read" c count' -l 'count' -s 'c' -d 'Stop behind this many frames.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture read" w write' -l 'write' -s 'w' -d 'Copy the frames to a capture.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture read" fields' -l 'fields' -d 'Only these members: timestamp,source,dns.id.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture read" dissect-with' -l 'dissect-with' -d 'What tells of unknown protocols: tshark.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture read" follow-packet' -l 'follow-packet' -d 'Only the frames of this kOS packet, and its path at the end.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture read" merge' -l 'merge' -d 'All captures as one, in the order of time.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture read" version' -l 'version' -d 'Show the version.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture read" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture count" j json' -s 'j' -l 'json' -d 'JSON lines, also at a terminal (= -f ndjson).'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture count" f format' -s 'f' -l 'format' -d 'auto, ndjson or text.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture count" q quiet' -s 'q' -l 'quiet' -d 'No output on success: the exit status is the answer.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture count"' -s 'v' -l 'verbose' -d 'Notes on stderr; -vv protocol, -vvv octets.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture count" o output' -s 'o' -l 'output' -d 'Write here instead of stdout.' -rF
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture count" t timeout' -s 't' -l 'timeout' -d 'Time for the whole call.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture count" k keep' -s 'k' -l 'keep' -d 'Also repeat the records that were consumed.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture count" only' -l 'only' -d 'Drop every record that this tool did not make.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture count" strict' -l 'strict' -d 'Stop with status 4 at the first bad record.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture count" max-line' -l 'max-line' -d 'Longest input line.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture count" summary' -l 'summary' -d 'A summary record at the end.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture count" splay' -l 'splay' -d 'Start after a random time, at most this.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture count" splay-fixed' -l 'splay-fixed' -d 'The time of --splay is this machine\'s own, the same every time.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture count" lock' -l 'lock' -d 'Status 6 if another run holds this lock; --lock alone takes the tool\'s own.' -rF
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture count" lock-wait' -l 'lock-wait' -d 'Wait for the lock.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture count" config' -l 'config' -d 'Configuration of the user.' -rF
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture count" no-config' -l 'no-config' -d 'Read no configuration file.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture count" print-config' -l 'print-config' -d 'Show every option\'s value and where it came from.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture count" color' -l 'color' -d 'auto, always or never.' -rfka 'auto always never'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture count" log-format' -l 'log-format' -d 'Lines on stderr: text or json.' -rfka 'text json'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture count" records' -l 'records' -d 'Version of the record format: 1.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture count" schema' -l 'schema' -d 'JSON Schema of the records, or of one type.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture count" filter' -l 'filter' -d 'Only frames that pass (pcap-filter(7)).' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture count" where' -l 'where' -d 'Only frames of which this holds: proto=aodv and src=n3.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture count" max-bytes' -l 'max-bytes' -d 'Read so much of a capture at most, after decompression: 100MB.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture count" version' -l 'version' -d 'Show the version.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture count" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture report" j json' -s 'j' -l 'json' -d 'JSON lines, also at a terminal (= -f ndjson).'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture report" f format' -s 'f' -l 'format' -d 'auto, ndjson or text.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture report" q quiet' -s 'q' -l 'quiet' -d 'No output on success: the exit status is the answer.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture report"' -s 'v' -l 'verbose' -d 'Notes on stderr; -vv protocol, -vvv octets.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture report" o output' -s 'o' -l 'output' -d 'Write here instead of stdout.' -rF
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture report" t timeout' -s 't' -l 'timeout' -d 'Time for the whole call.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture report" k keep' -s 'k' -l 'keep' -d 'Also repeat the records that were consumed.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture report" only' -l 'only' -d 'Drop every record that this tool did not make.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture report" strict' -l 'strict' -d 'Stop with status 4 at the first bad record.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture report" max-line' -l 'max-line' -d 'Longest input line.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture report" summary' -l 'summary' -d 'A summary record at the end.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture report" splay' -l 'splay' -d 'Start after a random time, at most this.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture report" splay-fixed' -l 'splay-fixed' -d 'The time of --splay is this machine\'s own, the same every time.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture report" lock' -l 'lock' -d 'Status 6 if another run holds this lock; --lock alone takes the tool\'s own.' -rF
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture report" lock-wait' -l 'lock-wait' -d 'Wait for the lock.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture report" config' -l 'config' -d 'Configuration of the user.' -rF
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture report" no-config' -l 'no-config' -d 'Read no configuration file.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture report" print-config' -l 'print-config' -d 'Show every option\'s value and where it came from.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture report" color' -l 'color' -d 'auto, always or never.' -rfka 'auto always never'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture report" log-format' -l 'log-format' -d 'Lines on stderr: text or json.' -rfka 'text json'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture report" records' -l 'records' -d 'Version of the record format: 1.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture report" schema' -l 'schema' -d 'JSON Schema of the records, or of one type.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture report" by' -l 'by' -d 'total, flow, node, link, interval.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture report" interval' -l 'interval' -d 'Width of an interval.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture report" every' -l 'every' -d 'Records of the flows that live, each time this much of the capture has passed.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture report" merge' -l 'merge' -d 'One report over all captures, in the order of time.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture report" filter' -l 'filter' -d 'Only frames that pass (pcap-filter(7)).' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture report" where' -l 'where' -d 'Only frames of which this holds: proto=aodv and src=n3.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture report" max-bytes' -l 'max-bytes' -d 'Read so much of a capture at most, after decompression: 100MB.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture report" verify' -l 'verify' -d 'Check the signatures of kOS packets (--decode does so always).'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture report" keys' -l 'keys' -d 'Nodes whose keys are known: ids one a line, or peer records.' -rF
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture report" gossip-keyring' -l 'gossip-keyring' -d 'Keys of gossip clusters: Serf\'s key ring, or one in base64 a line.' -rF
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture report" version' -l 'version' -d 'Show the version.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture report" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture topology" j json' -s 'j' -l 'json' -d 'JSON lines, also at a terminal (= -f ndjson).'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture topology" f format' -s 'f' -l 'format' -d 'auto, ndjson or text.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture topology" q quiet' -s 'q' -l 'quiet' -d 'No output on success: the exit status is the answer.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture topology"' -s 'v' -l 'verbose' -d 'Notes on stderr; -vv protocol, -vvv octets.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture topology" o output' -s 'o' -l 'output' -d 'Write here instead of stdout.' -rF
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture topology" t timeout' -s 't' -l 'timeout' -d 'Time for the whole call.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture topology" k keep' -s 'k' -l 'keep' -d 'Also repeat the records that were consumed.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture topology" only' -l 'only' -d 'Drop every record that this tool did not make.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture topology" strict' -l 'strict' -d 'Stop with status 4 at the first bad record.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture topology" max-line' -l 'max-line' -d 'Longest input line.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture topology" summary' -l 'summary' -d 'A summary record at the end.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture topology" splay' -l 'splay' -d 'Start after a random time, at most this.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture topology" splay-fixed' -l 'splay-fixed' -d 'The time of --splay is this machine\'s own, the same every time.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture topology" lock' -l 'lock' -d 'Status 6 if another run holds this lock; --lock alone takes the tool\'s own.' -rF
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture topology" lock-wait' -l 'lock-wait' -d 'Wait for the lock.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture topology" config' -l 'config' -d 'Configuration of the user.' -rF
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture topology" no-config' -l 'no-config' -d 'Read no configuration file.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture topology" print-config' -l 'print-config' -d 'Show every option\'s value and where it came from.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture topology" color' -l 'color' -d 'auto, always or never.' -rfka 'auto always never'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture topology" log-format' -l 'log-format' -d 'Lines on stderr: text or json.' -rfka 'text json'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture topology" records' -l 'records' -d 'Version of the record format: 1.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture topology" schema' -l 'schema' -d 'JSON Schema of the records, or of one type.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture topology" filter' -l 'filter' -d 'Only frames that pass (pcap-filter(7)).' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture topology" where' -l 'where' -d 'Only frames of which this holds: proto=aodv and src=n3.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture topology" max-bytes' -l 'max-bytes' -d 'Read so much of a capture at most, after decompression: 100MB.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture topology" verify' -l 'verify' -d 'Check the signatures of kOS packets (--decode does so always).'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture topology" keys' -l 'keys' -d 'Nodes whose keys are known: ids one a line, or peer records.' -rF
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture topology" gossip-keyring' -l 'gossip-keyring' -d 'Keys of gossip clusters: Serf\'s key ring, or one in base64 a line.' -rF
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture topology" version' -l 'version' -d 'Show the version.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture topology" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture diff" j json' -s 'j' -l 'json' -d 'JSON lines, also at a terminal (= -f ndjson).'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture diff" f format' -s 'f' -l 'format' -d 'auto, ndjson or text.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture diff" q quiet' -s 'q' -l 'quiet' -d 'No output on success: the exit status is the answer.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture diff"' -s 'v' -l 'verbose' -d 'Notes on stderr; -vv protocol, -vvv octets.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture diff" o output' -s 'o' -l 'output' -d 'Write here instead of stdout.' -rF
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture diff" t timeout' -s 't' -l 'timeout' -d 'Time for the whole call.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture diff" k keep' -s 'k' -l 'keep' -d 'Also repeat the records that were consumed.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture diff" only' -l 'only' -d 'Drop every record that this tool did not make.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture diff" strict' -l 'strict' -d 'Stop with status 4 at the first bad record.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture diff" max-line' -l 'max-line' -d 'Longest input line.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture diff" summary' -l 'summary' -d 'A summary record at the end.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture diff" splay' -l 'splay' -d 'Start after a random time, at most this.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture diff" splay-fixed' -l 'splay-fixed' -d 'The time of --splay is this machine\'s own, the same every time.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture diff" lock' -l 'lock' -d 'Status 6 if another run holds this lock; --lock alone takes the tool\'s own.' -rF
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture diff" lock-wait' -l 'lock-wait' -d 'Wait for the lock.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture diff" config' -l 'config' -d 'Configuration of the user.' -rF
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture diff" no-config' -l 'no-config' -d 'Read no configuration file.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture diff" print-config' -l 'print-config' -d 'Show every option\'s value and where it came from.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture diff" color' -l 'color' -d 'auto, always or never.' -rfka 'auto always never'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture diff" log-format' -l 'log-format' -d 'Lines on stderr: text or json.' -rfka 'text json'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture diff" records' -l 'records' -d 'Version of the record format: 1.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture diff" schema' -l 'schema' -d 'JSON Schema of the records, or of one type.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture diff" key' -l 'key' -d 'id, hash or flow.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture diff" offset' -l 'offset' -d 'Second clock minus first, or auto.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture diff" merge' -l 'merge' -d 'Lay any number of captures over each other: hops, clocks, where packets were lost.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture diff" follow-packet' -l 'follow-packet' -d 'With --merge, the path of this packet alone.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture diff" filter' -l 'filter' -d 'Only frames that pass (pcap-filter(7)).' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture diff" where' -l 'where' -d 'Only frames of which this holds: proto=aodv and src=n3.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture diff" max-bytes' -l 'max-bytes' -d 'Read so much of a capture at most, after decompression: 100MB.' -rfka ''
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture diff" version' -l 'version' -d 'Show the version.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture diff" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'kos-capture' -n '__kos-capture_should_offer_completions_for_flags_or_options "kos-capture help" version' -l 'version' -d 'Show the version.'

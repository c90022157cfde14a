function __kos-route_should_offer_completions_for_flags_or_options -a expected_commands
    set -l non_repeating_flags_or_options $argv[2..]
    set -l non_repeating_flags_or_options_absent 0
    set -l positional_index 0
    set -l commands
    __kos-route_parse_tokens
    test "$commands" = "$expected_commands"; and return $non_repeating_flags_or_options_absent
end

function __kos-route_should_offer_completions_for_positional -a expected_commands positional_index_comparison expected_positional_index
    set -l non_repeating_flags_or_options
    set -l non_repeating_flags_or_options_absent 0
    set -l positional_index 0
    set -l commands
    __kos-route_parse_tokens
    test "$commands" = "$expected_commands" -a \( "$positional_index" "$positional_index_comparison" "$expected_positional_index" \)
end

function __kos-route_parse_tokens -S
    set -l unparsed_tokens (__kos-route_tokens -pc)
    switch $unparsed_tokens[1]
    case 'kos-route'
        __kos-route_parse_subcommand 1 'j/json' 'f/format=' 'q/quiet' 'v/verbose' 'o/output=' 't/timeout=' 'k/keep' 'only' 'strict' 'max-line=' 'summary' 'splay=' 'splay-fixed' 'lock=' 'lock-wait=' 'config=' 'no-config' 'print-config' 'color=' 'log-format=' 'records=' 'schema=' 'T/to=+' 'F/from=' 'a/algorithm=' 'M/metric=' 'c/count=' 'all' 'matrix' 'analyze' 'without=+' 'follow' 'min-gain=' 'expire=' 'prepare=' 'disjoint=' 'pareto' 'effort=' 'max-latency=' 'min-bandwidth=' 'min-reliability=' 'max-cost=' 'max-hops=' 'avoid=+' 'via=+' 'transport=+' 'multicast' 'weights=' 'version' 'h/help'
        switch $unparsed_tokens[1]
        case 'simulate'
            __kos-route_parse_subcommand 1 'j/json' 'f/format=' 'q/quiet' 'v/verbose' 'o/output=' 't/timeout=' 'k/keep' 'only' 'strict' 'max-line=' 'summary' 'splay=' 'splay-fixed' 'lock=' 'lock-wait=' 'config=' 'no-config' 'print-config' 'color=' 'log-format=' 'records=' 'schema=' 'a/algorithm=' 'compare' 'seed=' 'duration=' 'link-notice' 'pcap=' 'version' 'h/help'
        case 'help'
            __kos-route_parse_subcommand -r 1 'version'
        end
    end
end

function __kos-route_tokens
    if test (string split -m 1 -f 1 -- . "$FISH_VERSION") -gt 3
        commandline --tokens-raw $argv
    else
        commandline -o $argv
    end
end

function __kos-route_parse_subcommand -S -a positional_count
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

function __kos-route_complete_directories
    set -l token (commandline -t)
    string match -- '*/' $token
    set -l subdirs $token*/
    printf %s\n $subdirs
end

function __kos-route_custom_completion
    set -x SAP_SHELL fish
    set -x SAP_SHELL_VERSION $FISH_VERSION
    set -l tokens (__kos-route_tokens -p)
    if test -z "$(__kos-route_tokens -t)"
        set -l index (count (__kos-route_tokens -pc))
        set tokens $tokens[..$index] \'\' $tokens[(math $index + 1)..]
    end
    command $tokens[1] $argv $tokens
end

complete -c 'kos-route' -f
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route" j json' -s 'j' -l 'json' -d 'JSON lines, also at a terminal (= -f ndjson).'
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route" f format' -s 'f' -l 'format' -d 'auto, ndjson or text.' -rfka ''
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route" q quiet' -s 'q' -l 'quiet' -d 'No output on success: the exit status is the answer.'
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route"' -s 'v' -l 'verbose' -d 'Notes on stderr; -vv protocol, -vvv octets.'
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route" o output' -s 'o' -l 'output' -d 'Write here instead of stdout.' -rF
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route" t timeout' -s 't' -l 'timeout' -d 'Time for the whole call.' -rfka ''
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route" k keep' -s 'k' -l 'keep' -d 'Also repeat the records that were consumed.'
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route" only' -l 'only' -d 'Drop every record that this tool did not make.'
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route" strict' -l 'strict' -d 'Stop with status 4 at the first bad record.'
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route" max-line' -l 'max-line' -d 'Longest input line.' -rfka ''
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route" summary' -l 'summary' -d 'A summary record at the end.'
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route" splay' -l 'splay' -d 'Start after a random time, at most this.' -rfka ''
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route" splay-fixed' -l 'splay-fixed' -d 'The time of --splay is this machine\'s own, the same every time.'
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route" lock' -l 'lock' -d 'Status 6 if another run holds this lock; --lock alone takes the tool\'s own.' -rF
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route" lock-wait' -l 'lock-wait' -d 'Wait for the lock.' -rfka ''
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route" config' -l 'config' -d 'Configuration of the user.' -rF
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route" no-config' -l 'no-config' -d 'Read no configuration file.'
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route" print-config' -l 'print-config' -d 'Show every option\'s value and where it came from.'
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route" color' -l 'color' -d 'auto, always or never.' -rfka 'auto always never'
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route" log-format' -l 'log-format' -d 'Lines on stderr: text or json.' -rfka 'text json'
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route" records' -l 'records' -d 'Version of the record format: 1.' -rfka ''
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route" schema' -l 'schema' -d 'JSON Schema of the records, or of one type.' -rfka ''
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route"' -s 'T' -l 'to' -d 'Target; several give one answer each.' -rfka ''
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route" F from' -s 'F' -l 'from' -d 'Source; without it the peer that is marked self, else the first link\'s source.' -rfka ''
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route" a algorithm' -l 'algorithm' -s 'a' -d 'dijkstra, astar, bidirectional, qos, flooding, aodv, dsr, olsr, auto or all.' -rfka ''
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route" M metric' -s 'M' -l 'metric' -d 'weight, latency, reliability, bandwidth, hops, cost or score.' -rfka ''
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route" c count' -l 'count' -s 'c' -d 'Answers, the best first.' -rfka ''
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route" all' -l 'all' -d 'A route to every node.'
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route" matrix' -l 'matrix' -d 'The sum of the metric for every pair of nodes.'
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route" analyze' -l 'analyze' -d 'What the topology is like: parts, weak spots, extent.'
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route"' -l 'without' -d 'For --analyze: take a node, or a link A/B, away.' -rfka ''
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route" follow' -l 'follow' -d 'Answer again whenever a change on the input changes the answer.'
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route" min-gain' -l 'min-gain' -d 'With --follow: leave a route that holds only for one better by this share.' -rfka ''
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route" expire' -l 'expire' -d 'With --follow: a link not seen for so long is down.' -rfka ''
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route" prepare' -l 'prepare' -d 'Keep the loaded graph here; later calls take the file as operand.' -rfka ''
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route" disjoint' -l 'disjoint' -d 'Routes that share no links, or no nodes.' -rfka ''
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route" pareto' -l 'pareto' -d 'Every route that no other one beats in all respects.'
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route" effort' -l 'effort' -d 'Bound of an exact search\'s work.' -rfka ''
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route" max-latency' -l 'max-latency' -d 'Longest delay: 50ms, 2s.' -rfka ''
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route" min-bandwidth' -l 'min-bandwidth' -d 'Narrowest link in bit/s: 500k, 10M.' -rfka ''
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route" min-reliability' -l 'min-reliability' -d 'Least share delivered, 0 to 1.' -rfka ''
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route" max-cost' -l 'max-cost' -d 'Most that the links may cost.' -rfka ''
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route" max-hops' -l 'max-hops' -d 'Most links.' -rfka ''
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route"' -l 'avoid' -d 'Nodes or transports to keep away from.' -rfka ''
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route"' -l 'via' -d 'Nodes to pass.' -rfka ''
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route"' -l 'transport' -d 'Transports that may be used, comma between.' -rfka ''
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route" multicast' -l 'multicast' -d 'The packets are for many: for -a auto.'
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route" weights' -l 'weights' -d 'What counts how much: latency=.3,reliability=.3,bandwidth=.2,hops=.1,cost=.1' -rfka ''
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route" version' -l 'version' -d 'Show the version.'
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_positional "kos-route" -eq 1' -fa 'simulate' -d 'Run routing protocols in a simulated radio network, in virtual time.'
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_positional "kos-route" -eq 1' -fa 'help' -d 'Show subcommand help information.'
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route simulate" j json' -s 'j' -l 'json' -d 'JSON lines, also at a terminal (= -f ndjson).'
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route simulate" f format' -s 'f' -l 'format' -d 'auto, ndjson or text.' -rfka ''
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route simulate" q quiet' -s 'q' -l 'quiet' -d 'No output on success: the exit status is the answer.'
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route simulate"' -s 'v' -l 'verbose' -d 'Notes on stderr; -vv protocol, -vvv octets.'
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route simulate" o output' -s 'o' -l 'output' -d 'Write here instead of stdout.' -rF
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route simulate" t timeout' -s 't' -l 'timeout' -d 'Time for the whole call.' -rfka ''
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route simulate" k keep' -s 'k' -l 'keep' -d 'Also repeat the records that were consumed.'
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route simulate" only' -l 'only' -d 'Drop every record that this tool did not make.'
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route simulate" strict' -l 'strict' -d 'Stop with status 4 at the first bad record.'
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route simulate" max-line' -l 'max-line' -d 'Longest input line.' -rfka ''
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route simulate" summary' -l 'summary' -d 'A summary record at the end.'
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route simulate" splay' -l 'splay' -d 'Start after a random time, at most this.' -rfka ''
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route simulate" splay-fixed' -l 'splay-fixed' -d 'The time of --splay is this machine\'s own, the same every time.'
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route simulate" lock' -l 'lock' -d 'Status 6 if another run holds this lock; --lock alone takes the tool\'s own.' -rF
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route simulate" lock-wait' -l 'lock-wait' -d 'Wait for the lock.' -rfka ''
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route simulate" config' -l 'config' -d 'Configuration of the user.' -rF
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route simulate" no-config' -l 'no-config' -d 'Read no configuration file.'
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route simulate" print-config' -l 'print-config' -d 'Show every option\'s value and where it came from.'
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route simulate" color' -l 'color' -d 'auto, always or never.' -rfka 'auto always never'
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route simulate" log-format' -l 'log-format' -d 'Lines on stderr: text or json.' -rfka 'text json'
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route simulate" records' -l 'records' -d 'Version of the record format: 1.' -rfka ''
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route simulate" schema' -l 'schema' -d 'JSON Schema of the records, or of one type.' -rfka ''
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route simulate" a algorithm' -l 'algorithm' -s 'a' -d 'aodv, dsr, flooding or olsr; several with commas.' -rfka ''
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route simulate" compare' -l 'compare' -d 'All protocols, one after the other, on the same scenario.'
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route simulate" seed' -l 'seed' -d 'Instead of the scenario\'s.' -rfka ''
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route simulate" duration' -l 'duration' -d 'Instead of the scenario\'s.' -rfka ''
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route simulate" link-notice' -l 'link-notice' -d 'OLSR hears at once of links that broke, as the others do.'
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route simulate" pcap' -l 'pcap' -d 'Write what crosses the air, for one protocol.' -rF
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route simulate" version' -l 'version' -d 'Show the version.'
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route simulate" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'kos-route' -n '__kos-route_should_offer_completions_for_flags_or_options "kos-route help" version' -l 'version' -d 'Show the version.'

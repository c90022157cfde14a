function __kos-send_should_offer_completions_for_flags_or_options -a expected_commands
    set -l non_repeating_flags_or_options $argv[2..]
    set -l non_repeating_flags_or_options_absent 0
    set -l positional_index 0
    set -l commands
    __kos-send_parse_tokens
    test "$commands" = "$expected_commands"; and return $non_repeating_flags_or_options_absent
end

function __kos-send_should_offer_completions_for_positional -a expected_commands positional_index_comparison expected_positional_index
    set -l non_repeating_flags_or_options
    set -l non_repeating_flags_or_options_absent 0
    set -l positional_index 0
    set -l commands
    __kos-send_parse_tokens
    test "$commands" = "$expected_commands" -a \( "$positional_index" "$positional_index_comparison" "$expected_positional_index" \)
end

function __kos-send_parse_tokens -S
    set -l unparsed_tokens (__kos-send_tokens -pc)
    switch $unparsed_tokens[1]
    case 'kos-send'
        __kos-send_parse_subcommand 1 'j/json' 'f/format=' 'q/quiet' 'v/verbose' 'o/output=' 't/timeout=' 'k/keep' 'only' 'strict' 'max-line=' 'summary' 'splay=' 'splay-fixed' 'lock=' 'lock-wait=' 'config=' 'no-config' 'print-config' 'color=' 'log-format=' 'records=' 'schema=' 'T/to=' 'connect=+' 'key-file=' 'priority=' 'ttl=' 'option=+' 'ack' 'no-ack' 'retry=' 'reply' 'seal' 'no-seal' 'insecure' 'file=' 'raw=' 'lines' 'n/dry-run' 'repeat=' 'rate=' 'spool=' 'connect-timeout=' '4/ipv4' '6/ipv6' 'local-addr=' 'header=+' 'proxy=' 'ca=' 'cert=' 'cert-key=' 'listen=+' 'echo' 'probe' 'trace' 'c/count=' 'interval=' 'size=' 'max-hops=' 'max-loss=' 'version' 'h/help'
        switch $unparsed_tokens[1]
        case 'help'
            __kos-send_parse_subcommand -r 1 'version'
        end
    end
end

function __kos-send_tokens
    if test (string split -m 1 -f 1 -- . "$FISH_VERSION") -gt 3
        commandline --tokens-raw $argv
    else
        commandline -o $argv
    end
end

function __kos-send_parse_subcommand -S -a positional_count
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

function __kos-send_complete_directories
    set -l token (commandline -t)
    string match -- '*/' $token
    set -l subdirs $token*/
    printf %s\n $subdirs
end

function __kos-send_custom_completion
    set -x SAP_SHELL fish
    set -x SAP_SHELL_VERSION $FISH_VERSION
    set -l tokens (__kos-send_tokens -p)
    if test -z "$(__kos-send_tokens -t)"
        set -l index (count (__kos-send_tokens -pc))
        set tokens $tokens[..$index] \'\' $tokens[(math $index + 1)..]
    end
    command $tokens[1] $argv $tokens
end

complete -c 'kos-send' -f
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send" j json' -s 'j' -l 'json' -d 'JSON lines, also at a terminal (= -f ndjson).'
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send" f format' -s 'f' -l 'format' -d 'auto, ndjson or text.' -rfka ''
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send" q quiet' -s 'q' -l 'quiet' -d 'No output on success: the exit status is the answer.'
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send"' -s 'v' -l 'verbose' -d 'Notes on stderr; -vv protocol, -vvv octets.'
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send" o output' -s 'o' -l 'output' -d 'Write here instead of stdout.' -rF
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send" t timeout' -s 't' -l 'timeout' -d 'Time for the whole call.' -rfka ''
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send" k keep' -s 'k' -l 'keep' -d 'Also repeat the records that were consumed.'
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send" only' -l 'only' -d 'Drop every record that this tool did not make.'
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send" strict' -l 'strict' -d 'Stop with status 4 at the first bad record.'
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send" max-line' -l 'max-line' -d 'Longest input line.' -rfka ''
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send" summary' -l 'summary' -d 'A summary record at the end.'
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send" splay' -l 'splay' -d 'Start after a random time, at most this.' -rfka ''
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send" splay-fixed' -l 'splay-fixed' -d 'The time of --splay is this machine\'s own, the same every time.'
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send" lock' -l 'lock' -d 'Status 6 if another run holds this lock; --lock alone takes the tool\'s own.' -rF
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send" lock-wait' -l 'lock-wait' -d 'Wait for the lock.' -rfka ''
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send" config' -l 'config' -d 'Configuration of the user.' -rF
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send" no-config' -l 'no-config' -d 'Read no configuration file.'
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send" print-config' -l 'print-config' -d 'Show every option\'s value and where it came from.'
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send" color' -l 'color' -d 'auto, always or never.' -rfka 'auto always never'
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send" log-format' -l 'log-format' -d 'Lines on stderr: text or json.' -rfka 'text json'
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send" records' -l 'records' -d 'Version of the record format: 1.' -rfka ''
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send" schema' -l 'schema' -d 'JSON Schema of the records, or of one type.' -rfka ''
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send" T to' -s 'T' -l 'to' -d 'Node id, name, or URI; URIs with commas between them, the best one first.' -rfka '(kos-discover --cached -j 2>/dev/null | sed -n \'s/.*"nodeId":"\\([^"]*\\)".*/\\1/p\')'
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send"' -l 'connect' -d 'Relays through which to reach the mesh; the first that answers is taken.' -rfka ''
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send" key-file' -l 'key-file' -d 'Private key; by default the one of this user, made when needed.' -rfka ''
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send" priority' -l 'priority' -d '0 most urgent to 7.' -rfka ''
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send" ttl' -l 'ttl' -d 'Links that the packet may cross.' -rfka ''
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send"' -l 'option' -d 'An option of the packet.' -rfka ''
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send" ack' -l 'ack' -d 'Wait for the destination\'s signed receipt.'
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send" no-ack' -l 'no-ack' -d 'Wait for the destination\'s signed receipt.'
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send" retry' -l 'retry' -d 'Tries after the first one.' -rfka ''
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send" reply' -l 'reply' -d 'Print the packets that come back as answers.'
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send" seal' -l 'seal' -d 'Seal payloads to the recipient (without it: where its key is known).'
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send" no-seal' -l 'no-seal' -d 'Seal payloads to the recipient (without it: where its key is known).'
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send" insecure' -l 'insecure' -d 'Take neighbours and packets without signatures.'
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send" file' -l 'file' -d 'Send the contents of a file as one packet.' -rfka ''
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send" raw' -l 'raw' -d 'Send standard input (-) as one packet.' -rfka ''
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send" lines' -l 'lines' -d 'Send each line of standard input as one packet.'
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send" dry-run n' -s 'n' -l 'dry-run' -d 'Print the packet and the route that would be used.'
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send" repeat' -l 'repeat' -d 'Send the text or file so many times.' -rfka ''
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send" rate' -l 'rate' -d 'Packets a second, at most.' -rfka ''
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send" spool' -l 'spool' -d 'Packets wait here until they are delivered; the next run goes on with them.' -rF
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send" connect-timeout' -l 'connect-timeout' -d 'Time for one connection to be made.' -rfka ''
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send" 4 ipv4' -s '4' -l 'ipv4' -d 'Names mean IPv4 addresses only.'
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send" 6 ipv6' -s '6' -l 'ipv6' -d 'Names mean IPv6 addresses only.'
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send" local-addr' -l 'local-addr' -d 'Address of this machine to connect from.' -rfka ''
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send"' -l 'header' -d 'A line for the head of HTTP requests.' -rfka ''
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send" proxy' -l 'proxy' -d 'Connect through it: http://host:port (CONNECT) or socks5://host:port.' -rfka ''
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send" ca' -l 'ca' -d 'Believe TLS certificates of these authorities (PEM; default: the system\'s).' -rfka ''
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send" cert' -l 'cert' -d 'Show this certificate in TLS (PEM, with its key).' -rfka ''
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send" cert-key' -l 'cert-key' -d 'Key of the certificate, where it is in no file with it.' -rfka ''
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send"' -l 'listen' -d 'Listen, and print the packets that come (-c: so many) until told to stop.' -rfka ''
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send" echo' -l 'echo' -d 'With --listen or -T URI: send back what comes, octet for octet.'
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send" probe' -l 'probe' -d 'Send probes and tell each one\'s round trip.'
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send" trace' -l 'trace' -d 'Tell each node on the way, as it answers.'
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send" c count' -s 'c' -l 'count' -d 'How many probes, or probes a hop.' -rfka ''
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send" interval' -l 'interval' -d 'Time between probes (1s), or between packets (none).' -rfka ''
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send" size' -l 'size' -d 'Octets of a probe\'s payload (32); without a text, of a packet\'s.' -rfka ''
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send" max-hops' -l 'max-hops' -d 'Hops that a trace looks at.' -rfka ''
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send" max-loss' -l 'max-loss' -d 'Loss from which on a probe\'s answer is no, 0 to 1.' -rfka ''
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send" version' -l 'version' -d 'Show the version.'
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_positional "kos-send" -eq 1' -fa 'help' -d 'Show subcommand help information.'
complete -c 'kos-send' -n '__kos-send_should_offer_completions_for_flags_or_options "kos-send help" version' -l 'version' -d 'Show the version.'

#!/usr/bin/env bats
# `ashlar compare`: measures what it says, in pairs, and proves what it claims.
# shellcheck disable=SC2016 # what stands in single quotes is for the inner shell

load support

# Runs a comparison into r.json without the installed peers, which other tests bring in.
compare() {
    ashlar compare --with "" --json r.json "$@"
}

# A value of r.json.
value() {
    jq -r "$1" r.json
}

# The member of r.json's allocators that is called $1: the path $2 in it.
of() {
    jq -r --arg name "$1" '.allocators[] | select(.name == $name) | '"$2" r.json
}

@test "compare_writes_json_of_the_documented_schema" {
    need jq
    run -0 compare -n 3 -- true
    [ "$(value .schema)" = ashlar-compare/1 ]
    [ "$(value .rounds)" = 3 ]
    [ "$(value '.command | join(" ")')" = true ]
    [ "$(value .reference)" = glibc ]
    [ "$(value '[.allocators[].name] | join(" ")')" = "glibc ashlar" ]
    [ "$(value '[.allocators[].samples | length] | join(" ")')" = "3 3" ]
    jq -e '.environment | .date and .kernel and .cpu and .libc and .system' r.json
    jq -e '.allocators[] | .summary | keys == ["cpu_s","page_faults","peak_rss_bytes","wall_s"]' \
        r.json
    jq -e '.allocators[].summary[] | .min <= .median and .median <= .max' r.json
    jq -e '.allocators[0].summary[] | .ratio == 1' r.json
}

@test "compare_documents_every_key_that_it_writes" {
    need jq
    compare -n 1 -- true
    readme=$BATS_TEST_DIRNAME/../../tools/ashlar/README.md
    for key in $(jq -r '[paths | .[] | strings] | unique | .[]' r.json); do
        grep -q "[.\`]$key\`" "$readme" || fail_with "README.md does not document $key"
    done
}

@test "compare_measures_memory_and_faults" {
    need jq
    compare -n 2 -- "$TOOL_HELPERS/work" memory 64
    for name in glibc ashlar; do
        jq -e --arg name "$name" '.allocators[] | select(.name == $name) | .summary |
            .peak_rss_bytes.median > 64 * 1048576 and .peak_rss_bytes.median < 90 * 1048576 and
            .page_faults.median > 30' r.json
    done
}

@test "compare_measures_cpu_and_wall_time_apart" {
    need jq
    compare -n 1 -- "$TOOL_HELPERS/work" processor 150
    jq -e '.allocators[] | .summary | .cpu_s.median >= 0.15 and .wall_s.median >= 0.15' r.json
    compare -n 1 -- sleep 0.3
    jq -e '.allocators[] | .summary | .cpu_s.median < 0.2 and .wall_s.median >= 0.3' r.json
}

@test "compare_counts_the_whole_tree" {
    need jq
    work=$TOOL_HELPERS/work
    compare -n 1 -- sh -c "'$work' memory 40; '$work' processor 100; exit 0"
    jq -e '.allocators[] | .summary | .cpu_s.median >= 0.1 and
        .peak_rss_bytes.median > 40 * 1048576 and .peak_rss_bytes.median < 70 * 1048576' r.json
}

@test "compare_interleaves_and_rotates_the_order" {
    run -0 ashlar compare -n 2 --with "" --progress --proof none -- true
    order=$(printf '%s\n' "$output" | sed -n 's/^\[.*\] //p' | tr '\n' ';')
    expected="warm-up: glibc;warm-up: ashlar;round 1 of 2: glibc;round 1 of 2: ashlar;"
    expected="${expected}round 2 of 2: ashlar;round 2 of 2: glibc;"
    [ "$order" = "$expected" ]
}

@test "compare_brings_in_every_allocator_installed" {
    need jq
    ashlar compare -n 1 --json r.json -- true
    for pair in mimalloc:libmimalloc.so.2 jemalloc:libjemalloc.so.2 \
        tcmalloc:libtcmalloc_minimal.so.4; do
        if [ -n "$(find /usr/lib -name "${pair#*:}" | head -n 1)" ]; then
            [ "$(of "${pair%%:*}" .proof.active)" = 1 ]
        fi
    done
    ashlar compare -n 1 --without mi,jemalloc,tc --json r.json -- true
    [ "$(value '[.allocators[].name] | join(" ")')" = "glibc ashlar" ]
}

@test "compare_proves_use_in_every_process" {
    need jq
    run -0 compare -n 1 -- sh -c '/bin/true; /bin/true; exit 0'
    says "active in 3 of 3 processes"
    [ "$(of ashlar '.proof | "\(.method) \(.active)/\(.processes)"')" = "ptrace 3/3" ]
    [ "$(of glibc '.proof | "\(.active)/\(.processes)"')" = 3/3 ]
}

@test "compare_counts_a_process_once_however_many_threads_or_execs" {
    need jq
    compare -n 1 -- "$TOOL_HELPERS/work" threads 20
    [ "$(of ashlar '.proof | "\(.active)/\(.processes)"')" = 1/1 ]
    compare -n 1 -- "$TOOL_HELPERS/work" leaderless
    [ "$(of ashlar '.proof | "\(.active)/\(.processes)"')" = 1/1 ]
    compare -n 1 -- env -- sh -c 'exec env -- true'
    [ "$(of ashlar '.proof | "\(.active)/\(.processes)"')" = 1/1 ]
}

@test "compare_says_so_when_the_program_is_static" {
    need jq
    run -0 compare -n 1 -- "$TOOL_HELPERS/work_static" last_words
    says "ashlar was NOT in use: active in 0 of 1 processes"
    says "statically linked"
    [ "$(of ashlar .proof.static)" = 1 ]
}

@test "compare_says_so_when_some_processes_are_static" {
    need jq
    run -0 compare -n 1 -- sh -c "'$TOOL_HELPERS/work_static' last_words; exit 0"
    says "active in 1 of 2 processes"
    says "1 of 2 processes did not use it: statically linked"
    says "$TOOL_HELPERS/work_static"
}

@test "compare_is_not_taken_in_by_a_library_that_is_only_mapped" {
    empty_library libashlar.so
    run -0 compare -n 1 --lib ./libashlar.so -- true
    says "ashlar was NOT in use: active in 0 of 1 processes"
}

@test "compare_is_not_taken_in_by_an_environment_that_drops_the_preload" {
    run -0 compare -n 1 -- env -u LD_PRELOAD sh -c '/bin/true; exit 0'
    says "NOT in use"
}

@test "compare_reports_a_changed_exit_status_as_failed" {
    need jq
    empty_library planted.so
    run -1 compare -n 2 --with planted="$PWD/planted.so" --html r.html -- \
        "$TOOL_HELPERS/work" last_words
    says "FAILED"
    says "exit status 3 instead of 0"
    says 'the planted "failure"'
    [ "$(value .failed)" = true ]
    [ "$(of planted '.failed, .status, .last_words' | tr '\n' ' ')" = \
        'true 3 the planted "failure" ' ]
    [ "$(of ashlar .failed)" = false ]
    grep -q 'FAILED' r.html
}

@test "compare_takes_a_status_that_all_share" {
    need jq
    run -0 compare -n 1 -- sh -c 'exit 4'
    says "exit status is 4"
    [ "$(value .expected_status)" = 4 ]
    run -0 compare -n 1 -- "$TOOL_HELPERS/work" killed
    [ "$(value .expected_status)" = 137 ]
}

@test "compare_gives_the_status_of_env_for_what_cannot_run" {
    run -127 ashlar compare -- no-such-command-here
    echo hello >plain
    run -126 ashlar compare -- ./plain
    run -125 ashlar compare --lib ./nowhere.so -- true
}

@test "compare_falls_back_when_ptrace_is_refused" {
    need jq
    run -0 "$TOOL_HELPERS/deny_ptrace" "$ASHLAR_BIN" compare -n 1 --with "" --json r.json \
        -- sleep 0.3
    says "ptrace was refused"
    says "active in 1 of 1 process seen"
    [ "$(of ashlar .proof.method)" = sample ]
    run -0 "$TOOL_HELPERS/deny_ptrace" "$ASHLAR_BIN" compare -n 1 --with "" --json r.json \
        --lib "$TOOL_HELPERS/libempty.so" -- sleep 0.3
    says "NOT in use: active in 0 of 1 process"
}

@test "compare_says_not_checked_when_told_not_to_check" {
    run -0 compare -n 1 --proof none -- true
    says "was not checked"
}

@test "compare_does_not_wait_for_what_the_command_leaves_behind" {
    need jq
    SECONDS=0
    run -0 compare -n 1 --proof ptrace -- \
        sh -c 'sleep 30 >/dev/null 2>&1 & echo $! >>pids; exit 0'
    [ "$SECONDS" -lt 20 ]
    says "outlived the command"
    while read -r pid; do
        [ "$(cat "/proc/$pid/comm" 2>/dev/null)" != sleep ] || kill "$pid" || true
    done <pids
}

@test "compare_hides_the_commands_output_unless_asked" {
    run -0 compare -n 1 -- sh -c 'echo the output; echo the errors >&2'
    [ "$(printf '%s\n' "$output" | grep -c '^the output$')" = 0 ]
    run -0 compare -n 1 --show-output -- sh -c 'echo "the output"; echo "the errors" >&2'
    [ "$(printf '%s\n' "$output" | grep -c '^the output$')" = 6 ]
}

@test "compare_rewinds_a_file_on_stdin_for_every_run" {
    printf 'one\ntwo\n' >input
    run -0 compare -n 2 -- sh -c 'test "$(wc -l)" = 2' <input
    says_not "exit status"
}

@test "compare_escapes_what_the_command_line_has" {
    need jq
    word=$(printf 'q"b\\n\nt\t</script><b>&\001')
    compare -n 1 --html r.html -- true "$word" "$(printf '\377')" "ümlaut"
    [ "$(value '.command[1]')" = "$word" ]
    [ "$(value '.command[2]')" = "$(printf '\357\277\275')" ]
    [ "$(value '.command[3]')" = "ümlaut" ]
    [ "$(grep -c '</script>' r.html)" = 1 ]
    run ! grep -q '<b>&' r.html
}

@test "compare_keeps_to_80_columns" {
    compare -n 2 -- true "a long argument that goes on and on and on" \
        "another long argument of it" >table
    [ "$(LC_ALL=C.UTF-8 wc -L <table)" -le 80 ]
}

@test "compare_can_write_json_to_stdout_alone" {
    need jq
    ashlar compare -n 1 --with "" --json - -- true | jq -e '.schema == "ashlar-compare/1"'
}

@test "compare_says_plainly_when_ashlar_loses" {
    # As ashlar's library one that brings 40 MiB of its own: the loss must be in the sentence.
    run -0 compare -n 3 --lib "$TOOL_HELPERS/libfat.so" -- true
    says "Here ashlar loses on"
    says "active in 1 of 1 process"
}

@test "compare_does_not_call_noise_a_result" {
    need jq
    compare -n 4 --without ashlar --with same="$ASHLAR_LIBRARY",again="$ASHLAR_LIBRARY" -- true
    jq -e '.allocators[].summary[] | if .outcome == "better" then .ratio_max < 1
        elif .outcome == "worse" then .ratio_min > 1
        else .outcome == "same" end' r.json
}

#!/usr/bin/env bats
# `ashlar check`: who serves malloc in a process, and whether a preload would work.

load support

teardown() {
    [ -z "${child:-}" ] || kill "$child" 2>/dev/null || true
}

# Starts a process with a library preloaded ("" for none), and waits until it has settled.
start() {
    LD_PRELOAD=$1 sleep 60 3>&- &
    child=$!
    for _ in $(seq 100); do
        grep -q 'pipe\|nanosleep\|sleep' "/proc/$child/wchan" 2>/dev/null && break
        [ "$(readlink "/proc/$child/exe")" != "$(readlink "/proc/$$/exe")" ] && sleep 0.1 && break
        sleep 0.02
    done
}

@test "check_says_that_a_process_uses_ashlar" {
    start "$ASHLAR_LIBRARY"
    run -0 ashlar check "$child"
    says "ashlar is in use"
    says "loader's own list"
}

@test "check_says_that_a_process_uses_glibc" {
    start ""
    run -1 ashlar check "$child"
    says "malloc is glibc's"
    says "Next:"
}

@test "check_names_the_peers" {
    found=0
    for pair in mimalloc:libmimalloc.so.2 jemalloc:libjemalloc.so.2 \
        tcmalloc:libtcmalloc_minimal.so.4; do
        library=$(find /usr/lib /lib -name "${pair#*:}" 2>/dev/null | head -n 1)
        [ -n "$library" ] || continue
        start "$library"
        run -1 ashlar check "$child"
        kill "$child"
        says "malloc is ${pair%%:*}'s"
        found=$((found + 1))
    done
    [ "$found" -gt 0 ] || need libmimalloc.so.2
}

@test "check_goes_by_the_order_of_resolution" {
    peer=$(find /usr/lib /lib -name libjemalloc.so.2 2>/dev/null | head -n 1)
    [ -n "$peer" ] || need libjemalloc.so.2
    start "$peer:$ASHLAR_LIBRARY"
    run -1 ashlar check "$child"
    kill "$child"
    says "malloc is jemalloc's"
    says "another malloc comes before it"
    start "$ASHLAR_LIBRARY:$peer"
    run -0 ashlar check "$child"
}

@test "check_is_not_taken_in_by_a_library_that_is_only_mapped" {
    empty_library libashlar.so
    start "$PWD/libashlar.so"
    run -1 ashlar check "$child"
    says "ashlar is not in use"
    says "malloc is glibc's"
    says "$PWD/libashlar.so is loaded too"
}

@test "check_goes_by_the_maps_when_it_may_not_read_the_process" {
    start "$ASHLAR_LIBRARY"
    run -0 "$TOOL_HELPERS/deny_ptrace" "$ASHLAR_BIN" check "$child"
    kill "$child"
    says "ashlar is in use"
    says "the order is a guess"
    start ""
    run -1 "$TOOL_HELPERS/deny_ptrace" "$ASHLAR_BIN" check "$child"
    says "malloc is glibc's"
}

@test "check_guesses_the_order_of_several_preloaded" {
    peer=$(find /usr/lib /lib -name libjemalloc.so.2 2>/dev/null | head -n 1)
    [ -n "$peer" ] || need libjemalloc.so.2
    ln -s "$ASHLAR_LIBRARY" linked.so
    start "$peer:$PWD/linked.so"
    run -1 "$TOOL_HELPERS/deny_ptrace" "$ASHLAR_BIN" check "$child"
    kill "$child"
    says "malloc is jemalloc's"
    start "$PWD/linked.so:$peer"
    run -0 "$TOOL_HELPERS/deny_ptrace" "$ASHLAR_BIN" check "$child"
}

@test "check_knows_a_static_process" {
    cp "$TOOL_HELPERS/work_static" lasting
    ./lasting processor 20000 3>&- &
    child=$!
    sleep 0.2
    run -1 ashlar check "$child"
    says "statically linked; its allocator: glibc"
}

@test "check_looks_into_32_bit_processes" {
    case $(uname -m) in x86_64) ;; *) skip "only x86-64 has i386 beside it" ;; esac
    echo 'int sleep(int); int main(void) { return sleep(60); }' >narrow.c
    cc -m32 -o narrow narrow.c 2>/dev/null || need "cc -m32"
    ./narrow 3>&- &
    child=$!
    sleep 0.2
    run -1 ashlar check "$child"
    says "malloc is glibc's"
    says "loader's own list"
}

@test "check_cannot_tell_about_a_process_that_is_gone" {
    run -125 ashlar check 999999999
    says "ps -e"
}

@test "check_says_that_a_command_would_work" {
    run -0 ashlar check true
    says "ashlar would work"
    says "Next: ashlar run -- true"
}

@test "check_takes_a_file_of_this_directory" {
    cp "$(type -P true)" my-own-program
    run -0 ashlar check my-own-program
    run -0 ashlar check ./my-own-program
}

@test "check_says_why_a_command_would_not_work" {
    run -1 ashlar check "$TOOL_HELPERS/work_static"
    says "statically linked"
    says "to fix:"
    run -1 ashlar check "$TOOL_HELPERS/own_malloc"
    says "its own malloc"
}

@test "check_gives_the_status_of_env_for_what_cannot_run" {
    run -127 ashlar check no-such-command-here
    echo hello >plain
    run -126 ashlar check ./plain
    run -126 ashlar check "$ASHLAR_LIBRARY"
    says "shared library, not a program"
}

@test "check_notes_the_interpreter_of_a_script" {
    printf '#!/bin/sh\n' >script
    chmod +x script
    run -0 ashlar check ./script
    says "it is a script, run by /bin/sh"
}

@test "check_notes_an_allocator_that_the_program_is_linked_with" {
    peer=$(find /usr/lib /lib -name libjemalloc.so.2 2>/dev/null | head -n 1)
    [ -n "$peer" ] || need libjemalloc.so.2
    echo 'int main(void) { return 0; }' >linked.c
    cc -o linked linked.c -Wl,--no-as-needed "$peer"
    run -0 ashlar check ./linked
    says "is linked with libjemalloc.so.2 (jemalloc)"
}

@test "check_notes_file_capabilities" {
    if ! command -v setcap >/dev/null || [ "$(id -u)" != 0 ]; then
        skip "needs setcap and root"
    fi
    cp "$(type -P true)" capable
    setcap cap_net_raw+ep capable
    run -0 ashlar check ./capable
    says "file capabilities"
    chmod a+rx . capable
    if setpriv --reuid 65534 --clear-groups test -x "$ASHLAR_BIN" -a -r "$ASHLAR_LIBRARY" -a -x \
        "$PWD/capable"; then
        run -1 setpriv --reuid 65534 --clear-groups "$ASHLAR_BIN" check "$PWD/capable"
        says "given file capabilities"
    fi
}
